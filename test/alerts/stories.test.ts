import { ALERTS } from '../../src/alerts/alerts';
import { QUIET_MS } from '../../src/alerts/monitor';
import { pointsOf } from '../support/alert-points';
import { type Course, QUIET, STORIES, nodeOf } from '../support/alert-stories';
import { Cleanup } from '../support/cleanup';
import { type AlertStore, alertStore, firingKey, playAlerts, playAlertsAt } from '../support/played-stories';

const START_S = 1_700_000_040;

describe('the alerts that the node evaluates itself', () => {
  const cleanup = new Cleanup();
  let store: AlertStore;
  let firing: ReadonlyMap<number, ReadonlySet<string>> = new Map();

  beforeAll(async () => {
    const lines = STORIES.flatMap((story) =>
      pointsOf(nodeOf(story), { ...QUIET, ...story.courses }, START_S, story.network),
    );
    store = await alertStore(lines, cleanup);
    const minutes = STORIES.flatMap(({ fires }) => fires.map(([seconds]) => seconds / 60));
    firing = await playAlertsAt(store, START_S, minutes);
  });
  afterAll(() => cleanup.run());

  it.each(STORIES.map((story) => [story.title, story] as const))('fire and clear: %s', (_, story) => {
    for (const [seconds, expected] of story.fires) {
      expect(firing.has(seconds / 60)).toBe(true);
      const found = [...(firing.get(seconds / 60) ?? [])].filter((key) => key.includes(`"${nodeOf(story)}"`));
      const wanted = Object.entries(expected).map(([name, { exporter } = {}]) => {
        const { slug = '' } = ALERTS.find((alert) => alert.name === name) ?? {};
        return firingKey(slug, {
          ...{ node: nodeOf(story), network: 'mainnet' },
          ...(exporter === undefined ? {} : { exporter }),
        });
      });
      expect([seconds, found.sort()]).toEqual([seconds, wanted.sort()]);
    }
  });

  it('are quiet about the gap that a restart makes, and fire for what is wrong after it', async () => {
    // Without running for half an hour, and then with peers again, or without one.
    const [begin, end] = [4 * 3_600, 4 * 3_600 + 1_800];
    const nodes = ['back', 'lonely'].map((node) => {
      const courses = Object.entries(QUIET).map(([name, course]): [string, Course] => [
        name,
        (s) => {
          if (s >= begin && s < end) return undefined;
          return node === 'lonely' && s >= end && name.includes('connected') ? 0 : course(s);
        },
      ]);
      return pointsOf(node, Object.fromEntries(courses), START_S);
    });
    const restarted = await alertStore(nodes.flat(), cleanup);
    const startS = START_S + end + 10;
    const found = await playAlerts(restarted, startS, 20, startS * 1_000 + QUIET_MS);
    const lonely = { node: 'lonely', network: 'mainnet' };
    expect(found.slice(0, 3).map((keys) => [...keys])).toEqual([[], [], []]);
    expect([...(found[3] ?? [])]).toEqual([firingKey('no-peers', lonely)]);
    // Later also that it has fewer than an hour before; nothing of the other.
    const all = new Set(found.flatMap((keys) => [...keys]));
    expect([...all].sort()).toEqual([firingKey('few-peers', lonely), firingKey('no-peers', lonely)]);
  });

  it('report that the monitor is down if there are no points at all, and nothing else', async () => {
    const empty = await alertStore([], cleanup);
    const found = await playAlerts(empty, START_S, 2);
    expect(found.map((keys) => [...keys])).toEqual([[], ['btcdmon-down {}'], ['btcdmon-down {}']]);
  });
});
