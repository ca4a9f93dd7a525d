import type { Alert, AlertName } from '../../src/alerts/alert';
import { ALERTS } from '../../src/alerts/alerts';
import type { Holding } from '../../src/alerts/holding';
import { AlertStates } from '../../src/alerts/states';

const MINUTE = 60_000;
const START = 1_700_000_000_000;

function alertOf(name: AlertName): Alert {
  const found = ALERTS.find((alert) => alert.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

/** Without a peer for five minutes: for two minutes its condition must hold. */
const noPeers: Holding = {
  alert: alertOf('BtcdmonNoPeers'),
  labels: { node: 'alpha', network: 'signet' },
  values: { A: 0 },
};
const lost: Holding = {
  alert: alertOf('BtcdmonPointsLost'),
  labels: { node: 'alpha', network: 'signet', exporter: 'influx+udp' },
  values: { A: 12_345 },
};

it('fires once the condition has held for the time of the alert, and is cleared when it does not', () => {
  const states = new AlertStates();
  const told = [0, 1, 2, 3].map((minute) => states.update([noPeers], START + minute * MINUTE));
  expect(told.map((changes) => changes.map(({ kind }) => kind))).toEqual([[], [], ['fired'], []]);
  expect(told[2]?.[0]).toEqual({
    kind: 'fired',
    atMs: START + 2 * MINUTE,
    active: {
      alert: noPeers.alert,
      labels: noPeers.labels,
      sinceMs: START,
      firingMs: START + 2 * MINUTE,
      reason: 'alpha has had no peer for 5 minutes: at most 0 peers within 3 minutes',
    },
  });
  const [cleared, ...more] = states.update([], START + 9 * MINUTE);
  expect([cleared?.kind, cleared?.atMs, more]).toEqual(['cleared', START + 9 * MINUTE, []]);
  expect(states.active).toEqual([]);
});

it('begins anew if the condition did not hold in between', () => {
  const states = new AlertStates();
  for (const [minute, held] of [[noPeers], [noPeers], [], [noPeers], [noPeers]].entries())
    expect(states.update(held, START + minute * MINUTE)).toEqual([]);
  expect(states.active.map(({ firingMs }) => firingMs)).toEqual([null]);
});

it('fires at once where the alert has no such time, for each group', () => {
  const states = new AlertStates();
  const other = { ...lost, labels: { ...lost.labels, exporter: 'nats' } };
  expect(states.update([lost, other], START).map(({ active }) => active.reason)).toEqual([
    'The exporter influx+udp of alpha has dropped points in the last 5 minutes: 12,345 points lost within 5 minutes',
    'The exporter nats of alpha has dropped points in the last 5 minutes: 12,345 points lost within 5 minutes',
  ]);
  expect(states.update([other], START + MINUTE).map(({ kind, active }) => [kind, active.labels])).toEqual([
    ['cleared', lost.labels],
  ]);
});

it('is quiet until a time, and then fires for what still holds', () => {
  const states = new AlertStates(START + 3 * MINUTE);
  expect(states.update([lost, noPeers], START)).toEqual([]);
  expect(states.update([noPeers], START + 2 * MINUTE)).toEqual([]);
  expect(states.update([noPeers], START + 3 * MINUTE).map(({ active }) => active.alert.name)).toEqual([
    'BtcdmonNoPeers',
  ]);
});

it('does not wait for longer where the clock is set back', () => {
  const states = new AlertStates();
  states.update([noPeers], START);
  states.update([noPeers], START - 3_600_000);
  expect(states.update([noPeers], START - 3_600_000 + 2 * MINUTE).map(({ kind }) => kind)).toEqual(['fired']);
});
