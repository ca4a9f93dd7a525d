import { setTimeout as sleep } from 'node:timers/promises';
import { LoopLag } from '../../src/metrics/loop-lag';

/** Blocks the event loop for at least `ms`. */
function stand(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

it('of a loop that stalls longer than the interval is the time by which the interval was late', async () => {
  const lag = new LoopLag(100);
  for (let interval = 0; interval < 5; interval++) {
    stand(300);
    expect(lag.take()).toBeGreaterThanOrEqual(200);
    // All waiting timers fire once, as between two messages of a flood.
    await sleep(1);
  }
});

it('does not omit a stall right after an interval', async () => {
  const lag = new LoopLag(60_000);
  lag.take();
  stand(300);
  await sleep(300);
  expect(lag.take()).toBeGreaterThanOrEqual(200);
});

it('does not hide one long delay among many samples', async () => {
  const lag = new LoopLag(60_000);
  // With so many samples the greatest is above the 99th percentile.
  await sleep(3_000);
  stand(400);
  await sleep(1_500);
  expect(lag.take()).toBeGreaterThanOrEqual(300);
});

it('does not take the start of a program, before its first interval, for a delay', async () => {
  const lag = new LoopLag(50);
  // The machine may stand still meanwhile, which is a delay.
  let stood = 0;
  for (let done = 0; done < 200; done++) {
    const before = performance.now();
    await sleep(10);
    stood = Math.max(stood, performance.now() - before);
  }
  expect(lag.take()).toBeLessThan(1_000 + stood);
});

it('is undefined for an interval that is shorter than a sample', () => {
  const lag = new LoopLag(60_000);
  expect(lag.take()).toBeUndefined();
  expect(lag.take()).toBeUndefined();
});
