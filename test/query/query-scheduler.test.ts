import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { QueryScheduler, TooLongError } from '../../src/query/query-scheduler';
import { LocalAnswers } from '../../src/query/local-answers';
import { BusyError } from '../../src/query/turns';
import { openStore } from '../../src/store/store';
import { Cleanup } from '../support/cleanup';
import { TestTimer } from '../support/test-timer';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A scheduler whose time passes by `timer.pass` alone. */
async function newScheduler(): Promise<{
  scheduler: QueryScheduler;
  timer: TestTimer;
  close: () => Promise<void>;
}> {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-scheduler-')), (name) =>
    rm(name, { recursive: true }),
  );
  const store = cleanup.add(await openStore(path.join(folder, 'store.duckdb')), (opened) => opened.close());
  const timer = new TestTimer();
  const scheduler = new QueryScheduler(new LocalAnswers({ store }), timer.start);
  const close = async (): Promise<void> => {
    const closed = scheduler.close();
    timer.pass(2_000);
    await closed;
  };
  cleanup.add(null, close);
  return { scheduler, timer, close };
}

const here = new AbortController().signal;
const never = (): Promise<never> => new Promise(() => undefined);

/** A query that never ends. `begun` resolves when it has its turn and the store. */
function endless(): { readonly begun: Promise<void>; readonly use: () => Promise<never> } {
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const use = (): Promise<never> => {
    begin();
    return never();
  };
  return { begun, use };
}

it('reports the time limit, even if the query does not end', async () => {
  const { scheduler, timer } = await newScheduler();
  const first = endless();
  const stuck = scheduler.ask({ timeoutMs: 50, left: here }, first.use);
  await first.begun;
  // Its limit, and a second in which an interrupted query may end.
  timer.pass(1_050);
  await expect(stuck).rejects.toThrow(TooLongError);
  // It still has its turn: there is one more, and after that the queue.
  expect(await scheduler.ask({ timeoutMs: 5_000, left: here }, () => Promise.resolve(1))).toBe(1);
  const second = endless();
  const alsoStuck = scheduler.ask({ timeoutMs: 50, left: here }, second.use);
  await second.begun;
  timer.pass(1_050);
  await expect(alsoStuck).rejects.toThrow('the query took longer than 0.05 s; ask for less');
  const third = scheduler.ask({ timeoutMs: 50, left: here }, () => Promise.resolve(2));
  timer.pass(50);
  await expect(third).rejects.toThrow(new BusyError('other queries took all the time; try again later'));
});

it('closes although a query does not end, and accepts no more', async () => {
  const { scheduler, close } = await newScheduler();
  const stuck = scheduler
    .ask({ timeoutMs: 60_000, left: here }, never)
    .catch((error: unknown) => String(error));
  await close();
  expect(await stuck).toContain('the node is stopping');
  await expect(scheduler.ask({ timeoutMs: 50, left: here }, never)).rejects.toThrow('the node is stopping');
});

it('removes a client that leaves from the queue', async () => {
  const { scheduler, timer } = await newScheduler();
  const gone = [new AbortController(), new AbortController(), new AbortController()];
  const all = gone.map(({ signal }) =>
    scheduler.ask({ timeoutMs: 60_000, left: signal }, never).catch((error: unknown) => String(error)),
  );
  gone[2]?.abort(new Error('the third has left'));
  expect(await all[2]).toContain('the third has left');
  gone[0]?.abort(new Error('the first has left'));
  timer.pass(1_000);
  expect(await all[0]).toContain('the first has left');
});

it('has turns for panels that neither statements nor queries take', async () => {
  const { scheduler, close } = await newScheduler();
  const held = (['statement', 'statement', 'query', 'query', 'query'] as const).map((kind) =>
    scheduler.ask({ kind, timeoutMs: 60_000, left: here }, never).catch((error: unknown) => String(error)),
  );
  for (let panel = 1; panel <= 3; panel++)
    expect(
      await scheduler.ask({ kind: 'panel', timeoutMs: 60_000, left: here }, () => Promise.resolve(panel)),
    ).toBe(panel);
  await close();
  for (const end of held) expect(await end).toContain('the node is stopping');
});

it('runs one statement at a time, so that none is lost with another', async () => {
  const { scheduler, timer } = await newScheduler();
  let end: () => void = () => undefined;
  const running = new Promise<void>((resolve) => (end = resolve));
  const first = scheduler.ask({ kind: 'statement', timeoutMs: 60_000, left: here }, () => running);
  const second = scheduler.ask({ kind: 'statement', timeoutMs: 50, left: here }, () => Promise.resolve());
  timer.pass(50);
  await expect(second).rejects.toThrow(BusyError);
  const third = scheduler.ask({ kind: 'statement', timeoutMs: 60_000, left: here }, () => Promise.resolve(3));
  end();
  await first;
  expect(await third).toBe(3);
});
