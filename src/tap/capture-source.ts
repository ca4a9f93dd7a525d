import { CaptureError } from '../capture/capture-error';
import { CaptureReader } from '../capture/capture-reader';
import type {
  CapturedConnection,
  CaptureSink,
  CloseReason,
  ConnectionSink,
  FirstEnd,
} from '../capture/connection';
import type { CaptureCounters } from '../capture/counters';
import type { Side } from '../capture/stream';
import { readProblem } from '../lib/disk-errors';
import { FailureError } from '../lib/errors';
import type { EventBus } from '../lib/event-bus';
import { formatEndpoint } from '../p2p/endpoint';
import { hostOf } from '../p2p/join/ip';
import { NETWORKS, type NetworkName } from '../wire/networks';
import type { CaptureClock } from './capture-clock';
import { CaptureNode, type CaptureNodeSettings } from './capture-node';
import type { Direction, TapCloseReason } from './copy-format';
import { localAddresses } from './local-addresses';
import type { TapEvents } from './tap-events';
import { TapReader } from './tap-reader';

/** What is read of a capture. */
export interface CaptureSettings extends CaptureNodeSettings {
  readonly network: NetworkName;
}

/** What reading a capture needs. */
export interface CaptureModules {
  readonly bus: EventBus<TapEvents>;
  /** Goes on with the packets. */
  readonly clock: CaptureClock;
  readonly warn: (message: string) => void;
  /** Awaited after each chunk, so that reading waits where points do. */
  readonly ready?: () => Promise<void>;
  /** Ends reading as if the capture ended here. Its owner also destroys the stream. */
  readonly signal?: AbortSignal;
  /** The addresses of this machine. */
  readonly local?: ReadonlySet<string>;
}

/** What became of a capture. */
export interface CaptureSummary {
  readonly counters: Readonly<CaptureCounters>;
  /** Number of connections that were read. */
  readonly connections: number;
  /** Number of connections that are not the node's. */
  readonly others: number;
  /** Whether the capture ends in the middle of a packet. */
  readonly isCutOff: boolean;
}

/**
 * Reads a capture, pcap or pcapng, and emits the messages between the node and its peers, as a tap does.
 * Bytes that the capture lacks are reported as skipped. Times are those of the packets. A connection that
 * began before the capture is read from its first whole message on.
 * @param stream chunks of the capture; nobody may write to them again
 * @param name the capture as messages name it, such as `--pcap node.pcap`
 * @throws FailureError of one line that names the capture, if it can't be read or is no capture. Everything
 * before the fault has been emitted. A capture that ends in the middle is no error: one line reports it.
 */
export async function readCapture(
  stream: AsyncIterable<Buffer>,
  name: string,
  settings: CaptureSettings,
  modules: CaptureModules,
): Promise<CaptureSummary> {
  const tap = new CapturedTap(settings, name, modules);
  const reader = new CaptureReader(tap, { serverPorts: settings.ports });
  const isAborted = (): boolean => modules.signal?.aborted === true;
  let isCutOff = false;
  try {
    for await (const chunk of stream) {
      reader.push(chunk);
      await modules.ready?.();
      if (isAborted()) break;
    }
  } catch (error) {
    if (!isAborted()) {
      endOf(reader);
      throw captureFailure(name, error);
    }
  }
  const fault = endOf(reader);
  if (fault !== null && !isAborted()) {
    if (fault.fault !== 'cut-off') throw captureFailure(name, fault);
    isCutOff = true;
    modules.warn(`${name}: ${fault.message}; everything before it was read`);
  }
  return { counters: reader.counters, connections: tap.connections, others: tap.others, isCutOff };
}

/** Closes the connections of a capture. Returns what is wrong with its end. */
function endOf(reader: CaptureReader): CaptureError | null {
  try {
    reader.end();
    return null;
  } catch (error) {
    if (error instanceof CaptureError) return error;
    throw error;
  }
}

/** The error as one line with the name of the capture. Faults of the program stay as they are. */
export function captureFailure(name: string, error: unknown): unknown {
  if (error instanceof CaptureError) return new FailureError(`${name}: ${error.message}`);
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? new FailureError(`${name}: ${readProblem(error)}`) : error;
}

/** Gives the connections of a capture to the reader of a tap. */
class CapturedTap implements CaptureSink {
  connections = 0;
  others = 0;
  private readonly reader: TapReader;
  private readonly node: CaptureNode;
  private readonly clock: CaptureClock;

  constructor(
    settings: CaptureSettings,
    name: string,
    { bus, clock, local = localAddresses(), warn }: CaptureModules,
  ) {
    this.clock = clock;
    this.node = new CaptureNode(settings, local, (message) => warn(`${name}: ${message}`));
    const nowMs = (): number => clock.monotonicMs();
    this.reader = new TapReader(NETWORKS[settings.network].magic, bus, {
      monotonicMs: nowMs,
      wallMs: nowMs,
      offsetMs: 0,
    });
  }

  opened(connection: CapturedConnection, timeNs: bigint): ConnectionSink | null {
    const nodeSide = this.node.sideOf(connection);
    if (nodeSide === null) {
      this.others++;
      return null;
    }
    const { clock, reader } = this;
    const id = ++this.connections;
    const { host, port } = nodeSide === 'client' ? connection.server : connection.client;
    const peer = { host: hostOf(host), port };
    const at = (ns: bigint): number => {
      clock.advance(ns);
      return clock.monotonicMs();
    };
    const directionOf = (from: Side): Direction => (from === nodeSide ? 'out' : 'in');
    reader.opened(id, { outbound: nodeSide === 'client', ...peer, seenAs: formatEndpoint(peer) }, at(timeNs));
    if (!connection.sawOpening) reader.joined(id);
    return {
      data: (from, bytes, ns) => reader.data(id, directionOf(from), bytes, at(ns)),
      gap: (from, bytes, ns) => reader.gap(id, directionOf(from), bytes, at(ns)),
      closed: (reason, ns, firstEnd) =>
        reader.closed(
          id,
          { reason: closeReason(reason, nodeSide, firstEnd), bytes: { in: 0, out: 0 } },
          at(ns),
        ),
    };
  }
}

/** Why a captured connection ended. If the capture ends first, the reason is unknown. */
function closeReason(reason: CloseReason, nodeSide: Side, firstEnd: FirstEnd | null): TapCloseReason {
  if (reason === 'end') return 'stopped';
  if (firstEnd === null) return 'end-not-captured';
  const side = firstEnd.by === nodeSide ? 'node' : 'peer';
  return firstEnd.how === 'fin' ? `closed-by-${side}` : `reset-by-${side}`;
}
