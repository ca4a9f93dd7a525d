import { setImmediate as turn } from 'node:timers/promises';
import { ALERTS } from '../../src/alerts/alerts';
import { holding } from '../../src/alerts/holding';
import { AlertMonitor } from '../../src/alerts/monitor';
import { LineParser } from '../../src/collect/parse-line';
import { pointsOf } from '../support/alert-points';
import { QUIET, STORIES } from '../support/alert-stories';
import { Cleanup } from '../support/cleanup';
import { TestTimer } from '../support/test-timer';
import { until } from '../support/until';
import { ask } from './ask';
import { type Served, servedPage } from './served';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const START_S = 1_700_000_040;
const TOKEN = 'a-token-of-the-test-0123456789';

/** A page whose alerts see the story of a node that loses its peers, at a time that the test sets. */
async function servedAlerts(): Promise<{
  readonly served: Served;
  readonly pass: (toS: number) => Promise<void>;
}> {
  const { courses } = STORIES.find(({ title }) => title === 'BtcdmonNoPeers') ?? {};
  const parser = new LineParser();
  const points = pointsOf('alpha', { ...QUIET, ...courses }, START_S).flatMap((line) => {
    const point = parser.parse(line);
    return typeof point === 'string' ? [] : [point];
  });
  const timer = new TestTimer();
  let nowMs = (START_S + 4 * 3_600) * 1_000;
  const monitor = new AlertMonitor({
    evaluate: (atNs) =>
      served.scheduler.ask({ timeoutMs: 60_000, left: new AbortController().signal }, (asked) =>
        holding(ALERTS, atNs, (queries) => asked.runAll(queries)),
      ),
    warn: (message) => {
      throw new Error(message);
    },
    nowMs: () => nowMs,
    timer: timer.start,
    get runbooks() {
      return `${served.url}runbooks`;
    },
  });
  const served = await servedPage(cleanup, { points, alerts: monitor, token: TOKEN });
  monitor.start();
  return {
    served,
    pass: async (toS) => {
      for (const endMs = (START_S + toS) * 1_000; nowMs < endMs;) {
        nowMs += 10_000;
        const before = monitor.report().evaluatedMs;
        const isDue = nowMs - (before ?? nowMs - 60_000) >= 60_000;
        timer.pass(10_000);
        if (isDue) await until('the evaluation', () => monitor.report().evaluatedMs !== before);
        await turn();
      }
    },
  };
}

const login = { headers: { authorization: `Bearer ${TOKEN}` } };

it('tells which alerts fire, to those who may see the page', async () => {
  const { served, pass } = await servedAlerts();
  expect((await ask(served.port, '/api/alerts')).status).toBe(401);
  expect((await ask(served.port, '/api/alerts', login)).json).toMatchObject({ evaluatedMs: null });
  await pass(4 * 3_600 + 7 * 60);
  const { status, json } = await ask(served.port, '/api/alerts', login);
  expect(status).toBe(200);
  const rows = json['alerts'] as Record<string, unknown>[];
  expect(rows.length).toBe(ALERTS.length);
  expect(rows.filter(({ state }) => state === 'firing')).toEqual([
    expect.objectContaining({
      ...{
        slug: 'no-peers',
        state: 'firing',
        severity: 'critical',
        runbook: `${served.url}runbooks#no-peers`,
      },
      labels: { node: 'alpha', network: 'mainnet' },
      reason: 'alpha has had no peer for 5 minutes: at most 0 peers within 3 minutes',
    }),
  ]);
  expect((await ask(served.port, '/api/alerts?x=1', login)).status).toBe(400);
});

it('tells everybody whether the process is well, and names no node', async () => {
  const { served, pass } = await servedAlerts();
  const healthy = await ask(served.port, '/healthz');
  expect([healthy.status, healthy.json]).toEqual([200, { live: true, ready: true, reasons: [] }]);
  await pass(4 * 3_600 + 7 * 60);
  const ill = await ask(served.port, '/healthz');
  expect([ill.status, ill.json]).toEqual([
    503,
    { live: true, ready: false, reasons: ['No peer is connected'] },
  ]);
  expect(ill.text).not.toContain('alpha');
  expect((await ask(served.port, '/healthz', { method: 'POST' })).status).toBe(405);
  const other = await ask(served.port, '/healthz', { headers: { host: 'example.org' } });
  expect(other.status).toBe(421);
});

it('has a runbook for each alert, which everybody may read', async () => {
  const { served } = await servedAlerts();
  const { status, text, headers } = await ask(served.port, '/runbooks');
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  for (const { slug, title, steps } of ALERTS) {
    expect(text).toContain(`<h2 id="${slug}">${title}</h2>`);
    expect(text.split(`<h2 id="${slug}">`)[1]?.split('<h2')[0]?.match(/<li>/g)).toHaveLength(steps.length);
  }
  expect(text).toContain('<a href="/#panel-peers">Peers</a>');
  expect(text).toContain('With one node (<code>--connect</code>): check');
});

it('is well without alerts, and says who evaluates them', async () => {
  const served = await servedPage(cleanup, { points: [] });
  expect((await ask(served.port, '/healthz')).json).toEqual({ live: true, ready: true, reasons: [] });
  expect((await ask(served.port, '/api/alerts')).json).toEqual({
    evaluatedMs: null,
    problem: expect.stringContaining('`btcdmon-node alerts`') as string,
    alerts: [],
  });
});

it('sends the alerts that fire in the live feed, at first and after each evaluation', async () => {
  const { served, pass } = await servedAlerts();
  const abort = cleanup.add(new AbortController(), (controller) => controller.abort());
  const response = await fetch(`${served.url}api/live`, { ...login, signal: abort.signal });
  let text = '';
  void (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
  })().catch(() => undefined);
  const told = (): { alerts: { slug: string; state: string }[] }[] =>
    [...text.matchAll(/^event: alerts\ndata: (.*)\n\n/gm)].map(([, data = '']) => JSON.parse(data) as never);
  await until('the first state', () => told().length === 1);
  await pass(4 * 3_600 + 7 * 60);
  await until('the evaluations', () => told().length === 8);
  expect(told()[0]?.alerts).toEqual([]);
  expect(
    told()
      .at(-1)
      ?.alerts.map(({ slug, state }) => [slug, state]),
  ).toEqual([
    ['no-peers', 'firing'],
    ['few-peers', 'pending'],
  ]);
});
