/**
 * Streams being read. Chromium's byte streams of Blobs are not kept alive by a read that waits: when garbage is
 * collected meanwhile, reader, stream and the waiting function go together, and the read never ends.
 */
const reading = new Set<ReadableStream>();

/**
 * Reads a stream of known length, where the platform can (a byte stream) straight into memory that is used again.
 * Otherwise every piece leaves its own memory to the garbage collector, which a thread that passes its arrays on hardly
 * ever runs.
 * @param length bytes that the stream should have
 * @param into memory to use if it is large enough; it may be detached
 * @param onPiece called for each piece that comes
 * @returns the bytes, at the start of their buffer, and how many came: not `length` when the stream was cut off, more
 * when it goes on (the rest is not read)
 */
export async function readStream(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  length: number,
  into?: ArrayBuffer,
  onPiece?: () => void,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; found: number }> {
  reading.add(stream);
  try {
    return await readHeld(stream, length, into, onPiece);
  } finally {
    reading.delete(stream);
  }
}

async function readHeld(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  length: number,
  into?: ArrayBuffer,
  onPiece?: () => void,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; found: number }> {
  const memory = into && into.byteLength >= length ? into : new ArrayBuffer(length);
  let reader;
  try {
    reader = stream.getReader({ mode: 'byob' });
  } catch {
    return readPieces(stream.getReader(), new Uint8Array(memory, 0, length), onPiece);
  }
  // Each read takes the memory away and gives it back as another buffer.
  let buffer = memory;
  let found = 0;
  while (found < length) {
    const { value, done } = await reader.read(new Uint8Array(buffer, found, length - found));
    if (value) buffer = value.buffer;
    if (done) return { bytes: new Uint8Array(buffer, 0, length), found };
    found += value.length;
    onPiece?.();
  }
  const { done } = await reader.read(new Uint8Array(1));
  if (!done) {
    found++;
    await reader.cancel();
  }
  return { bytes: new Uint8Array(buffer, 0, length), found };
}

async function readPieces(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  bytes: Uint8Array<ArrayBuffer>,
  onPiece?: () => void,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; found: number }> {
  let found = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    if (found + value.length <= bytes.length) bytes.set(value, found);
    found += value.length;
    onPiece?.();
    if (found <= bytes.length) continue;
    await reader.cancel();
    break;
  }
  return { bytes, found };
}
