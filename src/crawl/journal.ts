import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { diskProblem } from '../lib/disk-errors';
import { FailureError } from '../lib/errors';
import type { RawEndpoint } from '../p2p/join/reachability';
import { NETWORK_NAMES, type NetworkName } from '../wire/networks';
import { formatAddress, parseAddress } from './address-key';
import { type FoundNode, nodeFromJson, nodeToJson } from './found-node';
import { parseRecords, recordLine } from './record-lines';

/** How long records wait to be written together. `kill -9` loses the records of this time. */
const WRITE_MS = 250;

/** How often written records are made to last a power cut. */
const SYNC_MS = 5_000;

/** Version of the files of crawls. */
const VERSION = 1;

/**
 * An address that became known, as text, and the services that were told about it, in hexadecimal; null if
 * the user named it.
 */
export type ToldAddress = readonly [address: string, services: string | null];

/** A record of the journal: a start, or a visit and its result. */
export interface JournalEntry {
  /** The address that was visited; undefined for the addresses with which a crawl begins. */
  readonly visited: RawEndpoint | undefined;
  /** Null where it was not reached. */
  readonly node: FoundNode | null;
  /** The addresses that became known by it. */
  readonly told: readonly ToldAddress[];
}

/** The first line of a file of a crawl. */
export interface CrawlHead {
  readonly network: NetworkName;
  /** When the crawl began, in Unix milliseconds. */
  readonly startedMs: number;
}

/** The beginning of a file of a crawl. */
export function headLine({ network, startedMs }: CrawlHead): string {
  return recordLine({ crawl: VERSION, network, startedMs });
}

/** Reads the head from the first record of a file; null if this version does not know its form. */
export function headOf(value: unknown): CrawlHead | null {
  const { crawl, network, startedMs } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const known = NETWORK_NAMES.find((name) => name === network);
  if (crawl !== VERSION || known === undefined || !Number.isSafeInteger(startedMs)) return null;
  return { network: known, startedMs: Number(startedMs) };
}

/** What a journal contains. */
export interface ReadJournal {
  readonly head: CrawlHead;
  readonly entries: readonly JournalEntry[];
  readonly damaged: number;
  readonly wholeBytes: number;
}

/**
 * Reads a journal; null if it is of another version, or if its first line is damaged.
 * @throws the error of the file system
 */
export async function readJournal(file: string): Promise<ReadJournal | null> {
  const { values, damaged, wholeBytes } = parseRecords(await readFile(file, 'latin1'));
  const head = headOf(values[0]);
  if (head === null) return null;
  return { head, entries: values.slice(1).map(entryOf), damaged, wholeBytes };
}

function entryOf(value: unknown): JournalEntry {
  const { visited, node, told } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return {
    visited: typeof visited === 'string' ? (parseAddress(visited) ?? undefined) : undefined,
    node: nodeFromJson(node),
    told: Array.isArray(told) ? told.flatMap(toldOf) : [],
  };
}

function toldOf(value: unknown): readonly ToldAddress[] {
  const [address, services] = (Array.isArray(value) ? value : []) as readonly unknown[];
  if (typeof address !== 'string') return [];
  if (services === null) return [[address, null]];
  return typeof services === 'string' && /^[0-9a-f]{1,16}$/.test(services) ? [[address, services]] : [];
}

/**
 * The file in which a crawl records its progress, so that a killed crawl can be continued. Each record is one
 * visit with all of its results: it is in the file as a whole or not at all.
 */
export class Journal {
  private lines: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private syncedAt = performance.now();
  private failure: FailureError | null = null;

  private constructor(
    readonly file: string,
    private readonly handle: FileHandle,
    /** Called once, where the file can't be written. */
    private readonly failed: (error: FailureError) => void,
  ) {}

  /** Begins a journal. @throws FailureError */
  static async create(
    file: string,
    head: CrawlHead,
    failed: (error: FailureError) => void,
  ): Promise<Journal> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(file, 'w', 0o600);
      await handle.writeFile(headLine(head));
      await handle.datasync();
      return new Journal(file, handle, failed);
    } catch (error) {
      await handle?.close().catch(() => undefined);
      throw problem(file, error);
    }
  }

  /**
   * Continues a journal after its last whole line.
   * @throws FailureError
   */
  static async resume(
    file: string,
    { wholeBytes }: Pick<ReadJournal, 'wholeBytes'>,
    failed: (error: FailureError) => void,
  ): Promise<Journal> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(file, 'a', 0o600);
      await handle.truncate(wholeBytes);
      return new Journal(file, handle, failed);
    } catch (error) {
      await handle?.close().catch(() => undefined);
      throw problem(file, error);
    }
  }

  add({ visited, node, told }: JournalEntry): void {
    if (this.failure !== null) return;
    this.lines.push(
      recordLine({
        visited: visited && formatAddress(visited),
        node: node === null ? undefined : nodeToJson(node),
        told: told.length === 0 ? undefined : told,
      }),
    );
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.write();
    }, WRITE_MS);
  }

  /** Writes what waits, and closes the file. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.write();
    await this.writing;
    await this.handle.close();
  }

  /** Removes the file, which must be closed. */
  async remove(): Promise<void> {
    await rm(this.file, { force: true });
  }

  private write(): void {
    const text = this.lines.join('');
    this.lines = [];
    if (text === '') return;
    this.writing = this.writing.then(async () => {
      if (this.failure !== null) return;
      try {
        await this.handle.appendFile(text);
        if (performance.now() - this.syncedAt < SYNC_MS) return;
        await this.handle.datasync();
        this.syncedAt = performance.now();
      } catch (error) {
        this.failure = problem(this.file, error);
        this.failed(this.failure);
      }
    });
  }
}

function problem(file: string, error: unknown): FailureError {
  return new FailureError(`crawl: ${file} can't be written: ${diskProblem(error)}`);
}
