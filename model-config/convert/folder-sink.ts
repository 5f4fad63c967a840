import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ConversionError, type ConversionReason } from '../../src/weights/checkpoint/errors.ts';
import type { BuildSink, FileWriter } from '../../src/weights/convert/sink.ts';

/** Subfolder of the output in which a build grows; what lies outside it is always whole. */
const PARTIAL = '.partial';

interface State {
  fingerprint: string;
  /** MD5 of each file that is whole. */
  files: Record<string, string>;
  /** Set while the files move into place: then they may be found there too. */
  finishing?: boolean;
}

/**
 * Writes a build into a folder. It grows in `.partial` inside it, with a list of what is whole, and moves into place at
 * the end, tensor-cache.json last: without that file nothing takes the folder for a model.
 */
export class FolderSink implements BuildSink {
  readonly #output: string;
  readonly #partial: string;
  readonly #force: boolean;
  #state: State = { fingerprint: '', files: {} };

  /** @param force replace a build that is there already; other files are left alone either way */
  constructor(output: string, force: boolean) {
    this.#output = output;
    this.#partial = join(output, PARTIAL);
    this.#force = force;
  }

  async begin(fingerprint: string, nbytes: number): Promise<ReadonlyMap<string, string>> {
    return this.#guard(async () => {
      await mkdir(this.#partial, { recursive: true });
      const state = await this.#readState();
      if (!state?.finishing) await this.#refuseFullFolder();
      const kept = state?.fingerprint === fingerprint ? await this.#keepWhole(state) : {};
      await this.#refuseFullDisk(nbytes, Object.keys(kept));
      for (const name of await readdir(this.#partial)) {
        if (!(name in kept)) await rm(join(this.#partial, name), { recursive: true });
      }
      this.#state = { fingerprint, files: kept };
      await this.#writeState();
      return new Map(Object.entries(kept));
    });
  }

  async create(name: string): Promise<FileWriter> {
    const growing = join(this.#partial, `${name}.growing`);
    const handle = await this.#guard(() => open(growing, 'w'));
    return {
      write: (bytes) => this.#guard(() => handle.writeFile(bytes)),
      commit: (md5) =>
        this.#guard(async () => {
          await handle.sync();
          await handle.close();
          await rename(growing, join(this.#partial, name));
          this.#state.files[name] = md5;
          await this.#writeState();
        }),
      async abort() {
        await handle.close().catch(() => undefined);
        await rm(growing, { force: true }).catch(() => undefined);
      },
    };
  }

  async finish(): Promise<void> {
    await this.#guard(async () => {
      this.#state.finishing = true;
      await this.#writeState();
      await this.#removeOldBuild();
      const names = Object.keys(this.#state.files).filter((name) => name !== 'tensor-cache.json');
      for (const name of [...names, 'tensor-cache.json']) {
        await rename(join(this.#partial, name), join(this.#output, name));
      }
      await rm(this.#partial, { recursive: true });
    });
  }

  async #readState(): Promise<State | undefined> {
    try {
      return JSON.parse(await readFile(join(this.#partial, 'state.json'), 'utf8')) as State;
    } catch {
      // None, or cut off by a crash: start anew.
      return undefined;
    }
  }

  async #writeState(): Promise<void> {
    const path = join(this.#partial, 'state.json');
    await writeFile(`${path}.new`, JSON.stringify(this.#state));
    await rename(`${path}.new`, path);
  }

  async #refuseFullFolder(): Promise<void> {
    const others = (await readdir(this.#output)).filter((name) => name !== PARTIAL);
    if (others.length > 0 && !this.#force) {
      throw new ConversionError('output-exists', {
        file: this.#output,
        reason: { says: 'folder-not-empty', files: others.length },
        next: 'other-folder',
      });
    }
  }

  /** Of the files said to be whole, those that really are; moved back into `.partial` where they had moved out. */
  async #keepWhole(state: State): Promise<Record<string, string>> {
    const kept: Record<string, string> = {};
    for (const [name, md5] of Object.entries(state.files)) {
      const inside = join(this.#partial, name);
      if (state.finishing && !(await exists(inside)) && (await exists(join(this.#output, name)))) {
        await rename(join(this.#output, name), inside);
      }
      if ((await exists(inside)) && (await md5OfFile(inside)) === md5) kept[name] = md5;
    }
    return kept;
  }

  async #refuseFullDisk(nbytes: number, kept: readonly string[]): Promise<void> {
    let needed = nbytes;
    for (const name of kept) needed -= (await stat(join(this.#partial, name))).size;
    const { bavail, bsize } = await statfs(this.#partial);
    if (bavail * bsize < needed) {
      throw noSpace(this.#output, { says: 'disk-too-small', needed, free: bavail * bsize });
    }
  }

  /** The shards and tables of the build that is being replaced; a folder without tables is no model. */
  async #removeOldBuild(): Promise<void> {
    const old = (await readdir(this.#output)).filter((name) =>
      /^(tensor-cache(-b16)?\.json|params_shard_\d+\.bin)$/.test(name),
    );
    for (const name of old.sort().reverse()) await rm(join(this.#output, name));
  }

  async #guard<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      if (cause instanceof ConversionError) throw cause;
      if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT')) {
        throw noSpace(this.#output, { says: 'disk-full' }, cause);
      }
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new ConversionError(
        'write-failed',
        {
          file: this.#output,
          reason: { says: 'write-failed', detail },
          next: 'check-folder',
        },
        { cause },
      );
    }
  }
}

function noSpace(file: string, reason: ConversionReason, cause?: unknown): ConversionError {
  return new ConversionError(
    'no-space',
    {
      file,
      reason,
      next: 'free-disk',
    },
    { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function md5OfFile(path: string): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
