import { SERIES_NAMES } from '../../src/metrics/schema';
import { columnName } from '../../src/panels/panel-answer';
import { bucketFor } from '../../src/panels/buckets';
import { describePanel, describePanels } from '../../src/panels/describe';
import { PANELS, panelOf } from '../../src/panels/list';
import { THEMES } from '../../src/panels/panel';
import { panelQueries } from '../../src/panels/queries';
import { formatQuery, parseQuery } from '../../src/query/model';

const HOUR_NS = 3_600_000_000_000n;
const since = 1_700_000_000_000_000_000n;
const choice = { since, until: since + HOUR_NS, bucketNs: 60_000_000_000n };

/** Series that no panel shows, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  tx_inputs: 'nothing that the original showed, and no question that people ask of inputs alone',
};

it('names each panel once, as a word that a shell takes', () => {
  expect(new Set(PANELS.map(({ name }) => name)).size).toBe(PANELS.length);
  for (const { name } of PANELS) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
});

it('has a panel of every series and of every theme', () => {
  const shown = new Set(PANELS.flatMap(({ lines }) => lines.map(({ series }) => series)));
  expect(SERIES_NAMES.filter((name) => !shown.has(name))).toEqual(Object.keys(WITHOUT));
  expect([...new Set(PANELS.map(({ theme }) => theme))]).toEqual(Object.keys(THEMES));
});

describe.each(PANELS)('@$name', (panel) => {
  it('has queries that the command `query` accepts unchanged', () => {
    for (const query of panelQueries(panel, { ...choice, node: 'a', network: 'regtest' }))
      expect(parseQuery(formatQuery(query), 0n)).toEqual(query);
  });

  it('has distinct lines, grouped by the same tags', () => {
    const names = panel.lines.map(columnName);
    expect(new Set(names).size).toBe(names.length);
    for (const { by, label, agg } of panel.lines) {
      expect(by).toEqual(panel.lines[0]?.by);
      expect(label !== '' || by.length > 0).toBe(true);
      // A table covers the whole range, and a rate over it would depend on how far back the store reaches.
      if (panel.plot === 'table') expect(agg.fn).toBe('count');
    }
    expect(panel.shortestBucketS === null).toBe(panel.plot === 'table');
  });

  it('explains in whole sentences what it shows', () => {
    expect(panel.help).toMatch(/^[A-Z].{30,}\.$/);
    expect(describePanels()).toContain(`@${panel.name} `);
    expect(describePanel(panel)).toContain(panel.help);
  });

  it.each([1n, 6n, 24n, 24n * 30n, 24n * 365n])('has readable buckets for %i hours', (hours) => {
    const bucket = bucketFor(panel, { since, until: since + hours * HOUR_NS });
    if (panel.shortestBucketS === null || bucket === null) {
      expect(bucket).toBeNull();
      return;
    }
    expect(bucket).toBeGreaterThanOrEqual(BigInt(panel.shortestBucketS) * 1_000_000_000n);
    expect((24n * HOUR_NS) % bucket).toBe(0n);
    const byHour = panel.lines.some(({ agg }) => ['p50', 'p90', 'p99', 'mode'].includes(agg.fn));
    if (byHour && hours > 6n) expect(bucket).toBe(HOUR_NS);
    else expect((hours * HOUR_NS) / bucket).toBeLessThanOrEqual(hours <= 24n * 240n ? 240n : 366n);
  });
});

it('can be restricted to a node, a network and a condition', () => {
  const narrowed = { ...choice, node: "a'b", network: 'regtest', where: 'num_tx > 1' };
  const [query] = panelQueries(panelOf('@mempool-count'), narrowed);
  expect(query === undefined ? '' : formatQuery(query).where).toBe(
    "((node = 'a\\'b') AND (network = 'regtest')) AND (num_tx > 1)",
  );
  expect(() => panelQueries(panelOf('@reorgs'), { ...choice, where: 'depth > 1' })).toThrow(
    'series processed_blocks has no column depth',
  );
});

it('suggests the nearest name', () => {
  expect(() => panelOf('@reorg')).toThrow('there is no query @reorg; did you mean reorgs?');
  expect(() => panelOf('x'.repeat(40))).toThrow('`btcdmon-node queries` lists them');
});
