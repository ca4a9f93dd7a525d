import type { EventBus } from '../lib/event-bus';
import type { MonitorEvents } from '../metrics/collector';
import type { CountedCommand } from '../wire/commands';
import type { OutputType } from '../wire/output-type';

/** Numbers of the summary. All count from the start of the listener. */
export interface DemoStats {
  /** Peers with a completed handshake, now. */
  readonly peers: number;
  /** Height of the best block that arrived; undefined before the first. */
  readonly height: number | undefined;
  readonly messages: ReadonlyMap<CountedCommand, number>;
  /** Outputs of relayed transactions, each transaction once. */
  readonly outputs: ReadonlyMap<OutputType, number>;
  readonly transactions: number;
}

/** Counts the numbers of the summary, from the same events as the series. */
export function countDemoStats(bus: EventBus<MonitorEvents>): DemoStats {
  const messages = new Map<CountedCommand, number>();
  const outputs = new Map<OutputType, number>();
  const stats = { peers: 0, height: undefined as number | undefined, messages, outputs, transactions: 0 };
  bus.on('handshake', () => stats.peers++);
  bus.on('disconnected', ({ established }) => {
    if (established) stats.peers--;
  });
  bus.on('newBest', ({ height }) => (stats.height = height));
  bus.on('received', ({ command }) => messages.set(command, (messages.get(command) ?? 0) + 1));
  bus.on('transaction', ({ transaction, first }) => {
    if (!first) return;
    stats.transactions++;
    for (const { type } of transaction.outputs) outputs.set(type, (outputs.get(type) ?? 0) + 1);
  });
  return stats;
}
