import { ConversionError } from './errors.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import { isJsonObject, readJsonObject, type Source, type SourceFile } from './source.ts';
import { elementCount, type TensorEntry } from './tensor.ts';
import { readTorchFile } from './torch.ts';

interface CheckpointFile {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Elements of all its tensors, whether needed or not. */
  readonly elements: number;
}

/** A checkpoint's weights: which tensor lies where. Nothing of the data is read yet. */
export interface Checkpoint {
  /** Weight files in the order in which the tensor list first names them. */
  readonly files: readonly CheckpointFile[];
  /** All tensors, grouped by file, in the order that decides the order of MLC's parameters. */
  readonly tensors: readonly TensorEntry[];
}

interface Layout {
  index: string;
  single: string;
  read(file: SourceFile, signal?: AbortSignal): Promise<TensorEntry[]>;
}

/** safetensors first: where a repository has both, they hold the same weights and the newer format reads faster. */
const LAYOUTS: readonly Layout[] = [
  { index: 'model.safetensors.index.json', single: 'model.safetensors', read: readSafetensorsHeader },
  { index: 'pytorch_model.bin.index.json', single: 'pytorch_model.bin', read: readTorchFile },
];

/**
 * Finds the weight files of a checkpoint and reads their tables of contents.
 * @throws ConversionError naming the file (and tensor) that is missing or damaged
 */
export async function openCheckpoint(source: Source, signal?: AbortSignal): Promise<Checkpoint> {
  for (const layout of LAYOUTS) {
    const index = source.get(layout.index);
    if (index) return openIndexed(source, index, layout, signal);
    const single = source.get(layout.single);
    if (single) {
      const tensors = await readContents(single, layout, signal);
      return { files: [describe(single.name, tensors)], tensors };
    }
  }
  throw new ConversionError('missing-file', {
    reason: { says: 'no-weights', names: LAYOUTS.flatMap((layout) => [layout.index, layout.single]) },
    next: 'choose-checkpoint',
  });
}

/** Git LFS leaves a few lines of text in place of a large file that it has not fetched. */
const LFS_POINTER = 'version https://git-lfs.github.com/';

async function readContents(
  file: SourceFile,
  layout: Layout,
  signal?: AbortSignal,
): Promise<readonly TensorEntry[]> {
  const start = await file.read(0, Math.min(LFS_POINTER.length, file.size), signal);
  if (new TextDecoder().decode(start) === LFS_POINTER)
    throw new ConversionError('bad-file', {
      file: file.name,
      reason: { says: 'lfs-pointer' },
      next: 'fetch-with-lfs',
    });
  return layout.read(file, signal);
}

function describe(name: string, tensors: readonly TensorEntry[]): CheckpointFile {
  return {
    name,
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    elements: tensors.reduce((sum, tensor) => sum + elementCount(tensor.shape), 0),
  };
}

async function openIndexed(
  source: Source,
  index: SourceFile,
  layout: Layout,
  signal?: AbortSignal,
): Promise<Checkpoint> {
  const names = await readWeightMap(index, signal);
  const files: CheckpointFile[] = [];
  const tensors: TensorEntry[] = [];
  for (const [name, wanted] of names) {
    const file = source.get(name);
    if (!file) {
      throw new ConversionError('missing-file', {
        file: name,
        reason: { says: 'named-but-missing', by: index.name },
        next: 'download-whole',
      });
    }
    const described = describe(name, await readContents(file, layout, signal));
    files.push(described);
    for (const tensorName of wanted) {
      const tensor = described.tensors.get(tensorName);
      if (!tensor) {
        throw new ConversionError('missing-tensor', {
          file: name,
          tensor: tensorName,
          reason: { says: 'tensor-elsewhere', index: index.name },
          next: 'download-whole',
        });
      }
      tensors.push(tensor);
    }
  }
  return { files, tensors };
}

/** File → names of its tensors, both in the order of the index. */
async function readWeightMap(index: SourceFile, signal?: AbortSignal): Promise<Map<string, string[]>> {
  const { weight_map: weightMap } = await readJsonObject(index, signal);
  const files = new Map<string, string[]>();
  for (const [tensor, file] of isJsonObject(weightMap) ? Object.entries(weightMap) : []) {
    if (typeof file !== 'string') {
      throw new ConversionError('bad-file', {
        file: index.name,
        tensor,
        reason: { says: 'tensor-without-file' },
        next: 'download-again',
      });
    }
    const names = files.get(file);
    if (names) names.push(tensor);
    else files.set(file, [tensor]);
  }
  if (files.size === 0) {
    throw new ConversionError('bad-file', {
      file: index.name,
      reason: { says: 'weight-map' },
      next: 'download-again',
    });
  }
  return files;
}
