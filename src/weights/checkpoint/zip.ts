import { ConversionError, type ConversionReason } from './errors.ts';
import type { SourceFile } from './source.ts';

/** A file in an archive, stored as it is. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Byte in the archive where its header begins. */
  readonly headerOffset: number;
}

/** A LLaMA-2 file has some 300 entries of about 100 bytes. */
const DIRECTORY_LIMIT = 16 * 2 ** 20;

/** End record with the longest comment it can have. */
const LONGEST_END = 22 + 0xffff;

const END = 0x06054b50;
const END_64_LOCATOR = 0x07064b50;
const END_64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

function bad(file: SourceFile, reason: ConversionReason): ConversionError {
  return new ConversionError('bad-archive', {
    file: file.name,
    reason,
    next: 'save-with-torch',
  });
}

/** A position or size of eight bytes. @throws ConversionError beyond what the archive can have */
function size64(file: SourceFile, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(file.size)) throw bad(file, { says: 'archive-beyond', position: value });
  return Number(value);
}

async function readView(
  file: SourceFile,
  offset: number,
  length: number,
  signal?: AbortSignal,
): Promise<DataView> {
  if (offset < 0 || offset + length > file.size) {
    throw bad(file, { says: 'archive-beyond', position: offset + length });
  }
  return new DataView((await file.read(offset, length, signal)).buffer);
}

/** Where the central directory lies and how many entries it has, from the archive's end. */
async function findDirectory(
  file: SourceFile,
  signal?: AbortSignal,
): Promise<{ offset: number; size: number; count: number }> {
  const length = Math.min(file.size, LONGEST_END);
  const start = file.size - length;
  const tail = await readView(file, start, length, signal);
  for (let at = length - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END || at + 22 + tail.getUint16(at + 20, true) !== length) continue;
    const locator = at - 20;
    if (locator >= 0 && tail.getUint32(locator, true) === END_64_LOCATOR) {
      const end = await readView(file, size64(file, tail, locator + 8), 56, signal);
      if (end.getUint32(0, true) !== END_64) throw bad(file, { says: 'archive-end-64' });
      return { count: size64(file, end, 32), size: size64(file, end, 40), offset: size64(file, end, 48) };
    }
    return {
      count: tail.getUint16(at + 10, true),
      size: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
  }
  throw bad(file, { says: 'archive-end' });
}

/**
 * Lists an archive of stored files, with 64-bit sizes where they are used.
 * @throws ConversionError `bad-archive` for anything that torch.save does not write: compressed or encrypted entries,
 * entries that overlap or lie outside the file, two of one name
 */
export async function listZip(file: SourceFile, signal?: AbortSignal): Promise<Map<string, ZipEntry>> {
  const { offset, size, count } = await findDirectory(file, signal);
  if (size > DIRECTORY_LIMIT) throw bad(file, { says: 'archive-too-large', size });
  const view = await readView(file, offset, size, signal);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > size || view.getUint32(at, true) !== CENTRAL) throw bad(file, { says: 'archive-damaged' });
    const { entry, length } = readCentralEntry(file, view, at);
    if (entries.has(entry.name)) throw bad(file, { says: 'archive-name-twice', name: entry.name });
    entries.set(entry.name, entry);
    at += length;
  }
  refuseOverlaps(file, [...entries.values()], offset);
  return entries;
}

function readCentralEntry(file: SourceFile, view: DataView, at: number): { entry: ZipEntry; length: number } {
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const length = 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  if (at + length > view.byteLength) throw bad(file, { says: 'archive-damaged' });
  const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength));
  if ((view.getUint16(at + 8, true) & 1) !== 0) throw bad(file, { says: 'archive-encrypted', name });
  if (view.getUint16(at + 10, true) !== 0) {
    throw bad(file, { says: 'archive-compressed', name });
  }
  let stored = view.getUint32(at + 20, true);
  let size = view.getUint32(at + 24, true);
  let headerOffset = view.getUint32(at + 42, true);
  // Fields that don't fit 32 bits are all ones and stand, in this order, in the extra field of kind 1.
  for (let extra = at + 46 + nameLength; extra + 4 <= at + 46 + nameLength + extraLength;) {
    const kind = view.getUint16(extra, true);
    const end = extra + 4 + view.getUint16(extra + 2, true);
    let field = extra + 4;
    const next = (): number => {
      if (field + 8 > end || end > at + length) throw bad(file, { says: 'archive-size-64', name });
      field += 8;
      return size64(file, view, field - 8);
    };
    if (kind === 1) {
      if (size === 0xffffffff) size = next();
      if (stored === 0xffffffff) stored = next();
      if (headerOffset === 0xffffffff) headerOffset = next();
    }
    extra = end;
  }
  if (stored !== size) throw bad(file, { says: 'archive-two-sizes', name, stored, size });
  return { entry: { name, size, headerOffset }, length };
}

function refuseOverlaps(file: SourceFile, entries: ZipEntry[], directory: number): void {
  entries.sort((a, b) => a.headerOffset - b.headerOffset);
  entries.forEach((entry, i) => {
    const end = entries[i + 1]?.headerOffset ?? directory;
    if (entry.headerOffset + 30 + entry.size > end) {
      throw bad(file, { says: 'archive-overlap', name: entry.name });
    }
  });
}

/** Byte in the archive where an entry's content begins. */
export async function locateZipEntry(
  file: SourceFile,
  entry: ZipEntry,
  signal?: AbortSignal,
): Promise<number> {
  const header = await readView(file, entry.headerOffset, 30, signal);
  if (header.getUint32(0, true) !== LOCAL || header.getUint16(8, true) !== 0) {
    throw bad(file, { says: 'archive-no-header', name: entry.name });
  }
  const start = entry.headerOffset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + entry.size > file.size) throw bad(file, { says: 'archive-entry-beyond', name: entry.name });
  return start;
}
