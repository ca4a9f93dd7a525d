import { Vitals } from '../../src/live/vitals';

const MINUTE = 60_000;
const exporter = (changes: object = {}) => ({
  ...{ name: 'influx', sent: 0, acked: 0, dropped: 0, queued: 0, retried: 0 },
  ...changes,
});

function started() {
  const clock = { ms: 1_700_000_000_000 };
  return { clock, vitals: new Vitals(() => clock.ms) };
}

it('compares peers with those of an hour ago, once it has run for so long', () => {
  const { clock, vitals } = started();
  const run = (minutes: number, peers: number): void => {
    for (let count = 0; count < minutes * 12; count++) {
      vitals.sample({ peers, transactions: 100 }, []);
      clock.ms += 5_000;
    }
  };
  run(10, 8);
  expect(vitals.peerChange).toEqual({ lately: 8, before: null });
  run(50, 8);
  run(10, 2);
  expect(vitals.peerChange).toEqual({ lately: 2, before: 8 });
  expect(vitals.transactionChange).toEqual({ lately: 100, before: null });
  run(120, 2);
  expect(vitals.transactionChange).toEqual({ lately: 100, before: 100 });
  // The clock is set back by a day.
  clock.ms -= 86_400_000;
  run(10, 5);
  expect(vitals.peerChange.lately).toBe(5);
});

it('tells when an exporter lost points, and since when it delivers none', () => {
  const { clock, vitals } = started();
  const after = (ms: number, changes: object): void => {
    clock.ms += ms;
    vitals.sample({ peers: 1, transactions: 1 }, [exporter(changes)]);
  };
  after(0, {});
  expect(vitals.deliveries).toEqual([{ name: 'influx', lost: 0, lostMs: null, stuckForMs: null }]);
  after(MINUTE, { sent: 5, dropped: 2 });
  expect(vitals.deliveries[0]).toMatchObject({ lost: 2, lostMs: clock.ms });
  after(MINUTE, { sent: 5, dropped: 2, queued: 3 });
  after(MINUTE, { sent: 5, dropped: 2, queued: 4 });
  expect(vitals.deliveries[0]).toMatchObject({ lostMs: clock.ms - 2 * MINUTE, stuckForMs: 2 * MINUTE });
  after(MINUTE, { sent: 6, dropped: 2, queued: 3 });
  expect(vitals.deliveries[0]?.stuckForMs).toBeNull();
});

it('counts points that were found damaged at the start', () => {
  const { clock, vitals } = started();
  vitals.sample({ peers: 1, transactions: 1 }, [exporter({ damaged: 7 })]);
  expect(vitals.deliveries[0]).toMatchObject({ lost: 7, lostMs: clock.ms });
});

it('remembers the event loop for five minutes, and reorganisations for an hour', () => {
  const { clock, vitals } = started();
  vitals.loop(2_000, 2_000);
  vitals.reorg(3);
  expect(vitals.loopFacts).toEqual({ lagMs: 2_000, leastLagMs: null, stalledMs: 2_000 });
  for (let count = 0; count < 60; count++) {
    clock.ms += 5_000;
    vitals.loop(600, 0);
  }
  expect(vitals.loopFacts).toEqual({ lagMs: 600, leastLagMs: 600, stalledMs: 0 });
  expect(vitals.reorgDepth).toBe(3);
  clock.ms += 3_600_000;
  expect(vitals.reorgDepth).toBe(0);
});
