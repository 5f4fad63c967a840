import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Build, BuildFile } from '../../../src/weights/build.ts';
import { dropDamaged } from '../../../src/weights/check.ts';
import { FileWriter } from '../../../src/weights/file-writer.ts';
import { BuildStore } from '../../../src/weights/store.ts';
import { seededBytes } from '../../e2e/synthetic-build.ts';

const build: Build = { id: 'm', revision: 'r1', library: 'm.wasm', files: [] };
let databases = 0;
let store: BuildStore;
beforeEach(() => {
  store = new BuildStore(`store-test-${databases++}`);
});

function fileOf(content: Uint8Array, name = 'a.bin'): BuildFile {
  const hash = (algorithm: string) => createHash(algorithm).update(content).digest('hex');
  return { name, url: '', nbytes: content.length, md5: hash('md5'), sha256: hash('sha256') };
}

async function write(content: Uint8Array<ArrayBuffer>, file = fileOf(content), to = build): Promise<void> {
  const writer = await FileWriter.resume(store, to, file);
  await writer.write(content);
  await writer.finish();
}

const bytes = (length: number, seed = 1) => new Uint8Array(seededBytes(length, seed));
const read = async (name = 'a.bin', revision = 'r1') => {
  const blob = await store.open('m', revision, name);
  return blob && new Uint8Array(await blob.arrayBuffer());
};

describe('FileWriter', () => {
  it('makes a file readable only when it is whole and right', async () => {
    const content = bytes(1000);
    const writer = await FileWriter.resume(store, build, fileOf(content));
    await writer.write(content.slice(0, 600));
    await writer.flush(true);
    expect(await read()).toBeUndefined();
    await writer.write(content.slice(600));
    await writer.finish();
    expect(await read()).toEqual(content);
  });

  it('refuses other bytes, too few and too many, and stores none of them as good', async () => {
    const content = bytes(1000);
    const damaged = content.slice();
    damaged[500] = (damaged[500] ?? 0) ^ 1;
    for (const [given, reason] of [
      [damaged, /SHA-256 is|MD5 is/],
      [content.slice(1), /999 bytes instead of 1000/],
    ] as const) {
      const writer = await FileWriter.resume(store, build, fileOf(content));
      await writer.write(given);
      await expect(writer.finish()).rejects.toThrow(reason);
      expect(await read()).toBeUndefined();
      await writer.restart();
    }
    const writer = await FileWriter.resume(store, build, fileOf(content));
    await writer.write(content);
    await expect(writer.write(new Uint8Array(1))).rejects.toThrow(/longer than 1000 bytes/);
  });

  it('checks both digests where both are known', async () => {
    const content = bytes(100);
    const file = fileOf(content);
    await expect(write(content, { ...file, md5: '0'.repeat(32) })).rejects.toThrow(/MD5 is .* instead of 0/);
    await expect(write(content, { ...file, sha256: '0'.repeat(64) })).rejects.toThrow(/SHA-256 is/);
  });

  it('comes to the same file however the bytes are cut and however often it is interrupted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ length: fc.integer({ min: 1, max: 400 }), interrupted: fc.boolean() }), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.nat(100),
        async (cuts, seed) => {
          const content = bytes(
            cuts.reduce((sum, { length }) => sum + length, 0),
            seed,
          );
          const file = fileOf(content, `file-${seed}.bin`);
          await store.dropFile(build.id, build.revision, file.name);
          let writer = await FileWriter.resume(store, build, file);
          for (const { length, interrupted } of cuts) {
            await writer.write(content.slice(writer.received, writer.received + length));
            if (!interrupted) continue;
            await writer.flush(true);
            const { received } = writer;
            writer = await FileWriter.resume(store, build, file);
            expect(writer.received).toBe(received);
          }
          await writer.finish();
          expect(await read(file.name)).toEqual(content);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('cuts a large file into parts of 5 MiB and reads it as one', async () => {
    const content = bytes(11 * 2 ** 20 + 5);
    const writer = await FileWriter.resume(store, build, fileOf(content));
    for (let i = 0; i < content.length; i += 2 ** 18) await writer.write(content.slice(i, i + 2 ** 18));
    await writer.finish();
    const sizes = (await store.parts('m', 'r1', 'a.bin')).map(({ size }) => size);
    expect(sizes).toEqual([5 * 2 ** 20, 5 * 2 ** 20, 2 ** 20 + 5]);
    // Comparing eleven million elements one by one would take minutes.
    expect(Buffer.compare((await read()) ?? new Uint8Array(), content)).toBe(0);
  });
});

describe('BuildStore', () => {
  it('keeps the ready build until the pending one takes its place', async () => {
    await store.setReady(build);
    const next = { ...build, revision: 'r2' };
    await store.setPending(next);
    expect(await store.build('m', 'ready')).toEqual(build);
    expect(await store.build('m', 'pending')).toEqual(next);
    await store.setReady(next);
    expect(await store.builds('ready')).toEqual([next]);
    expect(await store.builds('pending')).toEqual([]);
  });

  it('drops the other versions of that model and nothing else', async () => {
    const content = bytes(10);
    const others = { ...build, id: 'm2' };
    for (const to of [build, { ...build, revision: 'r2' }, { ...build, revision: 'r10' }, others])
      await write(content, fileOf(content), to);
    await store.dropRevisionsExcept('m', ['r10']);
    expect(await read('a.bin', 'r1')).toBeUndefined();
    expect(await store.parts('m', 'r2', 'a.bin')).toEqual([]);
    expect(await read('a.bin', 'r10')).toEqual(content);
    expect((await store.files('m2', 'r1')).size).toBe(1);
  });

  it('removes a model with everything of it, and no other whose name begins alike', async () => {
    const content = bytes(10);
    const other = { ...build, id: 'model' };
    for (const to of [build, other]) {
      await write(content, fileOf(content), to);
      await store.setReady(to);
      await store.setPending({ ...to, revision: 'r2' });
    }
    await store.remove('m');
    expect(await store.build('m', 'ready')).toBeUndefined();
    expect(await store.build('m', 'pending')).toBeUndefined();
    expect((await store.files('m', 'r1')).size).toBe(0);
    expect(await store.parts('m', 'r1', 'a.bin')).toEqual([]);
    expect(await store.build('model', 'ready')).toEqual(other);
    expect((await store.parts('model', 'r1', 'a.bin')).length).toBe(1);
  });

  it('does not open a file whose record counts other parts than there are', async () => {
    await write(bytes(10));
    await store.append(build, 'a.bin', undefined, { nbytes: 10, parts: 2, verified: true });
    expect(await read()).toBeUndefined();
  });
});

describe('dropDamaged', () => {
  it('finds damaged, shortened and missing files, drops only those, and reports every byte', async () => {
    const names = ['good.bin', 'damaged.bin', 'short.bin', 'missing.bin'];
    const contents = names.map((_, i) => bytes(1000 + i, i));
    const whole = { ...build, files: contents.map((content, i) => fileOf(content, names[i])) };
    for (const [i, content] of contents.entries())
      if (names[i] !== 'missing.bin') await write(content, whole.files[i]);
    const part = (length: number) => new Blob([new Uint8Array(length)]);
    await store.append(build, 'damaged.bin', part(1001), { nbytes: 1001, parts: 1, verified: true });
    await store.append(build, 'short.bin', part(5), { nbytes: 1002, parts: 1, verified: true });

    const loaded: number[] = [];
    const missing = await dropDamaged(store, whole, new AbortController().signal, (progress) =>
      loaded.push(progress.loaded),
    );
    expect(missing).toEqual(['damaged.bin', 'short.bin', 'missing.bin']);
    expect([...(await store.files('m', 'r1')).keys()]).toEqual(['good.bin']);
    expect(loaded.length).toBeGreaterThan(0);
  });

  it('stops when it is told to', async () => {
    await write(bytes(10));
    const whole = { ...build, files: [fileOf(bytes(10))] };
    await expect(
      dropDamaged(store, whole, AbortSignal.abort(new Error('enough')), () => undefined),
    ).rejects.toThrow('enough');
  });
});
