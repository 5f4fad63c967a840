import { ConversionError } from '../checkpoint/errors.ts';
import type { JsonObject } from '../checkpoint/source.ts';
import { makeBpeTokenizer } from './bpe-tokenizer.ts';

const FILE = 'tokenizer.model';

type SentencePieceFault =
  'cut-off' | 'not-sentencepiece' | 'no-pieces' | 'not-bpe' | 'no-special-pieces' | 'piece-twice';

function bad(says: SentencePieceFault): ConversionError {
  return new ConversionError('bad-tokenizer', {
    file: FILE,
    reason: { says },
    next: 'base-tokenizer',
  });
}

/** SentencePiece's kinds of piece (sentencepiece_model.proto). */
const KIND = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 } as const;

const BPE = 2;

interface Piece {
  text: string;
  score: number;
  kind: number;
}

type Field = { key: number; value: number | Uint8Array };

/** The fields of a protocol buffer message: numbers for varints, bytes for everything with a length. */
function* readFields(bytes: Uint8Array): Generator<Field> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 63) throw bad('cut-off');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const key = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { key, value: varint() };
        break;
      case 2: {
        const length = varint();
        if (at + length > bytes.length) throw bad('cut-off');
        yield { key, value: bytes.subarray(at, at + length) };
        at += length;
        break;
      }
      case 5:
        if (at + 4 > bytes.length) throw bad('cut-off');
        yield { key, value: view.getFloat32(at, true) };
        at += 4;
        break;
      case 1:
        at += 8;
        break;
      default:
        throw bad('not-sentencepiece');
    }
  }
}

function readPiece(bytes: Uint8Array): Piece {
  const piece = { text: '', score: 0, kind: KIND.normal as number };
  for (const { key, value } of readFields(bytes)) {
    if (key === 1 && value instanceof Uint8Array) piece.text = new TextDecoder().decode(value);
    else if (key === 2 && typeof value === 'number') piece.score = value;
    else if (key === 3 && typeof value === 'number') piece.kind = value;
  }
  return piece;
}

/** Number of a field in a nested message, or its default. */
function readNumber(bytes: Uint8Array, wanted: number, fallback: number): number {
  let found = fallback;
  for (const { key, value } of readFields(bytes))
    if (key === wanted && typeof value === 'number') found = value;
  return found;
}

/**
 * Pairs that byte-pair encoding joins, best first: every way to cut a piece into two pieces, ordered by the piece's
 * score, then by the longer first half. SentencePiece itself keeps no such list.
 */
function deriveMerges(pieces: readonly Piece[], ids: ReadonlyMap<string, number>): string[] {
  const merges: { left: string; right: string; score: number; leftLength: number; rightLength: number }[] =
    [];
  for (const { text, score, kind } of pieces) {
    if (kind !== KIND.normal) continue;
    const letters = Array.from(text);
    const cuts = letters
      .slice(1)
      .map((_, i) => ({
        left: letters.slice(0, i + 1).join(''),
        right: letters.slice(i + 1).join(''),
        score,
        leftLength: i + 1,
        rightLength: letters.length - i - 1,
      }))
      .filter(({ left, right }) => ids.has(left) && ids.has(right));
    const id = (piece: string): number => ids.get(piece) ?? 0;
    merges.push(...cuts.sort((a, b) => id(a.left) - id(b.left) || id(a.right) - id(b.right)));
  }
  merges.sort((a, b) => b.score - a.score || b.leftLength - a.leftLength || b.rightLength - a.rightLength);
  return merges.map(({ left, right }) => `${left} ${right}`);
}

/**
 * Turns LLaMA's tokenizer.model (SentencePiece, BPE with byte fallback) into the tokenizer.json that WebLLM reads.
 * @throws ConversionError `bad-tokenizer` for a damaged file or another kind of model
 */
export function convertSentencePiece(bytes: Uint8Array): JsonObject {
  const pieces: Piece[] = [];
  let modelType = 1;
  for (const { key, value } of readFields(bytes)) {
    if (!(value instanceof Uint8Array)) continue;
    if (key === 1) pieces.push(readPiece(value));
    else if (key === 2) modelType = readNumber(value, 3, 1);
  }
  if (pieces.length === 0) throw bad('no-pieces');
  if (modelType !== BPE) throw bad('not-bpe');
  const unknown = pieces.find(({ kind }) => kind === KIND.unknown)?.text;
  const bos = pieces.findIndex(({ text, kind }) => text === '<s>' && kind === KIND.control);
  if (unknown === undefined || bos < 0) throw bad('no-special-pieces');
  const ids = new Map(pieces.map(({ text }, id) => [text, id]));
  if (ids.size !== pieces.length) throw bad('piece-twice');

  return makeBpeTokenizer({
    ids,
    merges: deriveMerges(pieces, ids),
    unknown,
    bos,
    added: pieces.flatMap(({ text, kind }, id) =>
      kind === KIND.unknown || kind === KIND.control || kind === KIND.userDefined
        ? [{ id, content: text, special: kind !== KIND.userDefined }]
        : [],
    ),
  });
}
