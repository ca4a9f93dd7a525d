import type { Point } from '../../../src/metrics/point';
import type { SeriesName } from '../../../src/metrics/schema';
import { chromiumProgram, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { ask } from '../ask';
import { servedPage } from '../served';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const SECOND_NS = 1_000_000_000n;
const EVIL = '</title>]]><script>&amp; \u0001 "\'';

/** A point some hours ago. */
function point(series: SeriesName, hours: number, fields: Point['fields'], tags: Point['tags'] = {}): Point {
  const time = BigInt(Date.now()) * 1_000_000n - BigInt(Math.round(hours * 3_600)) * SECOND_NS;
  return { series, time, tags: { node: 'alpha', network: 'signet', ...tags }, fields };
}

const sha = (number: number): string => number.toString(16).padStart(64, '0');

const points: readonly Point[] = [
  point('reorgs', 5, { depth: 2, old_tip: sha(1), new_tip: sha(2), fork_height: 899_998 }),
  point('processed_blocks', 4, { status: 'side_chain', sha: sha(3), height: 900_001 }),
  point('processed_blocks', 3, { status: 'rejected', sha: sha(4), height: 900_002, reject_reason: EVIL }),
  point('processed_blocks', 2, { status: 'accepted', sha: sha(5), height: 900_003 }),
  point(
    'alerts',
    1,
    { is_firing: true, about: 'alpha', reason: 'no peer' },
    { alert: 'no-peers', severity: 'critical' },
  ),
  point(
    'alerts',
    0.5,
    { is_firing: false, about: 'alpha', reason: 'no peer', duration: 60 },
    { alert: 'no-peers', severity: 'critical' },
  ),
  point('reorgs', 24 * 31, { depth: 9, old_tip: sha(6), new_tip: sha(7), fork_height: 1 }),
];

/** A feed as a browser's parser of XML reads it. */
interface Read {
  readonly root: string;
  readonly space: string | null;
  readonly title: string;
  readonly id: string;
  readonly updated: string;
  readonly author: string;
  readonly entries: readonly { title: string; id: string; updated: string; content: string }[];
}

chromiumProgram.describe('the feed', (program) => {
  /** Reads it with the parser of a browser, which refuses what is not well-formed. */
  async function read(text: string): Promise<Read> {
    const browser = await startChromium(program, cleanup);
    const page = await browser.newPage();
    return page.evaluate((xml) => {
      const parsed = new DOMParser().parseFromString(xml, 'application/xml');
      const root = parsed.documentElement;
      const textOf = (parent: Element, name: string): string => {
        const found = [...parent.children].filter((child) => child.localName === name);
        if (found.length !== 1) throw new Error(`${found.length} of ${name} in ${parent.localName}`);
        return found[0]?.textContent ?? '';
      };
      return {
        root: root.localName,
        space: root.namespaceURI,
        ...{ title: textOf(root, 'title'), id: textOf(root, 'id'), updated: textOf(root, 'updated') },
        author: textOf(root, 'author'),
        entries: [...root.children]
          .filter((child) => child.localName === 'entry')
          .map((entry) => ({
            ...{ title: textOf(entry, 'title'), id: textOf(entry, 'id') },
            ...{ updated: textOf(entry, 'updated'), content: textOf(entry, 'content') },
          })),
      };
    }, text);
  }

  it('is Atom, and tells of reorganisations, stale and invalid blocks and alerts, the newest first', async () => {
    const served = await servedPage(cleanup, { points });
    const { status, headers, text } = await ask(served.port, '/feed.xml');
    expect([status, headers['content-type']]).toEqual([200, 'application/atom+xml; charset=utf-8']);
    const feed = await read(text);
    expect(feed).toMatchObject({
      root: 'feed',
      space: 'http://www.w3.org/2005/Atom',
      title: 'btcdmon-node tester',
    });
    expect(feed.entries.map(({ title }) => title)).toEqual([
      'Resolved: no-peers alpha',
      'Alert (critical): no-peers alpha',
      'Invalid block at height 900002',
      'Stale block at height 900001',
      'Reorganisation of 2 blocks',
    ]);
    expect(feed.updated).toBe(feed.entries[0]?.updated);
    const ids = [feed.id, ...feed.entries.map(({ id }) => id)];
    expect(new Set(ids).size).toBe(6);
    for (const id of ids)
      expect(id).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const { updated } of feed.entries)
      expect(updated).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(feed.entries[2]?.content).toContain('breaks a rule: </title>]]><script>&amp; ?');
    // The same events have the same identity later.
    expect((await ask(served.port, '/feed.xml')).text).toContain(ids.at(-1));
  });

  it('is Atom without any event, and bounded with many', async () => {
    const empty = await servedPage(cleanup, { points: [] });
    expect((await read((await ask(empty.port, '/feed.xml')).text)).entries).toEqual([]);
    const many = Array.from({ length: 300 }, (_, index) =>
      point('processed_blocks', 1 + index / 1_000, {
        ...{ status: index % 2 === 0 ? 'rejected' : 'side_chain', sha: sha(index), height: index },
        reject_reason: 'x'.repeat(10_000),
      }),
    );
    const { text } = await ask((await servedPage(cleanup, { points: many })).port, '/feed.xml');
    expect((await read(text)).entries.length).toBe(100);
    expect(text.length).toBeLessThan(100_000);
  });

  it('is for those who may see the page', async () => {
    const token = 'a-token-of-the-test-0123456789';
    const served = await servedPage(cleanup, { points: [], token });
    expect((await ask(served.port, '/feed.xml')).status).toBe(401);
    const login = { headers: { authorization: `Bearer ${token}` } };
    expect((await ask(served.port, '/feed.xml', login)).status).toBe(200);
    expect((await ask(served.port, '/feed.xml?x=1', login)).status).toBe(400);
  });
});
