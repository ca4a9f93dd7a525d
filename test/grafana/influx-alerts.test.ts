import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { ALERTS } from '../../src/alerts/alerts';
import { pointsOf, unknownMetrics } from '../support/alert-points';
import { HOURS, QUIET, STORIES, nodeOf } from '../support/alert-stories';
import { Cleanup } from '../support/cleanup';
import { type ProvisionedRule, evaluate } from '../support/grafana-rules';
import { type Influxd, influxd, startInfluxd } from '../support/influxd';
import { alertStore, playAlerts } from '../support/played-stories';

const FILE = path.join(__dirname, '..', '..', 'grafana', 'provisioning', 'alerting', 'btcdmon.yaml');
const rules = (
  parse(readFileSync(FILE, 'utf8')) as { groups: { rules: ProvisionedRule[] }[] }
).groups.flatMap((group) => group.rules);

/** Lines in one request. */
const BATCH = 20_000;

influxd.describe('the alert rules of Grafana, their queries on a real InfluxDB', () => {
  const cleanup = new Cleanup();
  let server: Influxd;
  let lines: readonly string[] = [];
  // On a full minute, so that the stories end now.
  const startS = Math.floor(Date.now() / 60_000) * 60 - HOURS * 3_600;

  beforeAll(async () => {
    server = cleanup.add(await startInfluxd(), (it) => it.stop());
    lines = STORIES.flatMap((story) =>
      pointsOf(nodeOf(story), { ...QUIET, ...story.courses }, startS, story.network),
    );
    for (let at = 0; at < lines.length; at += BATCH)
      expect(await server.write(lines.slice(at, at + BATCH).join('\n'))).toBe('');
  });

  afterAll(() => cleanup.run());

  /** All stories share the answers for a moment. */
  const answers = new Map<string, Promise<ReadonlySet<string>>>();
  const holds = (rule: ProvisionedRule, seconds: number): Promise<ReadonlySet<string>> => {
    const id = `${rule.uid} ${seconds}`;
    const answer = answers.get(id) ?? evaluate(server, rule, (startS + seconds) * 1_000);
    answers.set(id, answer);
    return answer;
  };

  /** The groups for which a rule fires: its condition has held for the required time. */
  async function firing(rule: ProvisionedRule, seconds: number): Promise<readonly string[]> {
    const minutes = Number(/^(\d+)m$/.exec(rule.for)?.[1]);
    let found = [...(await holds(rule, seconds))];
    for (let ago = 1; ago <= minutes && found.length > 0; ago++) {
      const then = await holds(rule, seconds - ago * 60);
      found = found.filter((labels) => then.has(labels));
    }
    return found;
  }

  it.each(STORIES.map((story) => [story.title, story] as const))('fire and clear: %s', async (_, story) => {
    const node = nodeOf(story);
    expect(unknownMetrics({ ...QUIET, ...story.courses })).toEqual([]);
    for (const [seconds, expected] of story.fires) {
      const found: string[] = [];
      for (const rule of rules)
        for (const labels of await firing(rule, seconds))
          if (labels.includes(`"${node}"`)) found.push(`${rule.uid} ${labels}`);
      const wanted = Object.entries(expected).map(([name, { exporter } = {}]) => {
        const { slug } = ALERTS.find((alert) => alert.name === name) ?? {};
        const tags = exporter === undefined ? {} : { exporter };
        return `btcdmon-${slug ?? ''} ${JSON.stringify({ ...tags, network: 'mainnet', node })}`;
      });
      expect([seconds, found.sort()]).toEqual([seconds, wanted.sort()]);
    }
  });

  it('begin and end in the same minutes as in the evaluation by the node itself', async () => {
    const played = await playAlerts(await alertStore(lines, cleanup), startS, HOURS * 60);
    const keys = new Set(played.flatMap((firingKeys) => [...firingKeys]));
    // Each alert fires in its story, and the story of a reorganisation is told twice.
    expect(keys.size).toBeGreaterThan(ALERTS.length);
    for (const key of keys)
      for (const [minute, now] of played.entries()) {
        if (minute === 0 || now.has(key) === played[minute - 1]?.has(key)) continue;
        const [uid, labels = ''] = key.split(' ', 2);
        const rule = rules.find((one) => one.uid === uid);
        if (rule === undefined) throw new Error(`no rule ${key}`);
        for (const at of [minute - 1, minute])
          expect([key, at, (await firing(rule, at * 60)).includes(labels)]).toEqual([
            key,
            at,
            played[at]?.has(key),
          ]);
      }
  }, 600_000);

  it('report that the monitor is down if there are no points at all, and nothing else', async () => {
    const empty = cleanup.add(await startInfluxd(), (it) => it.stop());
    for (const rule of rules) {
      const found = [...(await evaluate(empty, rule, Date.now()))];
      expect([rule.uid, found]).toEqual([rule.uid, rule.uid === 'btcdmon-down' ? ['no data'] : []]);
    }
  });

  it('use InfluxDB’s own clock if they ask for it', async () => {
    const down = rules.find(({ uid }) => uid === 'btcdmon-down')?.data[0]?.model.query ?? '';
    expect(down).toContain('now()');
    await server.write(`btcdmon,node=here,network=mainnet rss=1i ${Date.now()}000000`);
    await server.write(`btcdmon,node=gone,network=mainnet rss=1i ${Date.now() - 300_000}000000`);
    const { results } = await server.query(down);
    const newest = new Map(
      results[0]?.series?.map(({ tags, values }) => [tags?.['node'], values?.at(-1)?.[1]]),
    );
    expect(newest.get('here')).toBe(1);
    expect(newest.get('gone')).toBe(0);
  });
});
