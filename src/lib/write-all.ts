import type { FileHandle } from 'node:fs/promises';

/**
 * Writes all of the bytes, at a position of the file or, without one, where the last write ended. A disk that
 * becomes full takes a part of them first.
 * @throws the error of the system where it takes no more
 */
export async function writeAll(handle: FileHandle, bytes: Buffer, position?: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const at = position === undefined ? null : position + done;
    done += (await handle.write(bytes, done, bytes.length - done, at)).bytesWritten;
  }
}
