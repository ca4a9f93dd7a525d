import { Cleanup } from '../support/cleanup';
import { FakeLive } from '../support/fake-live';
import { LISTENER, WATCHED, watchedPoints } from '../support/watched-points';
import { ask } from './ask';
import { type Served, servedPage } from './served';

const END_MS = 1_700_000_000_000;
const MINUTES = 30;
const range = `since=${(END_MS - MINUTES * 60_000) / 1_000}&until=${END_MS / 1_000 + 1}`;

const cleanup = new Cleanup();
let served: Served;

beforeAll(async () => {
  const points = watchedPoints({ endMs: END_MS, minutes: MINUTES });
  served = await servedPage(cleanup, { points, node: LISTENER });
});
afterAll(() => cleanup.run());

/** The median of what a panel's first line shows, and the nodes that it is of. */
async function median(name: string, more = ''): Promise<readonly [number, unknown]> {
  const { status, json } = await ask(served.port, `/api/panels/${name}?${range}${more}`);
  expect(status).toBe(200);
  const rows = json['rows'] as readonly (readonly [number, number | null])[];
  const values = rows.flatMap(([, value]) => value ?? []).sort((a, b) => a - b);
  return [Math.round(values[Math.floor(values.length / 2)] ?? 0), json['nodes']];
}

it('tells which nodes are watched, and which one is shown first', async () => {
  const { json } = await ask(served.port, '/api/info');
  expect(json).toMatchObject({
    ...{ node: LISTENER, nodes: [WATCHED, LISTENER], watched: [WATCHED], shows: WATCHED },
    networks: ['regtest'],
  });
});

it('shows the watched node, or the one that is chosen, and never the sum of both', async () => {
  expect(await median('bandwidth')).toEqual([7_000, WATCHED]);
  expect(await median('bandwidth', `&node=${LISTENER}`)).toEqual([1_000, LISTENER]);
  expect(await median('bandwidth', `&node=${WATCHED}`)).toEqual([7_000, WATCHED]);
  expect(await median('bandwidth', '&network=regtest')).toEqual([7_000, WATCHED]);
});

it('shows the process that watches where panels are about the monitor', async () => {
  expect(await median('memory')).toEqual([100_000_000, LISTENER]);
  expect(await median('memory', `&node=${WATCHED}`)).toEqual([100_000_000, LISTENER]);
});

it('shows the watched node where panels are about it, beside the listener where they compare', async () => {
  expect(await median('rpc-latency', `&node=${LISTENER}`)).toEqual([expect.any(Number), WATCHED]);
  const [height, nodes] = await median('node-height');
  expect([height, nodes]).toEqual([900_003, `${WATCHED}, ${LISTENER}`]);
});

it('has nothing about a watched node in a store without one', async () => {
  const other = await servedPage(cleanup);
  const { json } = await ask(other.port, '/api/info');
  expect(json).toMatchObject({ watched: [], shows: 'alpha' });
  const answer = await ask(other.port, '/api/panels/node-up?since=1&until=1800000000');
  expect([answer.status, answer.json['rows']]).toEqual([200, []]);
});

it('waits for what it must know of the nodes, also in the first answer', async () => {
  const points = watchedPoints({ endMs: END_MS, minutes: MINUTES });
  const other = await servedPage(cleanup, { points, node: LISTENER });
  const answers = await Promise.all(
    ['bandwidth', 'peers', 'memory'].map((name) => ask(other.port, `/api/panels/${name}?${range}`)),
  );
  expect(answers.map(({ json }) => json['nodes'])).toEqual([WATCHED, WATCHED, LISTENER]);
  for (const { json } of answers) expect((json['rows'] as unknown[]).length).toBeGreaterThan(10);
});

it('tells which network is shown first of a store that has two', async () => {
  const points = watchedPoints({ endMs: END_MS, minutes: MINUTES }).filter(
    ({ tags }) => tags['node'] === LISTENER,
  );
  const twice = points.flatMap((point) => [point, { ...point, tags: { ...point.tags, network: 'mainnet' } }]);
  const live = new FakeLive();
  const other = await servedPage(cleanup, { points: twice, node: LISTENER, live });
  const { json } = await ask(other.port, '/api/info');
  expect(json).toMatchObject({ networks: ['mainnet', 'regtest'], showsNetwork: 'regtest' });
  const countOf = async (more: string): Promise<number> => {
    const answer = await ask(other.port, `/api/panels/bandwidth?${range}${more}`);
    const rows = answer.json['rows'] as readonly (readonly [number, number | null])[];
    return rows.reduce((sum, [, value]) => sum + (value ?? 0), 0);
  };
  const shown = await countOf('&network=regtest');
  expect(shown).toBeGreaterThan(0);
  expect(await countOf('&network=mainnet')).toBe(shown);
});
