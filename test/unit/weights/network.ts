import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { FaultServer } from '../../e2e/fault-server.ts';

/** What the network code knows of the browser's window or worker. */
type Scope = EventTarget & { onLine: boolean };

interface Network {
  /** Answers as it was told to in the running test. */
  readonly server: FaultServer;
  readonly scope: Scope;
}

/** For the tests of one file: a server that has `content` at /a.bin, and a browser's globals, fresh for each test. */
export function useNetwork(content: Buffer): Network {
  const network = {} as { server: FaultServer; scope: Scope };
  beforeAll(async () => {
    network.server = await FaultServer.start();
    network.server.files.set('/a.bin', content);
  });
  afterAll(() => network.server.stop());
  beforeEach(() => {
    network.server.reset();
    const scope = Object.assign(new EventTarget(), { onLine: true });
    network.scope = scope;
    vi.stubGlobal('navigator', scope);
    vi.stubGlobal('addEventListener', scope.addEventListener.bind(scope));
    vi.stubGlobal('removeEventListener', scope.removeEventListener.bind(scope));
    vi.stubGlobal('location', { origin: network.server.origin });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  return network;
}
