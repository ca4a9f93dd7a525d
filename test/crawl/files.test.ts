import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { formatAddress, parseAddress } from '../../src/crawl/address-key';
import { CrawlFolder, nameOf } from '../../src/crawl/crawl-folder';
import type { FoundNode } from '../../src/crawl/found-node';
import { Journal, type JournalEntry, readJournal } from '../../src/crawl/journal';
import { readSnapshot, type Snapshot, writeSnapshot } from '../../src/crawl/snapshot';
import { Cleanup } from '../support/cleanup';

const cleanup = new Cleanup();
let folder = '';
beforeEach(async () => {
  folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-crawl-')), (name) =>
    rm(name, { recursive: true, force: true }),
  );
});
afterEach(() => cleanup.run());

const endpointOf = (text: string) =>
  parseAddress(text) ?? { network: 'ipv4' as const, address: Buffer.alloc(4), port: 0 };

const NODE: FoundNode = {
  ...{
    address: '1.2.3.4:8333',
    time: 1_700_000_000,
    version: 70_016,
    height: -1,
    timeOffset: -3,
    told: 1_000,
  },
  ...{ services: (1n << 63n) | 9n, toldServices: 9n, transport: 'v2', latencyMs: 12.5 },
  // All that a stranger can send.
  userAgent: Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join(''),
};

const LAST: JournalEntry = { visited: endpointOf('[2a01:4f8::7]:8334'), node: null, told: [] };

const ENTRIES: readonly JournalEntry[] = [
  {
    visited: undefined,
    node: null,
    told: [
      ['1.2.3.4:8333', '409'],
      ['10.0.0.1:8333', null],
    ],
  },
  {
    visited: endpointOf('1.2.3.4:8333'),
    node: { ...NODE, toldServices: 0n },
    told: [['[2a01:4f8::7]:8334', '9']],
  },
  LAST,
];

const failed = (error: Error): void => {
  throw error;
};

async function writeJournal(file: string, startedMs = 1_700_000_000_000): Promise<void> {
  const journal = await Journal.create(file, { network: 'mainnet', startedMs }, failed);
  for (const entry of ENTRIES) journal.add(entry);
  await journal.close();
}

it.each([
  '1.2.3.4:8333',
  '[2a01:4f8::7]:8333',
  '[fc32:17ea:e415:c3bf:9808:149d:b5a2:c9aa]:8333',
  'pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333',
  'ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p:0',
])('%s is the same address as text and as key', (text) => {
  expect(formatAddress(endpointOf(text))).toBe(text);
});

describe('the journal of a crawl', () => {
  it('has what was added, whatever strangers sent', async () => {
    const file = path.join(folder, 'a.journal');
    await writeJournal(file);
    expect(await readJournal(file)).toMatchObject({
      head: { network: 'mainnet', startedMs: 1_700_000_000_000 },
      entries: ENTRIES,
      damaged: 0,
    });
    expect(await readFile(file, 'latin1')).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('loses what a kill left of the last record, and goes on behind the one before', async () => {
    const file = path.join(folder, 'a.journal');
    await writeJournal(file);
    const whole = await readFile(file, 'latin1');
    const last = whole.trimEnd().split('\n').at(-1) ?? '';
    for (let cut = 1; cut <= last.length; cut += 7) {
      await writeFile(file, whole.slice(0, whole.length - cut));
      const read = await readJournal(file);
      if (read === null) throw new Error('it is one');
      expect(read).toMatchObject({ entries: ENTRIES.slice(0, 2), damaged: 0 });
      const journal = await Journal.resume(file, read, failed);
      journal.add(LAST);
      await journal.close();
      expect(await readFile(file, 'latin1')).toBe(whole);
    }
  });

  it('loses a damaged record in its middle alone', async () => {
    const file = path.join(folder, 'a.journal');
    await writeJournal(file);
    const bytes = await readFile(file);
    const at = bytes.indexOf('"visited":"1.2');
    bytes[at + 12] = 0x37;
    await writeFile(file, bytes);
    expect(await readJournal(file)).toMatchObject({ entries: [ENTRIES[0], ENTRIES[2]], damaged: 1 });
  });

  it.each(['', 'not a journal\n', '{"crawl":1}\n'])('is none if it begins with %j', async (text) => {
    const file = path.join(folder, 'a.journal');
    await writeFile(file, text);
    expect(await readJournal(file)).toBeNull();
  });

  it('says in one line that it can’t be written', async () => {
    await expect(Journal.create('/dev/full', { network: 'mainnet', startedMs: 0 }, failed)).rejects.toThrow(
      "crawl: /dev/full can't be written: ENOSPC: no space left on device, write; the disk is full: make room on it",
    );
  });
});

describe('the folder of crawls', () => {
  const snapshot = (startedMs: number): Snapshot => ({
    ...{ network: 'mainnet', startedMs, endedMs: startedMs + 60_000, nodes: [NODE] },
    counts: { known: 3, excluded: 0, dropped: 1, tried: 3 },
  });

  it('reads a snapshot as it was written, and a damaged one without its damaged lines', async () => {
    const file = path.join(folder, 'x.crawl');
    await writeSnapshot(file, snapshot(1_700_000_000_000));
    expect(await readSnapshot(file, failed as never)).toEqual(snapshot(1_700_000_000_000));
    const warnings: string[] = [];
    await appendFile(file, 'torn');
    expect(await readSnapshot(file, (message) => warnings.push(message))).toEqual(
      snapshot(1_700_000_000_000),
    );
    expect(warnings).toEqual([`crawl: 1 lines of ${file} are damaged and left out`]);
  });

  it('goes on with a fresh crawl, and begins a new one in place of an old, finished or damaged one', async () => {
    const crawls = new CrawlFolder(folder, 'mainnet');
    await crawls.make();
    const now = 1_700_000_000_000;
    const warnings: string[] = [];
    const interrupted = () => crawls.interrupted(now, (message) => warnings.push(message));
    expect(await interrupted()).toBeNull();
    await writeJournal(crawls.journalOf({ startedMs: now - 3_600_000 }), now - 3_600_000);
    expect((await interrupted())?.journal.head.startedMs).toBe(now - 3_600_000);
    expect(warnings).toEqual([]);
    await crawls.keep(snapshot(now - 3_600_000));
    expect(await interrupted()).toBeNull();
    expect(warnings).toEqual([]);
    await writeJournal(crawls.journalOf({ startedMs: now - 7 * 3_600_000 }), now - 7 * 3_600_000);
    expect(await interrupted()).toBeNull();
    await writeFile(crawls.journalOf({ startedMs: now }), 'x');
    expect(await interrupted()).toBeNull();
    expect(warnings).toEqual([
      expect.stringMatching(/is too old or damaged to be continued; a new crawl begins$/),
      expect.stringMatching(/is too old or damaged to be continued; a new crawl begins$/),
    ]);
  });

  it('keeps the newest hundred snapshots', async () => {
    const crawls = new CrawlFolder(folder, 'mainnet');
    await crawls.make();
    const first = 1_700_000_000_000;
    for (let i = 0; i < 102; i++) await crawls.keep(snapshot(first + i * 1_000));
    const names = await crawls.names();
    expect(names).toHaveLength(100);
    expect(names[0]).toBe(nameOf(first + 2_000));
    expect((await crawls.newest(failed as never))?.startedMs).toBe(first + 101_000);
  });
});
