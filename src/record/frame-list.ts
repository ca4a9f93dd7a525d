import type { Direction } from './direction';
import type { NetworkName } from '../wire/networks';
import { Fact, RecordError } from './fact';
import { type RecordFile, recordFiles } from './file-names';
import { FailureError } from '../lib/errors';
import { readProblem } from '../lib/disk-errors';
import { KIND, readMessage, readRecords, readTorn, type StoredRecord } from './record';
import { type Damage, firstTime, readBlocks } from './record-reader';
import { readStart } from './start-record';

/** Events of a connection that are listed. */
const LISTED: ReadonlySet<string> = new Set(['opened', 'handshake', 'violation', 'disconnected']);

/** What the text of such an event has in it. Most events are others; reading those would take time. */
const SIGNS: readonly string[] = [...LISTED].map((name) => JSON.stringify(name));

const MAX_PEERS = 1_000_000;

/** A message, or an event of a connection. */
export interface ListedFrame {
  readonly timeNs: bigint;
  readonly network: NetworkName;
  readonly run: string;
  /** Number of the connection in its run. */
  readonly peer: number;
  /** `host:port`; null if the recording does not have it. */
  readonly address: string | null;
  readonly outbound: boolean;
  readonly direction: Direction;
  /** The command, or the name of the event. */
  readonly command: string;
  /** What the message took on its transport; 0 for an event. */
  readonly bytes: number;
  /** Null for an event, and for a message that was damaged on its way. */
  readonly payload: Buffer | null;
  /** The fields of an event. */
  readonly fact: Fact | null;
}

/** Which frames are wanted. */
export interface FrameFilter {
  readonly sinceNs?: bigint | undefined;
  readonly untilNs?: bigint | undefined;
  /** A number of a connection, or an address of a peer with or without its port. */
  readonly peer?: string | undefined;
  readonly commands?: ReadonlySet<string> | undefined;
  readonly direction?: Direction | undefined;
}

/** Receives what is wrong with a recording. */
export interface FrameTroubles {
  damaged(file: string, damage: Damage): void;
  /** Records that are not what they should be. */
  wrong(file: string, records: number): void;
}

/**
 * The files of a recording.
 * @throws FailureError of one line if the folder can't be read or has none
 */
export async function filesOf(directory: string): Promise<readonly RecordFile[]> {
  const files = await recordFiles(directory).catch((error: unknown) => {
    throw new FailureError(`${directory}: can't be read: ${readProblem(error)}`);
  });
  if (files.length > 0) return files;
  throw new FailureError(`${directory}: has no recording; name the folder that --record has filled`);
}

/**
 * The messages of a recording and the events of its connections, in their order. Files that end before the
 * wanted time are not opened beyond the head of the next.
 * @throws FailureError of one line where it can't be read
 */
export async function* listFrames(
  directory: string,
  filter: FrameFilter,
  troubles: FrameTroubles,
): AsyncGenerator<ListedFrame> {
  const files = await filesOf(directory);
  let lister = new FrameLister('', filter);
  for (const [i, file] of files.entries()) {
    const next = files[i + 1];
    if (filter.sinceNs !== undefined && next?.run === file.run) {
      const nextNs = await firstTime(next.path);
      if (nextNs !== null && nextNs < filter.sinceNs) continue;
    }
    if (lister.run !== file.run) lister = new FrameLister(file.run, filter);
    const { take } = lister;
    let wrong = 0;
    for await (const found of readBlocks(file.path, file.path, filter.untilNs)) {
      if (found.kind === 'damage') {
        troubles.damaged(file.path, found);
        continue;
      }
      const listed: ListedFrame[] = [];
      const isSound = readRecords(found.raw, found.head.timeNs, (record) => {
        try {
          const frame = take(record);
          if (frame !== null) listed.push(frame);
        } catch (error) {
          if (!(error instanceof RecordError)) throw error;
          wrong += 1;
        }
      });
      if (!isSound) wrong += 1;
      yield* listed;
    }
    if (wrong > 0) troubles.wrong(file.path, wrong);
  }
}

/** Makes frames of the records of one run. */
export class FrameLister {
  private network: NetworkName = 'mainnet';
  private readonly peers = new Map<number, { readonly address: string; readonly outbound: boolean }>();

  constructor(
    readonly run: string,
    private readonly filter: FrameFilter,
  ) {}

  /** The frame of a record; null if it is no frame, or not wanted. */
  readonly take = (record: StoredRecord): ListedFrame | null => {
    switch (record.kind) {
      case KIND.start:
        this.start(record.body);
        return null;
      case KIND.in:
      case KIND.out: {
        const message = readMessage(record);
        if (message === null) throw new RecordError('a message is too short');
        return this.frame(record, {
          direction: record.kind === KIND.in ? 'in' : 'out',
          fact: null,
          ...message,
        });
      }
      case KIND.torn: {
        const message = readTorn(record);
        if (message === null) throw new RecordError('a damaged message of another length');
        return this.frame(record, { direction: 'in', fact: null, payload: null, ...message });
      }
      case KIND.fact:
        return this.event(record);
      default:
        return null;
    }
  };

  private start(body: Buffer): void {
    const { start, peers } = readStart(body);
    this.network = start.network;
    for (const { id, address, outbound } of peers) this.name(id, address, outbound);
  }

  private event(record: StoredRecord): ListedFrame | null {
    if (!SIGNS.some((sign) => record.body.includes(sign))) return null;
    const fact = Fact.read(record.body);
    const command = fact.text('event');
    if (!LISTED.has(command)) return null;
    if (command === 'opened') this.name(record.peer, fact.address('address'), fact.flag('outbound'));
    const frame = this.frame(record, { direction: 'event', command, bytes: 0, payload: null, fact });
    if (command === 'disconnected') this.peers.delete(record.peer);
    return frame;
  }

  private name(id: number, address: string, outbound: boolean): void {
    if (this.peers.size >= MAX_PEERS) throw new RecordError('too many connections');
    this.peers.set(id, { address, outbound });
  }

  private frame(
    { timeNs, peer }: StoredRecord,
    what: Pick<ListedFrame, 'direction' | 'command' | 'bytes' | 'payload' | 'fact'>,
  ): ListedFrame | null {
    const { address = null, outbound = true } = this.peers.get(peer) ?? {};
    const { network, run } = this;
    const frame = { timeNs, network, run, peer, address, outbound, ...what };
    return this.isWanted(frame) ? frame : null;
  }

  private isWanted({ timeNs, peer, address, direction, command }: ListedFrame): boolean {
    const { sinceNs, untilNs, commands, direction: wanted, peer: whom } = this.filter;
    return (
      (sinceNs === undefined || timeNs >= sinceNs) &&
      (untilNs === undefined || timeNs <= untilNs) &&
      (wanted === undefined || direction === wanted) &&
      (commands === undefined || commands.has(command)) &&
      (whom === undefined || String(peer) === whom || address === whom || hostOfAddress(address) === whom)
    );
  }
}

function hostOfAddress(address: string | null): string | null {
  return address === null ? null : address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
