import { type Socket, createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock';
import { FailureError, UsageError, messageOf } from '../errors';
import type { Point } from '../metrics/point';
import { numberOption, parseTarget } from '../target';
import type { ExporterContext } from './context';
import type { Exporter, WriteResult } from './exporter';
import { LineSerializer } from './line';
import { type Pace, Pacer } from './pacer';

/** How its URL is written. */
export const INFLUX_UDP_FORM = 'influx+udp://host[:8089]';
const PORT = 8089;

/** Below the 1,472 bytes that Ethernet carries unfragmented (1,452 over IPv6), with room for a tunnel. */
const DATAGRAM_BYTES = 1400;

/**
 * 3,000 datagrams a second, some 20,000 points. InfluxDB 1.6 with Linux's default socket buffer of 212,992 bytes (some 90
 * datagrams: the kernel counts 2,304 bytes for each) lost none of 100,000 points at this rate, 0.15 % at twice and
 * 0.5 % at four times of it on an idle machine of 2 cores; with two busy loops beside it 1 %, 14 % and 15 %. With a `read-buffer`
 * of 4 MiB it lost none at any of them.
 */
const DATAGRAMS_PER_SECOND = 3000;

/**
 * What may go out at once, in seconds of the pace: 15 datagrams at the default one, a sixth of a default buffer. A timer takes
 * 1 ms or a little more, so that much less would not reach the pace.
 */
const BURST_SECONDS = 0.005;

/** How a receiver is reached, and how fast it is written to. */
export interface InfluxUdpOptions {
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The longest datagram in bytes; a longer line can't be sent. */
  readonly datagramBytes?: number | undefined;
  readonly datagramsPerSecond?: number | undefined;
  /** Undefined where datagrams alone are paced. */
  readonly bytesPerSecond?: number | undefined;
  /** Size of our socket's own buffer, in bytes; undefined for the system's. */
  readonly sendBufferBytes?: number | undefined;
}

/**
 * Line protocol in UDP datagrams, for InfluxDB 1.x and Telegraf. Nothing confirms a point: `sent` is what the kernel
 * took. Where the host answers that nothing listens (ICMP, so on near networks alone), the write fails, and the batch
 * goes out again; InfluxDB keeps a point that came twice once.
 */
export class InfluxUdpExporter implements Exporter {
  readonly name = 'influx+udp';
  private readonly datagramBytes: number;
  private readonly serializer: LineSerializer;
  private readonly datagrams: Pacer;
  private readonly bytes: Pacer | undefined;
  private socket: Socket | undefined;
  /** What the network reported since the last look. */
  private refusal: Error | undefined;

  constructor(
    private readonly options: InfluxUdpOptions,
    modules: { readonly clock: Clock },
  ) {
    this.datagramBytes = options.datagramBytes ?? DATAGRAM_BYTES;
    this.serializer = new LineSerializer({ maxBytes: this.datagramBytes });
    this.datagrams = new Pacer(pace(options.datagramsPerSecond ?? DATAGRAMS_PER_SECOND, 1), modules);
    const { bytesPerSecond } = options;
    this.bytes =
      bytesPerSecond === undefined ? undefined : new Pacer(pace(bytesPerSecond, this.datagramBytes), modules);
  }

  /** @throws FailureError where the host can't be resolved or reached from here */
  async open(): Promise<void> {
    const { host, port } = this.options;
    try {
      this.socket = await this.connect();
    } catch (error) {
      throw new FailureError(
        `export ${this.name}: the host ${host} (port ${port}) can't be used: ${messageOf(error)}`,
      );
    }
  }

  async write(points: readonly Point[]): Promise<WriteResult> {
    // The name is looked up again after a failure: a server that moved is found.
    this.socket ??= await this.connect();
    this.refusal = undefined;
    let rejected = 0;
    let rejection: string | undefined;
    let datagram = '';
    let bytes = 0;
    for (const point of points) {
      const line = this.serializer.serialize(point);
      if (typeof line !== 'string') {
        rejected++;
        rejection = line.detail;
        continue;
      }
      const size = Buffer.byteLength(line);
      // Lines are separated, not ended, by newlines: the last one needs none.
      if (bytes > 0 && bytes + 1 + size > this.datagramBytes) {
        await this.send(this.socket, datagram, bytes);
        datagram = '';
        bytes = 0;
      }
      datagram += bytes > 0 ? `\n${line}` : line;
      bytes += bytes > 0 ? size + 1 : size;
    }
    if (bytes > 0) await this.send(this.socket, datagram, bytes);
    // An ICMP answer to the last datagram is reported in the next turn of the event loop.
    await nextTurn();
    this.throwRefusal();
    return { sent: points.length - rejected, acked: 0, rejected, rejection };
  }

  close(): Promise<void> {
    this.disconnect();
    return Promise.resolve();
  }

  private async send(socket: Socket, datagram: string, bytes: number): Promise<void> {
    await this.datagrams.take();
    await this.bytes?.take(bytes);
    const error = await new Promise<Error | null>((resolve) => {
      socket.send(datagram, resolve);
    });
    this.refusal ??= error ?? undefined;
    this.throwRefusal();
  }

  private throwRefusal(): void {
    if (this.refusal === undefined) return;
    this.disconnect();
    throw this.refusal;
  }

  private async connect(): Promise<Socket> {
    const { address, family } = await lookup(this.options.host);
    const { sendBufferBytes } = this.options;
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ...(sendBufferBytes === undefined ? {} : { sendBufferSize: sendBufferBytes }),
    });
    socket.on('error', (error) => {
      this.refusal ??= error;
    });
    await new Promise<void>((resolve, reject) => {
      // Without a receiver the socket would still be connected: this fails for want of a route alone.
      socket.once('error', reject);
      socket.connect(this.options.port, address, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    // The monitor ends when its sources do, never waits for this socket.
    socket.unref();
    return socket;
  }

  private disconnect(): void {
    this.socket?.close();
    this.socket = undefined;
  }
}

/** The pace for so many units a second, where `least` of them must pass at once. */
function pace(perSecond: number, least: number): Pace {
  return { perSecond, burst: Math.max(least, Math.ceil(perSecond * BURST_SECONDS)) };
}

/**
 * The exporter of a URL; `rest` is what stands behind its scheme. Options: `datagram` (bytes of the longest), `datagrams`
 * and `bytes` (a second), `buffer` (bytes of our socket's own).
 * @throws UsageError
 */
export function createInfluxUdp(rest: string, { clock }: ExporterContext): InfluxUdpExporter {
  const target = parseTarget(rest, {
    scheme: 'influx+udp',
    form: INFLUX_UDP_FORM,
    defaultPort: PORT,
    options: ['datagram', 'datagrams', 'bytes', 'buffer'],
  });
  const { host, port, path, shown, options } = target;
  if (path !== '') throw new UsageError(`${shown}: the server knows its database; use ${INFLUX_UDP_FORM}`);
  const given = (name: string, least: number, most: number): number | undefined =>
    options.has(name) ? numberOption(target, name, { fallback: 0, least, most }) : undefined;
  return new InfluxUdpExporter(
    {
      host,
      port,
      // No IPv4 datagram is longer.
      datagramBytes: given('datagram', 512, 65_507),
      datagramsPerSecond: given('datagrams', 1, 1_000_000),
      bytesPerSecond: given('bytes', 1_000, 10_000_000_000),
      sendBufferBytes: given('buffer', 4_096, 1_073_741_824),
    },
    { clock },
  );
}
