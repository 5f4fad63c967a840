import { PickleError } from './pickle-cursor.ts';
import { Tuple, type PickleGlobal, type PickleValue } from './pickle.ts';
import { DTYPE_BYTES } from './tensor.ts';

/** A stretch of numbers that tensors share. */
export class Storage {
  readonly dtype: string;
  /** Name of its file in the archive. */
  readonly key: string;
  /** Elements. */
  readonly count: number;
  /** Elements from the start of the stretch that the key names, and of the whole of it (legacy views). */
  readonly shift: number;
  readonly whole: number;

  constructor(dtype: string, key: string, count: number, shift = 0, whole = count) {
    this.dtype = dtype;
    this.key = key;
    this.count = count;
    this.shift = shift;
    this.whole = whole;
  }
}

/** A tensor as the pickle describes it; positions in elements of its storage. */
export class TensorView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

class StorageType implements PickleGlobal {
  readonly call = undefined;
  readonly dtype: string;
  constructor(dtype: string) {
    this.dtype = dtype;
  }
}

const STORAGE_TYPES = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

function sizes(value: PickleValue | undefined): readonly number[] {
  const items = value instanceof Tuple ? value.items : undefined;
  if (!items || items.length > 8 || !items.every((item) => Number.isSafeInteger(item) && Number(item) >= 0)) {
    throw new PickleError({ says: 'pickle-sizes' });
  }
  return items as number[];
}

/** `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)` */
function rebuildTensor([storage, offset, size, stride]: readonly PickleValue[]): TensorView {
  if (!(storage instanceof Storage)) throw new PickleError({ says: 'pickle-no-storage' });
  const [start] = sizes(new Tuple([offset ?? null]));
  const shape = sizes(size);
  const strides = sizes(stride);
  if (shape.length !== strides.length) throw new PickleError({ says: 'pickle-strides' });
  const reach = shape.reduce((sum, length, axis) => sum + (length - 1) * (strides[axis] ?? 0), start ?? 0);
  if (!shape.includes(0) && reach >= storage.count) {
    throw new PickleError({ says: 'pickle-beyond-storage', key: storage.key });
  }
  return new TensorView(storage, start ?? 0, shape, strides);
}

/** `torch._utils._rebuild_parameter(data, requires_grad, hooks)` */
function rebuildParameter([data]: readonly PickleValue[]): TensorView {
  if (!(data instanceof TensorView)) throw new PickleError({ says: 'pickle-no-tensor' });
  return data;
}

/** Everything that a state dictionary's pickle may name. */
export const TORCH_GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map<string, PickleGlobal>([
  ...Object.entries(STORAGE_TYPES).map(([name, dtype]) => [`torch.${name}`, new StorageType(dtype)] as const),
  ['torch._utils._rebuild_tensor_v2', { call: rebuildTensor }],
  ['torch._utils._rebuild_parameter', { call: rebuildParameter }],
  [
    'collections.OrderedDict',
    {
      call(args) {
        if (args.length > 0) throw new PickleError({ says: 'pickle-dictionary' });
        return new Map<PickleValue, PickleValue>();
      },
    },
  ],
]);

/** ("storage", type, key, device, elements[, view]) → storage; the view (legacy) is null or (key, offset, size). */
export function readStorage(id: PickleValue): Storage {
  const [tag, type, key, , count, view] = id instanceof Tuple ? id.items : [];
  if (tag !== 'storage' || !(type instanceof StorageType) || typeof key !== 'string') {
    throw new PickleError({ says: 'pickle-outside' });
  }
  const [elements = 0] = sizes(new Tuple([count ?? null]));
  if (view == null) return new Storage(type.dtype, key, elements);
  const [, shift, length] = view instanceof Tuple ? view.items : [];
  const [from = 0, viewed = 0] = sizes(new Tuple([shift ?? null, length ?? null]));
  if (from + viewed > elements) throw new PickleError({ says: 'pickle-view', key });
  return new Storage(type.dtype, key, viewed, from, elements);
}

/** The tensors of a state dictionary by name; whatever else it holds is left out. */
export function readStateDictionary(value: PickleValue): Map<string, TensorView> {
  if (!(value instanceof Map)) throw new PickleError({ says: 'pickle-not-a-dictionary' });
  const tensors = new Map<string, TensorView>();
  for (const [name, tensor] of value as Map<PickleValue, PickleValue>) {
    if (typeof name === 'string' && tensor instanceof TensorView) tensors.set(name, tensor);
  }
  if (tensors.size === 0) throw new PickleError({ says: 'pickle-no-tensors' });
  return tensors;
}

export function isContiguous({ shape, strides }: TensorView): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis] ?? 1;
  }
  return true;
}

export function storageBytes({ dtype, count }: Storage): number {
  return count * (DTYPE_BYTES[dtype] ?? 0);
}
