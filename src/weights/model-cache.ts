import { isPlainName } from './build.ts';
import { WeightError } from './errors.ts';
import { useLock, workLock } from './locks.ts';
import { type EngineAddresses, NEWS_CHANNEL, type WeightEvent } from './protocol.ts';
import type { BuildStore } from './store.ts';

/**
 * The seam between the weight store and WebLLM.
 *
 * WebLLM (cacheBackend "cache") looks every file up in `caches` by its address and downloads what is missing. Here the
 * addresses are names: `https://weights.invalid/<id>/resolve/<revision>/<file>`, under a top-level domain that is
 * reserved never to exist (RFC 2606), and `caches` in the engine's worker is replaced by an object that answers from
 * the store. So the engine cannot reach the network for a model file, the model library comes the same way as the
 * weights (WebLLM fetches it past the cache when its address is relative or names localhost), and a start does not
 * depend on the host, port or folder that the page came from. WebLLM keeps `/resolve/x/` in an address as it is.
 *
 * An engine may start while the last files are still being downloaded: a file that is missing is waited for as long as
 * somebody works on its build.
 */
const ORIGIN = 'https://weights.invalid';
const ADDRESS = /^https:\/\/weights\.invalid\/([^/]+)\/resolve\/([^/]+)\/([^/]+)$/;

/** Where an engine finds a stored build. */
export function engineAddresses(build: { id: string; revision: string; library: string }): EngineAddresses {
  const model = `${ORIGIN}/${encodeURIComponent(build.id)}/resolve/${encodeURIComponent(build.revision)}/`;
  return { model, modelLib: model + build.library };
}

/**
 * Replaces `globalThis.caches` in the engine's worker; call it before the engine loads a model. While the worker
 * lives, the build it read last is marked as in use, so that no tab deletes it.
 */
export function installModelCache(store: BuildStore): void {
  const cache = new ModelCache(store);
  const storage = {
    open: () => Promise.resolve(cache),
    match: (request: RequestInfo | URL) => cache.match(request),
    has: () => Promise.resolve(true),
    delete: () => Promise.resolve(false),
    keys: () => Promise.resolve([]),
  };
  Object.defineProperty(globalThis, 'caches', { value: storage, configurable: true });
}

/** The part of the Cache interface that WebLLM uses. */
class ModelCache {
  #inUse: string | undefined;
  #release: () => void = () => undefined;
  #opened: { readonly key: string; readonly blob: Blob } | undefined;
  #ahead: { readonly key: string; readonly content: Promise<ArrayBuffer | undefined> } | undefined;

  constructor(readonly store: BuildStore) {}

  async match(request: RequestInfo | URL): Promise<Response | undefined> {
    const address = parse(request);
    if (!address) return undefined;
    await this.#hold(address.id);
    const blob = await this.#open(address);
    if (!blob) return undefined;
    // A response reads its Blob through a stream, at a half to a third of the speed of the Blob itself.
    return Object.assign(new Response(blob), { arrayBuffer: () => this.#read(address, blob) });
  }

  /** Reads a file, and the next shard while the engine puts this one on the GPU. */
  async #read(address: Address, blob: Blob): Promise<ArrayBuffer> {
    const ahead = this.#ahead?.key === keyOf(address) ? await this.#ahead.content : undefined;
    const content = ahead ?? (await blob.arrayBuffer());
    this.#ahead = undefined;
    const next = address.name.replace(/\d+(?=\.bin$)/, (number) => String(Number(number) + 1));
    if (next !== address.name) {
      const { id, revision } = address;
      const early = this.store.open(id, revision, next).then((file) => file?.arrayBuffer());
      // Whatever is wrong with it shows when the engine asks for it; after the last shard nobody does.
      this.#ahead = { key: keyOf({ id, revision, name: next }), content: early.catch(() => undefined) };
    }
    return content;
  }

  /** WebLLM looks every file up twice in a row, to see whether it is there and to read it; the store is asked once. */
  async #open(address: Address): Promise<Blob | undefined> {
    const key = keyOf(address);
    const opened = this.#opened?.key === key ? this.#opened.blob : undefined;
    this.#opened = undefined;
    if (opened) return opened;
    const blob = await this.#arrival(address);
    if (blob) this.#opened = { key, blob };
    return blob;
  }

  /** The file as soon as it is whole and verified, or undefined when it is not and nobody is fetching it. */
  async #arrival({ id, revision, name }: Address): Promise<Blob | undefined> {
    const here = await this.store.open(id, revision, name);
    if (here) return here;
    const news = new BroadcastChannel(NEWS_CHANNEL);
    try {
      for (;;) {
        // Listens before it looks, so that nothing is stored in between.
        const told = new Promise<void>((resolve) => {
          news.onmessage = ({ data }: MessageEvent<WeightEvent>) => {
            if (data.id !== id) return;
            if (data.kind === 'changed' || (data.kind === 'stored' && data.file === name)) resolve();
          };
        });
        const { held = [] } = await navigator.locks.query();
        const blob = await this.store.open(id, revision, name);
        if (blob || !held.some((lock) => lock.name === workLock(id))) return blob;
        await told;
      }
    } finally {
      news.close();
    }
  }

  /** WebLLM calls this for a file that `match` did not find; the store is filled before a start, never during one. */
  add(request: RequestInfo | URL): Promise<void> {
    const address = parse(request);
    return Promise.reject(
      new WeightError('not-stored', {
        says: 'missing-for-loading',
        file: address?.name ?? addressOf(request),
      }),
    );
  }

  /** Every file that is here or to come; WebLLM downloads nothing of a model whose shards are all among them. */
  async keys(): Promise<Request[]> {
    const builds = [...(await this.store.builds('ready')), ...(await this.store.builds('pending'))];
    return builds.flatMap((build) => {
      const { model } = engineAddresses(build);
      return build.files.map(({ name }) => new Request(model + name));
    });
  }

  /** Only the weight store deletes files. */
  delete(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async #hold(id: string): Promise<void> {
    if (this.#inUse === id) return;
    this.#release();
    this.#inUse = id;
    // The lock lasts as long as the promise that its callback returns.
    await new Promise<void>((granted, failed) => {
      const held = () =>
        new Promise<void>((release) => {
          this.#release = release;
          granted();
        });
      navigator.locks.request(useLock(id), { mode: 'shared' }, held).catch(failed);
    });
  }
}

interface Address {
  readonly id: string;
  readonly revision: string;
  readonly name: string;
}

function keyOf({ id, revision, name }: Address): string {
  return [id, revision, name].join('/');
}

function parse(request: RequestInfo | URL): Address | undefined {
  const [, id, revision, name] = ADDRESS.exec(addressOf(request)) ?? [];
  if (id === undefined || revision === undefined || name === undefined || !isPlainName(name))
    return undefined;
  return { id: decodeURIComponent(id), revision: decodeURIComponent(revision), name };
}

function addressOf(request: RequestInfo | URL): string {
  return typeof request === 'string' ? request : 'url' in request ? request.url : request.href;
}
