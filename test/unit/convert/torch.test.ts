import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { openFolder } from '../../../model-config/convert/folder-source.ts';
import { blobFile } from '../../../src/weights/checkpoint/blob-source.ts';
import { readPickle } from '../../../src/weights/checkpoint/pickle.ts';
import { readRows, type TensorEntry } from '../../../src/weights/checkpoint/tensor.ts';
import { readStorage, TORCH_GLOBALS } from '../../../src/weights/checkpoint/torch-state.ts';
import { readTorchFile } from '../../../src/weights/checkpoint/torch.ts';
import { listZip, locateZipEntry } from '../../../src/weights/checkpoint/zip.ts';
import { convert } from '../../../src/weights/convert/convert.ts';
import { inlinePool } from './inline-pool.ts';
import { MemorySink } from './memory-sink.ts';

/** What PyTorch's own torch.save made of the synthetic checkpoints. */
const TORCH = new URL('../../fixtures/torch/', import.meta.url);
const MLC = new URL('../../fixtures/mlc/', import.meta.url);

async function run(folder: string, quantisation: 'q4f16_1' | 'q4f32_1'): Promise<MemorySink> {
  const opened = await openFolder(new URL(folder, TORCH).pathname);
  const sink = new MemorySink();
  try {
    await convert(opened.source, sink, { quantisation }, { pool: inlinePool });
  } finally {
    await opened.close();
  }
  return sink;
}

interface Cache {
  records: { dataPath: string; records: { name: string; nbytes: number; byteOffset: number }[] }[];
}

function byName(cache: Cache, shard: (name: string) => Uint8Array): Map<string, Uint8Array> {
  return new Map(
    cache.records.flatMap(({ dataPath, records }) =>
      records.map(({ name, byteOffset, nbytes }) => [
        name,
        shard(dataPath).slice(byteOffset, byteOffset + nbytes),
      ]),
    ),
  );
}

describe.each(['q4f16_1', 'q4f32_1'] as const)('%s', (quantisation) => {
  test.each(['a_single', 'a_views', 'a_legacy'])(
    '%s becomes the same files as its safetensors twin',
    async (folder) => {
      const sink = await run(folder, quantisation);
      const golden = new URL(`a_f16_single/${quantisation}/`, MLC);
      const names = (await readdir(golden)).sort();
      expect([...sink.files.keys()].sort()).toEqual(names);
      for (const name of names.filter((file) => file !== 'mlc-chat-config.json')) {
        expect(
          Buffer.from(sink.files.get(name) as Uint8Array).equals(readFileSync(new URL(name, golden))),
          name,
        ).toBe(true);
      }
    },
  );

  test('b_sharded holds the same parameters as its safetensors twin', async () => {
    const sink = await run('b_sharded', quantisation);
    const golden = new URL(`b_bf16_sharded/${quantisation}/`, MLC);
    const theirs = byName(
      JSON.parse(readFileSync(new URL('tensor-cache.json', golden), 'utf8')) as Cache,
      (name) => readFileSync(new URL(name, golden)),
    );
    const ours = byName(
      sink.json('tensor-cache.json') as Cache,
      (name) => sink.files.get(name) as Uint8Array,
    );
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [name, bytes] of theirs)
      expect(Buffer.from(bytes).equals(ours.get(name) as Uint8Array), name).toBe(true);
  });
});

function torchFile(bytes: Uint8Array<ArrayBuffer>): Promise<TensorEntry[]> {
  return readTorchFile(blobFile('pytorch_model.bin', new Blob([bytes])));
}

const fixture = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(path, TORCH)));

/** The same stored entries with every size and position in 64-bit fields, as for files beyond 4 GiB. */
async function asZip64(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const file = blobFile('x', new Blob([bytes]));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  const record = (length: number, fill: (view: DataView) => void): Uint8Array<ArrayBuffer> => {
    const part = new Uint8Array(length);
    fill(new DataView(part.buffer));
    return part;
  };
  for (const entry of (await listZip(file)).values()) {
    const name = new TextEncoder().encode(entry.name);
    const content = await file.read(await locateZipEntry(file, entry), entry.size);
    const local = record(30 + name.length, (view) => {
      view.setUint32(0, 0x04034b50, true);
      view.setUint16(26, name.length, true);
    });
    local.set(name, 30);
    const central = record(46 + name.length + 28, (view) => {
      view.setUint32(0, 0x02014b50, true);
      for (const field of [20, 24, 42]) view.setUint32(field, 0xffffffff, true);
      view.setUint16(28, name.length, true);
      view.setUint16(30, 28, true);
      view.setUint16(46 + name.length, 1, true);
      view.setUint16(48 + name.length, 24, true);
      [entry.size, entry.size, at].forEach((value, i) => {
        view.setBigUint64(50 + name.length + 8 * i, BigInt(value), true);
      });
    });
    central.set(name, 46);
    directory.push(central);
    parts.push(local, content);
    at += local.length + content.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record(56 + 20 + 22, (view) => {
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(32, BigInt(directory.length), true);
    view.setBigUint64(40, BigInt(size), true);
    view.setBigUint64(48, BigInt(at), true);
    view.setUint32(56, 0x07064b50, true);
    view.setBigUint64(64, BigInt(at + size), true);
    view.setUint32(76, 0x06054b50, true);
    for (const field of [88, 92]) view.setUint32(field, 0xffffffff, true);
  });
  return new Uint8Array(await new Blob([...parts, ...directory, end]).arrayBuffer());
}

test('an archive with 64-bit fields holds the same tensors', async () => {
  const plain = fixture('a_views/pytorch_model.bin');
  const wide = await asZip64(plain);
  const contents = async (bytes: Uint8Array<ArrayBuffer>): Promise<unknown[]> =>
    Promise.all(
      (await torchFile(bytes)).map(async (tensor) => [
        tensor.name,
        await readRows(tensor, 0, tensor.shape.length > 1 ? (tensor.shape[0] as number) : 1),
      ]),
    );
  expect(await contents(wide)).toEqual(await contents(plain));
  new DataView(wide.buffer).setBigUint64(wide.length - 98 + 48, 2n ** 63n, true);
  await expect(torchFile(wide)).rejects.toThrow(/beyond its end/);
});

describe('hostile files', () => {
  test.each([
    ['calls_os_system.bin', /names posix\.system/],
    ['calls_getattr.bin', /names __builtin__\.getattr/],
  ])('%s is refused and names what it calls', async (name, message) => {
    await expect(torchFile(fixture(`hostile/${name}`))).rejects.toThrow(message);
    await expect(torchFile(fixture(`hostile/${name}`))).rejects.toMatchObject({
      code: 'bad-pickle',
      details: { file: 'pytorch_model.bin' },
    });
  });

  test('every cut of a file is refused', async () => {
    for (const name of ['a_single', 'a_legacy']) {
      const whole = fixture(`${name}/pytorch_model.bin`);
      for (const length of [0, 1, 3, 4, 100, 2000, 3000, 300_000, whole.length - 1]) {
        await expect(torchFile(whole.slice(0, length)), `${name} cut to ${length}`).rejects.toMatchObject({
          name: 'ConversionError',
        });
      }
    }
  });

  test('damage in the directory of the archive is refused or harmless, never a crash', async () => {
    const whole = fixture('a_single/pytorch_model.bin');
    let refused = 0;
    for (let at = whole.length - 1400; at < whole.length; at += 5) {
      const damaged = whole.slice();
      damaged[at] = (damaged[at] as number) ^ 0xff;
      await torchFile(damaged).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'ConversionError' });
        refused++;
      });
    }
    expect(refused).toBeGreaterThan(100);
  });

  test('a compressed entry (a zip bomb) is refused unopened', async () => {
    const bomb = fixture('a_single/pytorch_model.bin');
    // The first directory entry's method, from stored to deflate.
    const directory = bomb.findLastIndex(
      (_, i) => bomb[i] === 0x50 && bomb[i + 1] === 0x4b && bomb[i + 2] === 1 && bomb[i + 3] === 2,
    );
    bomb[directory + 10] = 8;
    await expect(torchFile(bomb)).rejects.toThrow(/is compressed/);
  });

  test('something else than PyTorch’s formats is refused', async () => {
    await expect(torchFile(new TextEncoder().encode('<html>Not found</html>'))).rejects.toThrow(
      /neither of the two formats/,
    );
    const tar = new Uint8Array(2048);
    tar.set(new TextEncoder().encode('storages'), 0);
    await expect(torchFile(tar)).rejects.toThrow(/neither of the two formats/);
  });
});

describe('pickles', () => {
  const names = { globals: TORCH_GLOBALS, persistent: readStorage };
  const read = (text: string): unknown =>
    readPickle(
      Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
      names,
    ).value;

  test.each([
    ['INST', '(S"ls"\nios\nsystem\n.', /instruction 0x53/],
    ['OBJ', '(cos\nsystem\no.', /os\.system/],
    ['NEWOBJ', 'ccollections\nOrderedDict\n)\x81.', /instruction 0x81/],
    ['EXT1', '\x82\x01.', /instruction 0x82/],
    ['BINGET of nothing', 'h\x05.', /not there/],
    ['REDUCE of a text', 'X\x01\0\0\0a)R.', /not a function/],
    ['REDUCE of null', 'N)R.', /not a function/],
    ['REDUCE of a storage type', 'ctorch\nHalfStorage\n)R.', /not a function/],
    ['BUILD of a list', ']}b.', /attributes/],
    ['a dictionary filled by its constructor', 'ccollections\nOrderedDict\n](e\x85R.', /unknown way/],
    ['STACK_GLOBAL', '\x8c\x02os\x8c\x06system\x93.', /os\.system/],
    ['a parent of an allowed name', 'ctorch._utils\n__builtins__\n.', /torch\._utils\.__builtins__/],
    ['a persistent id that is no storage', 'X\x04\0\0\0evilQ.', /not a storage/],
    ['an endless number', '\x8a\xff' + '\x01'.repeat(255) + '.', /number of 255 bytes/],
    ['a text longer than the file', 'X\xff\xff\xff\x7fa.', /cut off/],
    ['no end', '}', /cut off/],
    ['an empty stack', '.', /not there/],
  ])('%s is refused', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test('a tensor that reaches beyond its storage is refused', () => {
    const tensor = (offset: number, size: number, stride: number): string =>
      `ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x0atQK${String.fromCharCode(offset)}K${String.fromCharCode(size)}\x85K${String.fromCharCode(stride)}\x85\x89NtR.`;
    expect(read(tensor(0, 10, 1))).toMatchObject({ offset: 0, shape: [10] });
    expect(() => read(tensor(1, 10, 1))).toThrow(/beyond its storage/);
    expect(() => read(tensor(0, 6, 2))).toThrow(/beyond its storage/);
  });
});

test('rows with any strides are gathered as they are', async () => {
  const numbers = Float32Array.from({ length: 5000 }, (_, i) => i);
  const file = blobFile('x', new Blob([numbers]));
  for (const [rows, columns, rowStride, columnStride] of [
    [7, 9, 9, 1],
    [7, 9, 1, 7],
    [10, 20, 40, 2],
    [10, 20, 3, 60],
    [4, 6, 0, 1],
  ] as const) {
    const tensor = {
      name: 'x',
      dtype: 'F32',
      shape: [rows, columns],
      file,
      offset: 16,
      strides: [rowStride, columnStride],
    };
    const bytes = await readRows(tensor, 2, rows - 2);
    const wanted = Array.from(
      { length: (rows - 2) * columns },
      (_, i) => 4 + (2 + Math.floor(i / columns)) * rowStride + (i % columns) * columnStride,
    );
    expect([...new Float32Array(bytes.buffer)]).toEqual(wanted);
  }
});
