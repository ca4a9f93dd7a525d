import { EventBus } from '../../src/lib/event-bus';
import { CaptureClock } from '../../src/tap/capture-clock';
import {
  type CaptureModules,
  type CaptureSettings,
  type CaptureSummary,
  readCapture,
} from '../../src/tap/capture-source';
import type { TapConnection } from '../../src/tap/tap-connection';
import type { SkipReason, TapEvents } from '../../src/tap/tap-events';
import { type TapNode, watchTap } from './tap-node';

/** A node that is watched by a capture. */
export interface CapturedNode extends TapNode {
  readonly tap: EventBus<TapEvents>;
  readonly clock: CaptureClock;
  readonly connections: readonly TapConnection[];
  /** How each connection ended, by its number. */
  readonly ends: ReadonlyMap<number, string>;
  readonly skipped: Record<SkipReason, number>;
  readonly warnings: readonly string[];
  /** Reads a capture to its end, and writes the last interval. */
  readonly read: (
    chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
    settings?: Partial<CaptureSettings>,
  ) => Promise<CaptureSummary>;
}

/** Watches a node by a capture that is to be read. */
export function captured(modules: Partial<CaptureModules> = {}): CapturedNode {
  const tap = new EventBus<TapEvents>();
  const clock = new CaptureClock(5_000);
  const node = watchTap(tap, { clock });
  clock.onInterval(node.interval);
  const connections: TapConnection[] = [];
  const ends = new Map<number, string>();
  const skipped = { 'not-copied': 0, 'no-message': 0 };
  const warnings: string[] = [];
  tap.on('opened', ({ connection }) => connections.push(connection));
  tap.on('closed', ({ connection, reason }) => ends.set(connection.id, reason));
  tap.on('skipped', ({ bytes, why }) => (skipped[why] += bytes));
  return {
    ...{ ...node, tap, clock, connections, ends, skipped, warnings },
    read: async (chunks, settings = {}) => {
      const summary = await readCapture(
        asynchronous(chunks),
        '--pcap node.pcap',
        { network: 'regtest', ports: [18_444], hosts: [], ...settings },
        { bus: tap, clock, warn: (message) => warnings.push(message), local: new Set(), ...modules },
      );
      node.interval();
      return summary;
    },
  };
}

async function* asynchronous(chunks: Iterable<Buffer> | AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  yield* chunks;
}
