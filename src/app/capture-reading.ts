import type { Readable } from 'node:stream';
import type { PointQueue } from '../export/point-queue';
import { EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import type { PolicyName } from '../policy/standardness';
import { CaptureClock } from '../tap/capture-clock';
import { type CaptureSettings, readCapture } from '../tap/capture-source';
import type { TapEvents } from '../tap/tap-events';
import { complainTo, sinkTo } from './collectors';
import { readTap } from './tapping';
import { untilTaken } from './until-taken';
import { WatchedNode } from './watched-node';

/** A capture that is read. */
export interface CaptureConfig {
  /** The tag `node` of its points. */
  readonly node: string;
  /** The capture as messages name it, such as `--pcap node.pcap`. */
  readonly name: string;
  /** @throws FailureError of one line that names the capture, if it can't be opened or is no capture */
  readonly open: () => Promise<Readable>;
  readonly settings: Omit<CaptureSettings, 'network'>;
}

export interface CaptureModules {
  /** The capture, opened. */
  readonly stream: Readable;
  readonly queues: readonly PointQueue[];
  readonly log: Log;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/**
 * Reads a capture to its end. The points get the times of its packets. If points come faster than they are
 * written, reading waits, so no point is lost.
 * @throws FailureError of one line that names the capture, if it can't be read or is no capture
 */
export async function readCaptureOf(
  { node: name, name: shown, settings }: CaptureConfig,
  options: Pick<CaptureSettings, 'network'> & {
    readonly intervalMs: number;
    readonly policy: PolicyName;
    readonly maxUserAgents: number;
  },
  { stream, queues, log, signal }: CaptureModules,
): Promise<void> {
  const clock = new CaptureClock(options.intervalMs);
  const node = new WatchedNode(
    // These options are those of the program, but the captured node has another name.
    { ...options, node: name },
    {
      ...{ clock, sink: sinkTo(queues), complain: complainTo(log) },
      // The monotonic clock of this node follows the packets.
      unixTime: () => clock.monotonicMs() / 1_000,
    },
  );
  // Otherwise reading would wait for a pipe that sends nothing.
  signal.addEventListener('abort', () => stream.destroy());
  const bus = new EventBus<TapEvents>();
  readTap(bus, node, { clock, log, isAsked: false });
  let missingMessages = 0;
  bus.on('broken', () => missingMessages++);
  // The account of this run begins at the captured time.
  clock.onBegin((firstMs) => node.account(firstMs));
  clock.onInterval(() => node.interval());
  const { counters, connections, others, isCutOff } = await readCapture(
    stream,
    shown,
    { ...settings, network: options.network },
    { bus, clock, signal, warn: (message) => log.warn(message), ready: () => untilTaken(queues, signal) },
  );
  clock.end();
  log.info('the capture is read', {
    ...{ connections, otherConnections: others, packets: counters.packets, isCutOff },
    ...{
      lostBytes: counters.lostBytes,
      // A lower bound: a message that is missing as a whole can't be counted.
      missingMessages,
      repeatedBytes: counters.repeatedBytes,
      malformed: counters.malformed,
    },
  });
}
