/**
 * Reads the few kinds of value that a checkpoint's pickle is made of. A pickle is a program; this machine knows only
 * the instructions and names that build dictionaries of tensors, and runs nothing: names are looked up in a list that
 * the caller gives.
 */

import { conversionEn } from '../../domain/texts/conversion.en.ts';
import { write } from '../../domain/texts/told.ts';
import type { ConversionReason } from './errors.ts';

export class PickleError extends Error {
  override readonly name = 'PickleError';
  constructor(readonly reason: ConversionReason) {
    super(write(conversionEn.reasons, reason));
  }
}

/** Raised when the bytes end before the pickle does. */
export class PickleCutOff extends PickleError {}

/** A Python tuple. Lists are arrays. */
export class Tuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** Whatever a name in the caller's list stands for; it can be called only if it has `call`. */
export interface PickleGlobal {
  readonly call: ((args: readonly PickleValue[]) => PickleValue) | undefined;
}

export type PickleValue = null | boolean | number | bigint | string | object;

export interface Pickle {
  value: PickleValue;
  /** Bytes from the start to behind the pickle's last instruction. */
  length: number;
}

interface Names {
  /** By `module.name`. */
  globals: ReadonlyMap<string, PickleGlobal>;
  /** Makes the object that a persistent id (for torch: a storage) stands for. */
  persistent(id: PickleValue): PickleValue;
}

/** Marks the beginning of a list of arguments on the stack. */
const MARK = Symbol('mark');

/** A reader's position in the pickle. */
class Cursor {
  at = 0;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #take(length: number): number {
    if (length < 0 || this.at + length > this.#bytes.length)
      throw new PickleCutOff({ says: 'pickle-cut-off' });
    this.at += length;
    return this.at - length;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }
  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }
  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  uint64(): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value > BigInt(this.#bytes.length)) throw new PickleCutOff({ says: 'pickle-cut-off' });
    return Number(value);
  }
  float64(): number {
    return this.#view.getFloat64(this.#take(8));
  }
  /** Little-endian, two's complement, at most 16 bytes: checkpoints hold sizes and one magic number. */
  long(length: number): number | bigint {
    if (length > 16) throw new PickleError({ says: 'pickle-long-number', length });
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#view.getUint8(at + i));
    if (length > 0 && this.#view.getUint8(at + length - 1) >= 0x80) value -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  text(length: number): string {
    const at = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleCutOff({ says: 'pickle-cut-off' });
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }
}

/**
 * Reads the pickle that begins at the first byte.
 * @throws PickleError naming the instruction or name that is not allowed; PickleCutOff
 */
export function readPickle(bytes: Uint8Array, names: Names): Pickle {
  const cursor = new Cursor(bytes);
  const stack: (PickleValue | typeof MARK)[] = [];
  const memo = new Map<number, PickleValue>();

  const pop = (): PickleValue => {
    const value = stack.pop();
    if (value === undefined || value === MARK) throw new PickleError({ says: 'pickle-no-value' });
    return value;
  };
  const top = (): PickleValue => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const popToMark = (): PickleValue[] => {
    const at = stack.lastIndexOf(MARK);
    if (at < 0) throw new PickleError({ says: 'pickle-no-list' });
    return stack.splice(at).slice(1) as PickleValue[];
  };
  const tuple = (size: number): void => {
    const items = Array.from({ length: size }, pop).reverse();
    stack.push(new Tuple(items));
  };
  const setItems = (items: readonly PickleValue[]): void => {
    const dictionary = top();
    if (!(dictionary instanceof Map)) throw new PickleError({ says: 'pickle-set-item' });
    for (let i = 0; i + 1 < items.length; i += 2) dictionary.set(items[i], items[i + 1]);
  };
  const append = (items: readonly PickleValue[]): void => {
    const list = top();
    if (!Array.isArray(list)) throw new PickleError({ says: 'pickle-append' });
    for (const item of items) list.push(item);
  };
  const getGlobal = (module: string, name: string): void => {
    const found = names.globals.get(`${module}.${name}`);
    if (!found) throw new PickleError({ says: 'pickle-name', name: `${module}.${name}` });
    stack.push(found);
  };
  const reduce = (): void => {
    const args = pop();
    const callee = pop();
    if (!(args instanceof Tuple)) throw new PickleError({ says: 'pickle-no-arguments' });
    // Only what the list of names gave can be called: no value that the pickle made has a `call`.
    const call = callee !== null && typeof callee === 'object' && 'call' in callee ? callee.call : undefined;
    if (typeof call !== 'function') throw new PickleError({ says: 'pickle-no-function' });
    stack.push((call as NonNullable<PickleGlobal['call']>)(args.items));
  };
  const build = (): void => {
    pop();
    // State dictionaries carry module versions as an attribute; nothing else may have attributes.
    if (!(top() instanceof Map)) throw new PickleError({ says: 'pickle-set-attributes' });
  };
  const get = (index: number): void => {
    const value = memo.get(index);
    if (value === undefined) throw new PickleError({ says: 'pickle-no-memo' });
    stack.push(value);
  };

  for (;;) {
    const at = cursor.at;
    const code = cursor.uint8();
    switch (String.fromCharCode(code)) {
      case '\x80': // PROTO
        if (cursor.uint8() > 5) throw new PickleError({ says: 'pickle-version' });
        break;
      case '\x95': // FRAME
        cursor.uint64();
        break;
      case '.': // STOP
        return { value: pop(), length: cursor.at };
      case '(':
        stack.push(MARK);
        break;
      case '0': // POP
        stack.pop();
        break;
      case '1': // POP_MARK
        popToMark();
        break;
      case 'N':
        stack.push(null);
        break;
      case '\x88':
        stack.push(true);
        break;
      case '\x89':
        stack.push(false);
        break;
      case 'J': // BININT
        stack.push(cursor.int32());
        break;
      case 'K': // BININT1
        stack.push(cursor.uint8());
        break;
      case 'M': // BININT2
        stack.push(cursor.uint16());
        break;
      case '\x8a': // LONG1
        stack.push(cursor.long(cursor.uint8()));
        break;
      case 'G': // BINFLOAT
        stack.push(cursor.float64());
        break;
      case 'X': // BINUNICODE
        stack.push(cursor.text(cursor.uint32()));
        break;
      case '\x8c': // SHORT_BINUNICODE
      case 'U': // SHORT_BINSTRING
        stack.push(cursor.text(cursor.uint8()));
        break;
      case 'T': // BINSTRING
        stack.push(cursor.text(cursor.int32()));
        break;
      case ']':
        stack.push([]);
        break;
      case '}':
        stack.push(new Map<PickleValue, PickleValue>());
        break;
      case ')':
        stack.push(new Tuple([]));
        break;
      case '\x85':
        tuple(1);
        break;
      case '\x86':
        tuple(2);
        break;
      case '\x87':
        tuple(3);
        break;
      case 't':
        stack.push(new Tuple(popToMark()));
        break;
      case 'a':
        append([pop()]);
        break;
      case 'e':
        append(popToMark());
        break;
      case 's': {
        const value = pop();
        setItems([pop(), value]);
        break;
      }
      case 'u':
        setItems(popToMark());
        break;
      case 'q': // BINPUT
        memo.set(cursor.uint8(), top());
        break;
      case 'r': // LONG_BINPUT
        memo.set(cursor.uint32(), top());
        break;
      case '\x94': // MEMOIZE
        memo.set(memo.size, top());
        break;
      case 'h': // BINGET
        get(cursor.uint8());
        break;
      case 'j': // LONG_BINGET
        get(cursor.uint32());
        break;
      case 'c': {
        const module = cursor.line();
        getGlobal(module, cursor.line());
        break;
      }
      case '\x93': {
        // STACK_GLOBAL
        const name = pop();
        const module = pop();
        if (typeof name !== 'string' || typeof module !== 'string')
          throw new PickleError({ says: 'pickle-no-name' });
        getGlobal(module, name);
        break;
      }
      case 'Q': // BINPERSID
        stack.push(names.persistent(pop()));
        break;
      case 'R':
        reduce();
        break;
      case 'b':
        build();
        break;
      default:
        throw new PickleError({ says: 'pickle-instruction', code: `0x${code.toString(16)}`, at });
    }
  }
}
