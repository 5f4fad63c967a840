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
  close(): Promise<void>;
}

export interface Faults {
  /** Every nth request for content is answered 503 with Retry-After: 0. */
  busyEvery?: number;
  /** Every nth answer breaks off half-way. */
  dropEvery?: number;
  /** Ignore Range. */
  noRange?: boolean;
  /** Milliseconds before every answer with content; may be changed while the server runs. */
  delay?: number;
  /** The address that content redirects to is good for so many requests. */
  expireAfter?: number;
}

/**
 * Answers like the Hugging Face Hub for one repository: the list of files, and their content by way of a redirect to
 * another path, in the parts asked for.
 */
export async function startHubServer(
  repository: string,
  files: ReadonlyMap<string, SourceFile>,
  faults: Faults = {},
): Promise<HubServer> {
  const requests: HubServer['requests'] = [];
  const redirects: string[] = [];
  let count = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://hub');
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
      redirects.push(pathname.slice(`/${repository}/resolve/main/`.length));
      const location = `${pathname.replace('/resolve/main/', '/content/')}?ticket=${count}`;
      response.writeHead(302, { Location: location }).end();
    } else if (pathname.startsWith(`/${repository}/content/`)) {
      const file = files.get(pathname.slice(`/${repository}/content/`.length));
      const age = count - Number(searchParams.get('ticket'));
      if (age >= (faults.expireAfter ?? Infinity)) response.writeHead(403).end();
      else if (file) await sendPart(file, request, response);
      else response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end();
    } else {
      response.writeHead(404, { 'X-Error-Code': 'RepoNotFound' }).end('{"error":"Repository not found"}');
    }
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
    } else {
      response.end(bytes);
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error as Error);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    redirects,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
