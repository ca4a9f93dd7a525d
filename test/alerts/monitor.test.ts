import { setImmediate as turn } from 'node:timers/promises';
import { writeAlerts } from '../../src/app/alert-points';
import { ALERTS } from '../../src/alerts/alerts';
import type { Holding } from '../../src/alerts/holding';
import { AlertMonitor, type AlertMonitorModules } from '../../src/alerts/monitor';
import { readSilence } from '../../src/alerts/silences';
import type { AlertChange, FiringAlert } from '../../src/alerts/states';
import { Emitter } from '../../src/metrics/emitter';
import type { Point } from '../../src/metrics/point';
import { TestClock } from '../support/points';
import { TestTimer } from '../support/test-timer';

const START_MS = 1_700_000_000_000;

const noPeers = ALERTS.filter(({ name }) => name === 'BtcdmonNoPeers').map((alert): Holding => ({
  alert,
  labels: { node: 'alpha', network: 'signet' },
  values: { A: 0 },
}));

/** A monitor whose time the test owns, and that sees what the test says. */
function started(
  evaluate?: () => Promise<readonly Holding[]>,
  more: Pick<AlertMonitorModules, 'kept' | 'silences'> = {},
) {
  const timer = new TestTimer();
  const seen: { held: readonly Holding[]; times: bigint[]; warnings: string[]; changes: AlertChange[] } = {
    ...{ held: [], times: [], warnings: [], changes: [] },
  };
  let nowMs = START_MS;
  const monitor = new AlertMonitor({
    evaluate: (atNs) => {
      seen.times.push(atNs);
      return evaluate?.() ?? Promise.resolve(seen.held);
    },
    warn: (message) => seen.warnings.push(message),
    ...more,
    nowMs: () => nowMs,
    timer: timer.start,
  });
  monitor.subscribe((changes) => seen.changes.push(...changes));
  monitor.start();
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      nowMs += 1_000;
      timer.pass(1_000);
      await turn();
    }
  };
  return { monitor, seen, pass };
}

it('evaluates ten seconds after the start, and then once a minute', async () => {
  const { seen, pass, monitor } = started();
  expect(monitor.report()).toMatchObject({ evaluatedMs: null, problem: null });
  await pass(140);
  const ns = (seconds: number): bigint => BigInt(START_MS + seconds * 1_000) * 1_000_000n;
  expect(seen.times).toEqual([ns(10), ns(70), ns(130)]);
  expect(monitor.report()).toMatchObject({ evaluatedMs: START_MS + 130_000, problem: null });
  monitor.stop();
  await pass(120);
  expect(seen.times.length).toBe(3);
});

it('fires nothing in the first three minutes, and then what still holds', async () => {
  const { seen, pass, monitor } = started();
  seen.held = noPeers;
  await pass(179);
  expect([seen.times.length, seen.changes]).toEqual([3, []]);
  const pending = { state: 'pending', sinceMs: START_MS + 10_000, firingMs: null };
  expect(monitor.report().alerts[0]).toMatchObject({ slug: 'no-peers', ...pending });
  expect(monitor.health()).toEqual({ ready: true, reasons: [] });
  await pass(20);
  expect(seen.changes.map(({ kind, active }) => [kind, active.alert.slug])).toEqual([['fired', 'no-peers']]);
  expect(monitor.report().alerts.map(({ state }) => state)).toEqual([
    'firing',
    ...ALERTS.slice(1).map(() => 'ok'),
  ]);
  expect(monitor.health()).toEqual({ ready: false, reasons: ['No peer is connected'] });
  seen.held = [];
  await pass(60);
  expect(seen.changes.at(-1)).toMatchObject({ kind: 'cleared', atMs: START_MS + 250_000 });
  expect(monitor.health()).toEqual({ ready: true, reasons: [] });
});

it('keeps what fires where it can’t evaluate, and says so', async () => {
  const { seen, pass, monitor } = started(() =>
    failing ? Promise.reject(new Error('the disk is gone')) : Promise.resolve(noPeers),
  );
  let failing = false;
  await pass(200);
  failing = true;
  await pass(240);
  expect(seen.warnings).toEqual(["the alerts can't be evaluated: the disk is gone"]);
  expect(monitor.report()).toMatchObject({ evaluatedMs: START_MS + 190_000, problem: 'the disk is gone' });
  expect(monitor.report().alerts[0]?.state).toBe('firing');
  await pass(120);
  expect(monitor.health().reasons).toEqual(['The alerts can’t be evaluated', 'No peer is connected']);
  failing = false;
  await pass(60);
  expect(monitor.report().problem).toBeNull();
  expect(monitor.health().reasons).toEqual(['No peer is connected']);
});

it('says nothing new of what fired before a restart, and tells when it is cleared', async () => {
  let kept: readonly FiringAlert[] = [];
  const file = {
    get firing() {
      return kept;
    },
    keepFiring: (firing: readonly FiringAlert[]) => void (kept = firing),
  };
  const before = started(undefined, { kept: file });
  before.seen.held = noPeers;
  await before.pass(200);
  expect(kept.map(({ alert }) => alert.slug)).toEqual(['no-peers']);
  before.monitor.stop();

  const after = started(undefined, { kept: file });
  after.seen.held = noPeers;
  expect(after.monitor.report().alerts[0]).toMatchObject({ slug: 'no-peers', state: 'firing' });
  await after.pass(400);
  expect(after.seen.changes).toEqual([]);
  after.seen.held = [];
  await after.pass(60);
  expect(after.seen.changes.map(({ kind }) => kind)).toEqual(['cleared']);
  expect(kept).toEqual([]);
});

it('lists a silenced alert, tells nobody of it, and is well all the same', async () => {
  const { monitor, seen, pass } = started(undefined, { silences: [readSilence('no-peers=10m')] });
  seen.held = noPeers;
  await pass(300);
  expect(monitor.report().alerts[0]).toMatchObject({ slug: 'no-peers', state: 'firing', isSilenced: true });
  expect(monitor.report().alerts[1]?.isSilenced).toBe(false);
  expect([monitor.audible, monitor.health()]).toEqual([[], { ready: true, reasons: [] }]);
  await pass(301);
  expect(monitor.audible.map(({ alert }) => alert.slug)).toEqual(['no-peers']);
  expect(monitor.health().ready).toBe(false);
  expect(monitor.report().alerts[0]?.isSilenced).toBe(false);
});

it('writes a point when an alert fires, and when it is cleared', async () => {
  const { seen, pass, monitor } = started();
  const points: Point[] = [];
  const sink = { push: (point: Point) => points.push(point) };
  writeAlerts(
    monitor,
    new Emitter({ node: 'own', network: 'signet' }, { clock: new TestClock(), sink }).emit,
  );
  seen.held = noPeers;
  await pass(190);
  seen.held = [];
  await pass(120);
  const reason = 'alpha has had no peer for 5 minutes: at most 0 peers within 3 minutes';
  const about = { about: 'alpha', about_network: 'signet', reason };
  expect(points.map(({ series, tags, fields }) => ({ series, tags, fields }))).toEqual(
    [{ is_firing: true }, { is_firing: false, duration: 60 }].map((fields) => ({
      series: 'alerts',
      tags: { node: 'own', network: 'signet', alert: 'no-peers', severity: 'critical' },
      fields: { ...about, ...fields },
    })),
  );
});
