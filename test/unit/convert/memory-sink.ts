import type { BuildSink } from '../../../src/weights/convert/sink.ts';

/** Keeps a build in memory, to look at it; resumes like a folder does. */
export class MemorySink implements BuildSink {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly md5 = new Map<string, string>();
  finished = false;
  #fingerprint = '';

  begin(fingerprint: string): Promise<ReadonlyMap<string, string>> {
    if (this.#fingerprint !== fingerprint) {
      this.files.clear();
      this.md5.clear();
    }
    this.#fingerprint = fingerprint;
    return Promise.resolve(new Map(this.md5));
  }

  create(name: string): ReturnType<BuildSink['create']> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    return Promise.resolve({
      write: (bytes) => {
        // The caller uses its memory again.
        parts.push(bytes.slice());
        return Promise.resolve();
      },
      commit: async (md5) => {
        this.files.set(name, new Uint8Array(await new Blob(parts).arrayBuffer()));
        this.md5.set(name, md5);
      },
      abort: () => Promise.resolve(),
    });
  }

  finish(): Promise<void> {
    this.finished = true;
    return Promise.resolve();
  }

  json(name: string): unknown {
    return JSON.parse(new TextDecoder().decode(this.files.get(name)));
  }
}
