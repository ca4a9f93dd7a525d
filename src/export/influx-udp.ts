import { type Socket, createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../lib/clock';
import { FailureError, UsageError, messageOf } from '../lib/errors';
import type { Point } from '../metrics/point';
import { type WriteResult, unconfirmed } from '../metrics/write-result';
import { type Lookup, startingWith, systemLookup } from '../lib/lookup';
import { numberOption, parseOptionUrl } from '../lib/option-url';
import type { ExporterContext } from './context';
import { Datagrams } from './datagrams';
import type { Exporter } from './exporter';
import { INFLUX_UDP_FORM } from './influx-udp-form';
import { LineSerializer } from './line';
import { type Pace, Pacer } from './pacer';
import { waitAtMost } from '../lib/wait-at-most';

const PORT = 8089;

/** Below the 1,472 bytes that Ethernet carries unfragmented (1,452 over IPv6), with room for a tunnel. */
const DATAGRAM_BYTES = 1400;

/**
 * 3,000 datagrams a second, some 20,000 points. InfluxDB 1.6 with Linux's default socket buffer of 212,992
 * bytes (some 90 datagrams: the kernel counts 2,304 bytes for each) lost none of 100,000 points at this rate,
 * 0.15 % at twice and 0.5 % at four times of it on an idle machine of 2 cores; with two busy loops beside it
 * 1 %, 14 % and 15 %. With a `read-buffer` of 4 MiB it lost none at any of them.
 */
const DATAGRAMS_PER_SECOND = 3000;

/**
 * Size of a burst, in seconds of the pace: 15 datagrams at the default pace, a sixth of a default buffer. A
 * timer takes 1 ms or a little more, so a much smaller burst would not reach the pace.
 */
const BURST_SECONDS = 0.005;

/**
 * A look-up of this age is repeated in the background, so that a receiver that moved is followed within a
 * minute.
 */
const LOOK_AGAIN_MS = 30_000;

/**
 * After a look-up of this age, as when nothing was written for long, the new one is waited for, but no longer
 * than WAIT_MS.
 */
const TOO_OLD_MS = 60_000;
const WAIT_MS = 2_000;

/** How a receiver is reached, and how fast it is written to. */
export interface InfluxUdpOptions {
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The longest datagram in bytes; a longer line can't be sent. */
  readonly datagramBytes?: number | undefined;
  readonly datagramsPerSecond?: number | undefined;
  /** Undefined where only datagrams are paced. */
  readonly bytesPerSecond?: number | undefined;
  /** Size of our socket's own buffer, in bytes; undefined for the system's. */
  readonly sendBufferBytes?: number | undefined;
}

/**
 * Line protocol in UDP datagrams, for InfluxDB 1.x and Telegraf. Nothing confirms a point: `sent` is what the
 * kernel took. If the host answers that nothing listens (by ICMP, so only in near networks), the batch is
 * sent again to the next address of the host. If no address is left, the write fails. InfluxDB stores a
 * duplicate point once.
 */
export class InfluxUdpExporter implements Exporter {
  readonly name = 'influx+udp';
  private readonly datagramBytes: number;
  private readonly serializer: LineSerializer;
  private readonly datagrams: Pacer;
  private readonly bytes: Pacer | undefined;
  private readonly clock: Clock;
  private readonly lookup: Lookup;
  private socket: Socket | undefined;
  /** The address that the socket is connected to, or was before. */
  private address: string | undefined;
  private addresses: readonly string[] = [];
  /** When the name was looked up last, on the monotonic clock. */
  private lookedUpMs = -Infinity;
  private looking: Promise<void> | undefined;
  /** An error that the network reported for an earlier datagram. */
  private refusal: Error | undefined;

  constructor(
    private readonly options: InfluxUdpOptions,
    modules: { readonly clock: Clock; readonly lookup?: Lookup },
  ) {
    this.clock = modules.clock;
    this.lookup = modules.lookup ?? systemLookup;
    this.datagramBytes = options.datagramBytes ?? DATAGRAM_BYTES;
    this.serializer = new LineSerializer({ maxBytes: this.datagramBytes });
    this.datagrams = new Pacer(pace(options.datagramsPerSecond ?? DATAGRAMS_PER_SECOND, 1), modules);
    const { bytesPerSecond } = options;
    this.bytes =
      bytesPerSecond === undefined ? undefined : new Pacer(pace(bytesPerSecond, this.datagramBytes), modules);
  }

  /** @throws FailureError if the host can't be resolved or reached from here */
  async open(): Promise<void> {
    const { host, port } = this.options;
    try {
      await this.lookUp();
      await this.eachAddress((address) => this.use(address));
    } catch (error) {
      throw new FailureError(
        `export ${this.name}: the host ${host} (port ${port}) can't be used: ${messageOf(error)}`,
      );
    }
  }

  async write(points: readonly Point[]): Promise<WriteResult> {
    await this.follow();
    return this.eachAddress(async (address) => this.writeTo(await this.use(address), points));
  }

  close(): Promise<void> {
    this.disconnect();
    return Promise.resolve();
  }

  private async writeTo(socket: Socket, points: readonly Point[]): Promise<WriteResult> {
    // A late error is about earlier points. It is only of use where another address may have a receiver.
    if (this.addresses.length > 1) this.throwRefusal();
    this.refusal = undefined;
    const datagrams = new Datagrams(this.datagramBytes);
    const { taken, rejection } = this.serializer.serializeEach(points, (line) => datagrams.add(line));
    for (const datagram of datagrams.all()) await this.send(socket, datagram);
    // The kernel reports an ICMP answer to the last datagram in the next turn of the event loop; this turn
    // may be at its end.
    await nextTurn();
    await nextTurn();
    this.throwRefusal();
    return unconfirmed(taken, rejection);
  }

  /**
   * Tries the receiver's addresses, one after the other, until the action succeeds with one.
   * @throws Error that names what is wrong with each
   */
  private async eachAddress<T>(action: (address: string) => Promise<T>): Promise<T> {
    const addresses = startingWith(this.address, this.addresses);
    const failures: Error[] = [];
    for (const address of addresses) {
      try {
        return await action(address);
      } catch (error) {
        this.disconnect();
        if (addresses.length === 1) throw error;
        failures.push(new Error(`${address}: ${messageOf(error)}`));
      }
    }
    throw failures.length > 0 ? new AggregateError(failures) : new Error('the name has no address');
  }

  /** Looks the name up again when it is time to. If that fails, the addresses stay as they are. */
  private async follow(): Promise<void> {
    const age = this.clock.monotonicMs() - this.lookedUpMs;
    // Without a socket the last write has failed: the receiver may have moved.
    if (age < LOOK_AGAIN_MS && this.socket !== undefined) return;
    this.looking ??= this.lookUp().finally(() => (this.looking = undefined));
    const looking = this.looking.catch(() => undefined);
    if (age >= TOO_OLD_MS || this.socket === undefined) await waitAtMost(WAIT_MS, looking);
  }

  private async lookUp(): Promise<void> {
    const { host } = this.options;
    this.lookedUpMs = this.clock.monotonicMs();
    this.addresses = isIP(host) === 0 ? await this.lookup(host) : [host];
  }

  private async send(socket: Socket, datagram: Buffer): Promise<void> {
    await this.datagrams.take();
    await this.bytes?.take(datagram.length);
    const error = await new Promise<Error | null>((resolve) => {
      socket.send(datagram, resolve);
    });
    this.refusal ??= error ?? undefined;
    this.throwRefusal();
  }

  private throwRefusal(): void {
    if (this.refusal === undefined) return;
    const { refusal } = this;
    this.refusal = undefined;
    this.disconnect();
    throw refusal;
  }

  /** The socket to an address. Makes a new one if there is none, or if it is connected to another address. */
  private async use(address: string): Promise<Socket> {
    if (this.socket !== undefined && this.address === address) return this.socket;
    this.disconnect();
    this.address = address;
    this.socket = await this.connect(address);
    return this.socket;
  }

  private async connect(address: string): Promise<Socket> {
    const { sendBufferBytes } = this.options;
    const socket = createSocket({
      type: isIP(address) === 6 ? 'udp6' : 'udp4',
      ...(sendBufferBytes === undefined ? {} : { sendBufferSize: sendBufferBytes }),
    });
    socket.on('error', (error) => {
      // An error of a socket that was replaced does not matter any more.
      if (this.socket === socket) this.refusal ??= error;
    });
    await new Promise<void>((resolve, reject) => {
      // A UDP socket connects without a receiver as well: this fails only where there is no route.
      const failed = (error: Error): void => {
        socket.close();
        reject(error);
      };
      socket.once('error', failed);
      socket.connect(this.options.port, address, () => {
        socket.off('error', failed);
        resolve();
      });
    });
    // The socket must not keep the program running.
    socket.unref();
    return socket;
  }

  private disconnect(): void {
    this.socket?.close();
    this.socket = undefined;
  }
}

/** The pace for a number of units a second, with bursts of at least `least` units. */
function pace(perSecond: number, least: number): Pace {
  return { perSecond, burst: Math.max(least, Math.ceil(perSecond * BURST_SECONDS)) };
}

/**
 * Makes the exporter of a URL; `rest` is the URL after its scheme. Options: `datagram` (bytes of the
 * longest), `datagrams` and `bytes` (a second), `buffer` (bytes of our socket's own).
 * @throws UsageError
 */
export function createInfluxUdp(rest: string, { clock }: ExporterContext): InfluxUdpExporter {
  const target = parseOptionUrl(rest, {
    scheme: 'influx+udp',
    form: INFLUX_UDP_FORM,
    defaultPort: PORT,
    options: ['datagram', 'datagrams', 'bytes', 'buffer'],
    mayHaveZone: true,
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
