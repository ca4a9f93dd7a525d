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
  /** @throws FailureError of one line that names the capture, where it can't be opened or is none */
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
 * Reads a capture to its end. The points get the times of its packets. No point is lost because reading is
 * faster than writing: reading waits.
 * @throws FailureError of one line that names the capture, where it can't be read or is none
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
    // The options are those of the program, which has another name.
    { ...options, node: name },
    {
      ...{ clock, sink: sinkTo(queues), complain: complainTo(log) },
      // Its monotonic clock is that of the packets.
      unixTime: () => clock.monotonicMs() / 1_000,
    },
  );
  // A pipe that nothing comes from would be waited for.
  signal.addEventListener('abort', () => stream.destroy());
  const bus = new EventBus<TapEvents>();
  readTap(bus, node, { clock, log, isAsked: false });
  let missingMessages = 0;
  bus.on('broken', () => missingMessages++);
  // The run that is accounted for is that of the captured time.
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
      // At least: those that are missing as a whole are not known.
      missingMessages,
      repeatedBytes: counters.repeatedBytes,
      malformed: counters.malformed,
    },
  });
}
