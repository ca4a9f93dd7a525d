import { ByteFeed } from './byte-feed';
import { CaptureError } from './capture-error';
import type { FormatReader, PacketSink } from './packet';
import { isPcap, PcapReader } from './pcap-reader';
import { isPcapNg, PcapNgReader } from './pcapng-reader';

/** The number of bytes by which the format is known. */
const START_BYTES = 8;

/**
 * Reads a capture, pcap or pcapng, that comes in chunks, which may end anywhere. It keeps at most one packet.
 * It passes on views of the chunks, so don't write to a chunk again.
 */
export class PacketReader {
  private readonly feed = new ByteFeed();
  private format: FormatReader | null = null;
  private isBroken = false;

  constructor(private readonly sink: PacketSink) {}

  /**
   * Takes a chunk, and hands on each packet that is complete. After an error it ignores what comes.
   * @throws CaptureError
   */
  push(chunk: Buffer): void {
    if (this.isBroken) return;
    this.feed.add(chunk);
    try {
      for (;;) {
        const offset = this.nextOffset();
        const bytes = this.feed.take(this.format?.wanted ?? START_BYTES);
        if (bytes === null) return;
        if (this.format === null) this.format = formatOf(bytes, this.sink);
        else this.feed.skip(this.format.step(bytes, offset));
      }
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }

  /**
   * The capture has ended.
   * @throws CaptureError if it is no capture or ends in the middle, unless `push` has thrown
   */
  end(): void {
    if (this.isBroken) return;
    this.isBroken = true;
    const { feed, format } = this;
    const length = feed.offset;
    if (format === null)
      throw new CaptureError(
        'no-capture',
        length === 0
          ? 'no capture: it has no bytes'
          : `no capture: it has ${length} bytes; a header alone has 24`,
      );
    const within = format.within ?? (feed.begun > 0 ? 'a header' : null);
    if (within !== null)
      throw new CaptureError('cut-off', `the capture ends in the middle of ${within}, after ${length} bytes`);
  }

  /** The offset of the next bytes to take. Some of them may be in memory already. */
  private nextOffset(): number {
    return this.feed.offset - this.feed.begun + this.feed.leftToSkip;
  }
}

function formatOf(start: Buffer, sink: PacketSink): FormatReader {
  if (isPcap(start)) return new PcapReader(start, sink);
  if (isPcapNg(start)) return new PcapNgReader(start, sink);
  const isGzip = start.readUInt16BE(0) === 0x1f8b;
  throw new CaptureError(
    'no-capture',
    isGzip
      ? 'no capture: it is packed with gzip; unpack it first, as in: gunzip -c FILE'
      : `no capture: it begins with ${start.toString('hex', 0, 4)}; give pcap or pcapng, as tcpdump -w writes it`,
  );
}
