import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { CaptureError } from '../capture/capture-error';
import { PacketReader } from '../capture/packet-reader';
import { captureFailure } from './capture-source';

/** Bytes of the capture that are read at once. */
const CHUNK_BYTES = 262_144;

/** These bytes identify a capture: pcap's header, or the beginning of pcapng's first block. */
const START_BYTES = 24;

/**
 * Opens a capture. It reads the beginning of a file, so that one that is no capture is refused before
 * anything else begins. A FIFO or a device is only opened, because it may have no bytes yet.
 * @param name the capture as messages name it, such as `--pcap node.pcap`
 * @throws FailureError of one line that names the capture, if it can't be read or is no capture
 */
export async function openCapture(file: string, name: string): Promise<Readable> {
  try {
    const stats = await stat(file);
    if (stats.isFile() || stats.isDirectory()) await lookAt(file);
    return createReadStream(file, { highWaterMark: CHUNK_BYTES });
  } catch (error) {
    throw captureFailure(name, error);
  }
}

/** @throws CaptureError where the file is no capture, or the error of the file system */
async function lookAt(file: string): Promise<void> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
    const reader = new PacketReader({ linkType: () => undefined, packet: () => undefined });
    reader.push(buffer.subarray(0, bytesRead));
    if (bytesRead < START_BYTES) reader.end();
  } catch (error) {
    // A file that ends in the middle is a capture: it is read to that point.
    if (!(error instanceof CaptureError) || error.fault !== 'cut-off') throw error;
  } finally {
    await handle.close();
  }
}
