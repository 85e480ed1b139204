import { open } from 'node:fs/promises';

const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of a file, in pieces that share one buffer: each is overwritten by the next one. A stream makes a buffer for each,
 * which of a large file stay in memory until the next collection. Throws what reading a file throws.
 */
export async function* fileChunks(path: string): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
