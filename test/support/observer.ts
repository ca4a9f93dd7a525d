import { NETWORKS } from '../../src/wire/networks';
import { type Conversation, countMessages, splitMessages, startRecorder, type Tally } from './recorder';
import { buildRustJudge, type JudgedBytes, startBetween } from './rust-judge';
import { until } from './until';

/** From the real node to the program under test, or back. */
type Direction = 'in' | 'out';

/** Stands between the program under test and a real node on regtest, and counts by code that is not ours. */
export interface Observer {
  /** Port on 127.0.0.1 to connect to in place of the node's. */
  readonly port: number;
  /** Number of connections that have ended, or with the plain transport of all. */
  readonly connections: number;
  /** The messages of the first connection, by command. */
  count(direction: Direction): Readonly<Record<string, Tally>>;
  /** All bytes that the first connection carried. */
  bytes(direction: Direction): number;
  /** The messages of the plain transport as bytes; null with the encrypted one. */
  conversation(): Conversation | null;
  /** Waits until a connection that was ended is counted. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Observes the plain transport. */
export async function observePlain(target: number): Promise<Observer> {
  const recorder = await startRecorder(target);
  const recorded = (): Conversation => {
    const { in: incoming = [], out = [] } = recorder.connections[0] ?? {};
    const { magic } = NETWORKS.regtest;
    return { in: splitMessages(incoming, magic), out: splitMessages(out, magic) };
  };
  return {
    port: recorder.port,
    get connections() {
      return recorder.connections.length;
    },
    count: (direction) => Object.fromEntries(countMessages(recorded()[direction])),
    bytes: (direction) => Buffer.concat(recorded()[direction]).length,
    conversation: recorded,
    settled: () => Promise.resolve(),
    stop: () => recorder.stop(),
  };
}

/** Observes the encrypted transport, by a judge in Rust that holds the keys of both sides. */
export async function observeEncrypted(cargo: string, target: number): Promise<Observer> {
  const judge = await startBetween(buildRustJudge(cargo), 'regtest', target);
  const of = (direction: Direction): JudgedBytes => {
    const [report] = judge.reports;
    if (report === undefined) throw new Error(`no connection has ended: ${judge.errors.join()}`);
    // What the judge sends to the program comes from the node.
    return report.near[direction === 'in' ? 'out' : 'in'];
  };
  return {
    port: judge.port,
    get connections() {
      return judge.reports.length + judge.errors.length;
    },
    count: (direction) => of(direction).messages,
    bytes: (direction) => of(direction).total,
    conversation: () => null,
    settled: async () => {
      await until('the report of the judge', () => judge.reports.length > 0);
    },
    stop: () => judge.stop(),
  };
}
