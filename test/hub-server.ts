import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceFile } from '../src/weights/checkpoint/source.ts';

export interface HubServer {
  /** Address, without a slash at the end. */
  url: string;
  /** Range headers of the requests for content so far, by file. */
  requests: { path: string; range: string | undefined }[];
  /** Files whose requests were sent on to another address so far. */
  redirects: string[];
  /** Authorization headers that the storage has seen, where none belongs. */
  leaked: string[];
  close(): Promise<void>;
}

export interface Faults {
  /** Every nth request for content is answered 503 with Retry-After: 0. */
  busyEvery?: number;
  /** Every nth answer breaks off half-way. */
  dropEvery?: number;
  /** Every nth answer stands still half-way. */
  stallEvery?: number;
  /** Ignore Range. */
  noRange?: boolean;
  /** Milliseconds before every answer with content; may be changed while the server runs. */
  delay?: number;
  /** The address that content redirects to is good for so many requests. */
  expireAfter?: number;
  /** Content is for those only who send this Authorization header. */
  wanted?: string;
}

/**
 * Answers like the Hugging Face Hub for one repository: the list of files, and their content in the parts asked for, by
 * way of a redirect to another host. That one lets every page read, but not its refusals, and no page ask beforehand
 * (preflight), as storage services do.
 */
export async function startHubServer(
  repository: string,
  files: ReadonlyMap<string, SourceFile>,
  faults: Faults = {},
): Promise<HubServer> {
  const requests: HubServer['requests'] = [];
  const redirects: string[] = [];
  const leaked: string[] = [];
  let count = 0;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname } = new URL(request.url ?? '/', 'http://hub');
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', '*');
    response.setHeader('Access-Control-Expose-Headers', '*');
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
    } else if (pathname === `/api/models/${repository}/tree/main`) {
      const list = [...files.values()].map(({ name, size }) => ({
        type: 'file',
        path: name,
        size,
        oid: `oid-of-${name}`,
      }));
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(list));
    } else if (pathname.startsWith(`/${repository}/resolve/main/`)) {
      const name = pathname.slice(`/${repository}/resolve/main/`.length);
      if (!files.has(name)) response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end();
      else if (faults.wanted !== undefined && request.headers.authorization !== faults.wanted)
        response.writeHead(401, { 'X-Error-Code': 'GatedRepo' }).end();
      else {
        redirects.push(name);
        response.writeHead(302, { Location: `${storage.url}/${name}?ticket=${count}` }).end();
      }
    } else {
      response.writeHead(401, { 'X-Error-Code': 'RepoNotFound' }).end('{"error":"Repository not found"}');
    }
  };

  const answerFromStorage = (request: IncomingMessage, response: ServerResponse): Promise<void> | void => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://storage');
    if (request.headers.authorization !== undefined) leaked.push(request.headers.authorization);
    const file = files.get(pathname.slice(1));
    const age = count - Number(searchParams.get('ticket'));
    if (request.method !== 'GET' || !file || age >= (faults.expireAfter ?? Infinity)) {
      response.writeHead(403).end();
      return;
    }
    response.setHeader('Access-Control-Allow-Origin', '*');
    return sendPart(file, request, response);
  };

  const sendPart = async (
    file: SourceFile,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const { range } = request.headers;
    requests.push({ path: file.name, range });
    count++;
    if (faults.delay) await sleep(faults.delay);
    if (faults.busyEvery && count % faults.busyEvery === 0) {
      response.writeHead(503, { 'Retry-After': '0' }).end();
      return;
    }
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    const partial = from !== undefined && !faults.noRange;
    const start = partial ? Number(from) : 0;
    const end = partial ? Math.min(Number(to) + 1, file.size) : file.size;
    const bytes = await file.read(start, end - start);
    response.writeHead(partial ? 206 : 200, {
      ETag: `"etag-of-${file.name}"`,
      'Content-Length': bytes.length,
      ...(partial && { 'Content-Range': `bytes ${start}-${end - 1}/${file.size}` }),
    });
    if (faults.dropEvery && count % faults.dropEvery === 0 && bytes.length > 1) {
      response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
    } else if (faults.stallEvery && count % faults.stallEvery === 0) {
      response.write(bytes.subarray(0, bytes.length >> 1));
    } else {
      response.end(bytes);
    }
  };

  const storage = await listen(answerFromStorage);
  const hub = await listen(answer);
  return {
    url: hub.url,
    requests,
    redirects,
    leaked,
    close: async () => {
      await hub.close();
      await storage.close();
    },
  };
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    Promise.resolve(answer(request, response)).catch((error: unknown) => {
      response.destroy(error as Error);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
