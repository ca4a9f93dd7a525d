import { Refresher, retryAfterMs } from '../../../src/web/page/refresher';

/** Something whose loads end when the test says so. */
class Thing {
  loads = 0;
  signal: AbortSignal | null = null;
  private settle: ((error?: Error) => void) | null = null;

  load(signal: AbortSignal): Promise<void> {
    this.loads++;
    this.signal = signal;
    return new Promise((resolve, reject) => {
      this.settle = (error) => (error === undefined ? resolve() : reject(error));
    });
  }

  async end(error?: Error): Promise<void> {
    this.settle?.(error);
    await new Promise(setImmediate);
  }
}

const setUp = (count: number, atOnce = 4, everyMs: number | null = 2_000) => {
  const clock = { ms: 1_000 };
  const refresher = new Refresher<Thing>({ atOnce, everyMs: () => everyMs, now: () => clock.ms });
  const things = Array.from({ length: count }, () => new Thing());
  for (const thing of things) refresher.add(thing);
  const loads = (): number[] => things.map((thing) => thing.loads);
  return { clock, refresher, things, loads };
};

it('loads what is visible, a few at once', async () => {
  const { refresher, things, loads } = setUp(4, 2);
  for (const thing of things.slice(0, 3)) refresher.setVisible(thing, true);
  expect(loads()).toEqual([1, 1, 0, 0]);
  await things[0]?.end();
  expect(loads()).toEqual([1, 1, 1, 0]);
});

it('loads again when it is time, and nothing that is not visible', async () => {
  const { clock, refresher, things, loads } = setUp(2);
  for (const thing of things) refresher.setVisible(thing, true);
  for (const thing of things) await thing.end();
  refresher.tick();
  expect(loads()).toEqual([1, 1]);
  clock.ms += 2_000;
  if (things[1] !== undefined) refresher.setVisible(things[1], false);
  refresher.tick();
  expect(loads()).toEqual([2, 1]);
});

it('loads what is kept, after what is visible and ten times as rarely', async () => {
  const { clock, refresher, things, loads } = setUp(3, 1);
  if (things[2] !== undefined) refresher.setVisible(things[2], true);
  await things[2]?.end();
  refresher.keep(new Set(things));
  if (things[2] !== undefined) refresher.setVisible(things[2], true);
  await things[0]?.end();
  await things[1]?.end();
  expect(loads()).toEqual([1, 1, 1]);
  clock.ms += 2_000;
  refresher.tick();
  await things[2]?.end();
  expect(loads()).toEqual([1, 1, 2]);
  // What was loaded out of sight is loaded again at once when it comes into sight.
  if (things[0] !== undefined) refresher.setVisible(things[0], true);
  expect(loads()).toEqual([2, 1, 2]);
  await things[0]?.end();
  clock.ms += 18_000;
  refresher.tick();
  expect(loads().reduce((sum, count) => sum + count, 0)).toBe(6);
});

it('drops the loads of what is not kept any more', async () => {
  const { refresher, things, loads } = setUp(2);
  refresher.keep(new Set(things));
  refresher.keep(new Set(things.slice(1)));
  expect(things.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
  await things[0]?.end(new Error('aborted'));
  await things[1]?.end();
  expect(loads()).toEqual([1, 1]);
  refresher.keep(new Set(things));
  expect(loads()).toEqual([2, 1]);
});

it('loads once what does not change', async () => {
  const { clock, refresher, things, loads } = setUp(1, 4, null);
  for (const thing of things) refresher.setVisible(thing, true);
  await things[0]?.end();
  clock.ms += 1e9;
  refresher.tick();
  expect(loads()).toEqual([1]);
  refresher.invalidate();
  expect(loads()).toEqual([2]);
});

it('drops answers to an outdated query, and asks again', async () => {
  const { refresher, things, loads } = setUp(1);
  for (const thing of things) refresher.setVisible(thing, true);
  refresher.invalidate();
  expect(things[0]?.signal?.aborted).toBe(true);
  await things[0]?.end(new Error('aborted'));
  expect(loads()).toEqual([2]);
  expect(things[0]?.signal?.aborted).toBe(false);
});

it('loads again after a running load if an event came meanwhile', async () => {
  const { refresher, things, loads } = setUp(1);
  for (const thing of things) refresher.setVisible(thing, true);
  refresher.hurry();
  expect(loads()).toEqual([1]);
  await things[0]?.end();
  expect(loads()).toEqual([2]);
});

it('waits longer after each failure', async () => {
  const { clock, refresher, things, loads } = setUp(1);
  for (const thing of things) refresher.setVisible(thing, true);
  await things[0]?.end(new Error('busy'));
  refresher.tick();
  expect(loads()).toEqual([1]);
  clock.ms += retryAfterMs(1);
  refresher.tick();
  expect(loads()).toEqual([2]);
  expect([1, 2, 3, 10].map(retryAfterMs)).toEqual([1_000, 2_000, 4_000, 30_000]);
});

it('starves nothing while the same events repeat', async () => {
  const { clock, refresher, things, loads } = setUp(3, 1);
  for (const thing of things) refresher.setVisible(thing, true);
  for (let times = 0; times < 3; times++) {
    clock.ms += 100;
    refresher.hurry();
    await things[times]?.end();
  }
  expect(loads().every((count) => count > 0)).toBe(true);
});
