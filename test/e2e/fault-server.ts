import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong with one answer. Byte counts are counted in the body of that answer. */
export type Fault =
  /** The connection is cut after so many bytes. */
  | { readonly kind: 'drop'; readonly after: number }
  /** Nothing comes after so many bytes, and the connection stays open. */
  | { readonly kind: 'stall'; readonly after: number }
  /** The body ends early, and neither Content-Length nor an error says so. */
  | { readonly kind: 'truncate'; readonly after: number }
  /** One byte of the file is another one. */
  | { readonly kind: 'corrupt'; readonly at: number }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  /** A web page instead of the file, as a single-page host answers for what it doesn't have. */
  | { readonly kind: 'html'; readonly type: string }
  | { readonly kind: 'replace'; readonly body: string };

/** How the server behaves throughout. */
export interface Manners {
  range: boolean;
  contentLength: boolean;
  cors: boolean;
  /** Bytes a second for one answer; 0 for no limit. */
  rate: number;
}

export interface Answer {
  readonly path: string;
  /** First byte asked for with Range, or undefined. */
  readonly from: number | undefined;
  readonly at: number;
  status: number;
  bytes: number;
}

/** A static file server that misbehaves on demand and keeps a log of every byte it sent. */
export class FaultServer {
  readonly files = new Map<string, Buffer>();
  readonly answers: Answer[] = [];
  manners: Manners = { range: true, contentLength: true, cors: true, rate: 0 };
  readonly #faults = new Map<string, Fault[]>();
  readonly #always = new Map<string, Fault>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => {
        response.destroy();
      });
    });
  }

  static async start(port = 0): Promise<FaultServer> {
    const server = new FaultServer();
    await new Promise<void>((resolve) => {
      server.#server.listen(port, '127.0.0.1', resolve);
    });
    return server;
  }

  /** Address without a slash at its end. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Serves every file below a folder of the disk, under `prefix` ("" or "name/"). */
  addFolder(folder: string, prefix = ''): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      this.files.set(`/${prefix}${relative(folder, path).split(sep).join('/')}`, readFileSync(path));
    }
  }

  /** The next answers for `path` go wrong in this order; the ones after them are right. */
  once(path: string, ...faults: Fault[]): void {
    this.#faults.set(path, faults);
  }

  /** Every answer for `path` goes wrong. */
  always(path: string, fault: Fault): void {
    this.#always.set(path, fault);
  }

  /** Well-behaved again, with an empty log. */
  reset(): void {
    this.manners = { range: true, contentLength: true, cors: true, rate: 0 };
    this.#faults.clear();
    this.#always.clear();
    this.answers.length = 0;
  }

  /** Bytes sent for `path`, or for everything. */
  sent(path?: string): number {
    return this.answers
      .filter((answer) => path === undefined || answer.path === path)
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname);
    const path = asked.endsWith('/') ? `${asked}index.html` : asked;
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const answer: Answer = {
      path,
      from: from === undefined ? undefined : Number(from),
      at: Date.now(),
      status: 200,
      bytes: 0,
    };
    if (request.method !== 'HEAD') this.answers.push(answer);
    if (this.manners.cors) response.setHeader('Access-Control-Allow-Origin', '*');
    if (this.manners.cors)
      response.setHeader('Access-Control-Expose-Headers', 'Content-Range, Retry-After, Content-Length');

    const fault = this.#faults.get(path)?.shift() ?? this.#always.get(path);
    const file = this.files.get(path);
    if (fault?.kind === 'status' || (!file && !fault)) {
      answer.status = fault?.kind === 'status' ? fault.status : 404;
      const headers = fault?.kind === 'status' ? fault.headers : {};
      response.writeHead(answer.status, headers).end('no');
      return;
    }
    if (fault?.kind === 'html') {
      response.writeHead(200, { 'Content-Type': fault.type }).end('<!doctype html><title>Sign in</title>');
      return;
    }
    let body = fault?.kind === 'replace' ? Buffer.from(fault.body) : (file ?? Buffer.alloc(0));
    if (fault?.kind === 'corrupt') {
      body = Buffer.from(body);
      body[fault.at] = (body[fault.at] ?? 0) ^ 0xff;
    }
    const start = this.manners.range ? (answer.from ?? 0) : 0;
    let end = body.length;
    if (this.manners.range && answer.from !== undefined) {
      if (start >= body.length) {
        answer.status = 416;
        response.writeHead(416, { 'Content-Range': `bytes */${body.length}` }).end();
        return;
      }
      answer.status = 206;
      if (to) end = Math.min(end, Number(to) + 1);
      response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${body.length}`);
    }
    const wanted = body.subarray(start, end);
    if (this.manners.contentLength && fault?.kind !== 'truncate')
      response.setHeader('Content-Length', wanted.length);
    response.writeHead(answer.status, { 'Content-Type': typeOf(path) });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const cut = fault && 'after' in fault ? fault.after : undefined;
    await this.#send(response, cut === undefined ? wanted : wanted.subarray(0, cut), answer);
    if (fault?.kind === 'drop') response.destroy();
    else if (fault?.kind !== 'stall') response.end();
  }

  async #send(response: ServerResponse, body: Buffer, answer: Answer): Promise<void> {
    const { rate } = this.manners;
    const step = rate > 0 ? Math.max(1, Math.round(rate / 50)) : 2 ** 18;
    const closed = once(response, 'close');
    for (let offset = 0; offset < body.length; offset += step) {
      if (response.destroyed) return;
      const chunk = body.subarray(offset, offset + step);
      const written = new Promise<void>((resolve) => {
        response.write(chunk, () => {
          resolve();
        });
      });
      await Promise.race([written, closed]);
      answer.bytes += chunk.length;
      if (rate > 0) await sleep(20);
    }
  }
}

function typeOf(path: string): string {
  const types: Record<string, string> = {
    html: 'text/html; charset=utf-8',
    js: 'text/javascript',
    json: 'application/json',
    css: 'text/css',
    svg: 'image/svg+xml',
    png: 'image/png',
    webmanifest: 'application/manifest+json',
    wasm: 'application/wasm',
  };
  return types[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
}
