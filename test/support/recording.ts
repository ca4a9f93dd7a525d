import { SystemClock } from '../../src/lib/clock';
import type { P2PEvents, PeerInfo } from '../../src/p2p/p2p-events';
import { RecordedBus } from '../../src/record/recorded-bus';
import { Recorder } from '../../src/record/recorder';
import { RecordWriter } from '../../src/record/record-writer';
import type { StoredRecord } from '../../src/record/record';
import { readRecords } from '../../src/record/record';
import { type Damage, readBlocks } from '../../src/record/record-reader';
import { recordFiles } from '../../src/record/file-names';

/** What each file of a recording begins with. */
export const START = {
  ...{ format: 1, program: '0.2.0', network: 'regtest', node: 'recorded', startedMs: 1_790_000_000_000 },
  ...{ intervalMs: 500, policy: 'btcd', maxUserAgents: 200, mempoolBytes: 1_000_000 },
  ...{ hasAsMap: false, isFull: false, isWhole: true },
} as const;

/** A connection that is recorded. */
export function recordedPeer(id: number, address = `127.0.0.${id}:18444`, outbound = true): PeerInfo {
  return { id, address, outbound, claims: null };
}

/** A recording that a test writes. */
export interface TestRecording {
  readonly writer: RecordWriter;
  readonly recorder: Recorder;
  readonly warnings: string[];
  readonly close: () => Promise<void>;
}

/** Opens a recording in a folder. */
export async function openTestRecording(
  directory: string,
  {
    maxBytes = 1e9,
    only = null,
    monotonicMs,
  }: {
    readonly maxBytes?: number;
    readonly only?: ReadonlySet<string> | null;
    /** The clock by which the writer sees how much comes; default: the system's. */
    readonly monotonicMs?: () => number;
  } = {},
): Promise<TestRecording> {
  const warnings: string[] = [];
  const clock = new SystemClock();
  let recorder: Recorder | null = null;
  const writer = await RecordWriter.open(
    {
      ...{ directory, maxBytes, startedMs: START.startedMs },
      start: () => ({ ...START, isWhole: only === null, peers: recorder?.openPeers ?? [] }),
    },
    {
      warn: (message) => warnings.push(message),
      monotonicMs: monotonicMs ?? (() => clock.monotonicMs()),
      nowNs: () => clock.uniqueNs(),
    },
  );
  recorder = new Recorder({ only }, { writer, clock });
  const opened = recorder;
  return {
    ...{ writer, recorder: opened, warnings },
    close: () => {
      opened.settle();
      return writer.close();
    },
  };
}

/** An event of the bus. */
export function tell<E extends keyof P2PEvents>(recorder: Recorder, event: E, payload: P2PEvents[E]): void {
  new RecordedBus<P2PEvents>(recorder).emit(event, payload);
}

/** A message that came over the plain transport. */
export function messageCame(recorder: Recorder, peer: PeerInfo, command: string, payload: Buffer): void {
  recorder.arrived(peer, command, 24 + payload.length);
  recorder.message(peer, payload);
}

/** All records of a folder, and what is damaged in it. */
export async function readAll(
  directory: string,
): Promise<{ readonly records: StoredRecord[]; readonly damage: Damage[]; readonly blocks: number }> {
  const records: StoredRecord[] = [];
  const damage: Damage[] = [];
  let blocks = 0;
  for (const file of await recordFiles(directory))
    for await (const found of readBlocks(file.path, file.path)) {
      if (found.kind === 'damage') {
        damage.push(found);
        continue;
      }
      blocks++;
      if (!readRecords(found.raw, found.head.timeNs, (record) => records.push(record)))
        throw new Error('a block ends in the middle of a record');
    }
  return { records, damage, blocks };
}
