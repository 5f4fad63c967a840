/**
 * Reads the few kinds of value that a checkpoint's pickle is made of. A pickle is a program; this machine knows only
 * the instructions and names that build dictionaries of tensors, and runs nothing: names are looked up in a list that
 * the caller gives.
 */

import { Cursor, PickleError } from './pickle-cursor.ts';

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
