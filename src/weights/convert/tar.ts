/** A file to put into an archive. */
export interface ArchiveFile {
  name: string;
  content: Blob;
}

const BLOCK = 512;

/** The largest size that the classic header's eleven octal digits hold: 8 GiB − 1 byte. */
const LARGEST = 0o77777777777;

function header({ name, content }: ArchiveFile): Uint8Array<ArrayBuffer> {
  if (name.length > 100 || content.size > LARGEST)
    throw new RangeError(`${name} does not fit a tar archive.`);
  const bytes = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => {
    bytes.set(new TextEncoder().encode(text), at);
  };
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  put(0, name);
  put(100, octal(0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(content.size, 11));
  put(136, octal(0, 11));
  // The checksum is made with spaces in its own place.
  put(148, ' '.repeat(8));
  put(156, '0');
  put(257, 'ustar\x0000');
  put(
    148,
    `${bytes
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
  );
  return bytes;
}

/**
 * One archive (POSIX ustar) of many files, to save a model build with every browser. The contents are referred to, not
 * copied, so an archive of gigabytes costs no memory.
 * @throws RangeError for a name beyond 100 characters or a file of 8 GiB and more
 */
export function makeTar(files: readonly ArchiveFile[]): Blob {
  const parts: BlobPart[] = [];
  for (const file of files) {
    parts.push(header(file), file.content, new Uint8Array((BLOCK - (file.content.size % BLOCK)) % BLOCK));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return new Blob(parts, { type: 'application/x-tar' });
}
