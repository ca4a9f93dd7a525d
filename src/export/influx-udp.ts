import { type Socket, createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock';
import { FailureError, messageOf } from '../errors';
import type { Point } from '../metrics/point';
import type { Exporter, WriteResult } from './exporter';
import { LineSerializer } from './line';
import { Pacer } from './pacer';

/** Below the 1,472 bytes that Ethernet carries unfragmented (1,452 over IPv6), with room for a tunnel. */
const MAX_DATAGRAM = 1400;

/**
 * 3,000 datagrams a second, some 20,000 points. InfluxDB 1.6 with Linux's default socket buffer of 212,992 bytes (some 90
 * datagrams: the kernel counts 2,304 bytes for each) lost none of 100,000 points at this rate, 0.15 % at twice and
 * 0.5 % at four times of it on an idle machine of 2 cores; with two busy loops beside it 1 %, 14 % and 15 %. With a `read-buffer`
 * of 4 MiB it lost none at any of them. A burst fills a sixth of the default buffer.
 */
const DATAGRAMS_PER_SECOND = 3000;
const BURST = 15;

export interface InfluxUdpOptions {
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly datagramsPerSecond?: number;
}

/**
 * Line protocol in UDP datagrams, for InfluxDB 1.x and Telegraf. Nothing confirms a point: `sent` is what the kernel
 * took. Where the host answers that nothing listens (ICMP, so on near networks alone), the write fails, and the batch
 * goes out again; InfluxDB keeps a point that came twice once.
 */
export class InfluxUdpExporter implements Exporter {
  readonly name = 'influx+udp';
  private readonly serializer = new LineSerializer({ maxBytes: MAX_DATAGRAM });
  private readonly pacer: Pacer;
  private socket: Socket | undefined;
  /** What the network reported since the last look. */
  private refusal: Error | undefined;

  constructor(
    private readonly options: InfluxUdpOptions,
    modules: { readonly clock: Clock },
  ) {
    const perSecond = options.datagramsPerSecond ?? DATAGRAMS_PER_SECOND;
    this.pacer = new Pacer({ perSecond, burst: BURST }, modules);
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
      if (bytes > 0 && bytes + 1 + size > MAX_DATAGRAM) {
        await this.send(this.socket, datagram);
        datagram = '';
        bytes = 0;
      }
      datagram += bytes > 0 ? `\n${line}` : line;
      bytes += bytes > 0 ? size + 1 : size;
    }
    if (bytes > 0) await this.send(this.socket, datagram);
    // An ICMP answer to the last datagram is reported in the next turn of the event loop.
    await nextTurn();
    this.throwRefusal();
    return { sent: points.length - rejected, acked: 0, rejected, rejection };
  }

  close(): Promise<void> {
    this.disconnect();
    return Promise.resolve();
  }

  private async send(socket: Socket, datagram: string): Promise<void> {
    await this.pacer.take();
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
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
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
