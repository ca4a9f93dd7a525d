import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { QueryScheduler, TooLongError } from '../../src/query/query-scheduler';
import { LocalAnswers } from '../../src/query/local-answers';
import { BusyError } from '../../src/query/turns';
import { openStore } from '../../src/store/store';
import { Cleanup } from '../support/cleanup';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function newScheduler(): Promise<QueryScheduler> {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-scheduler-')), (name) =>
    rm(name, { recursive: true }),
  );
  const store = cleanup.add(await openStore(path.join(folder, 'store.duckdb')), (opened) => opened.close());
  return cleanup.add(new QueryScheduler(new LocalAnswers({ store })), (opened) => opened.close());
}

const here = new AbortController().signal;
const never = (): Promise<never> => new Promise(() => undefined);

it('reports the time limit, even if the query does not end', async () => {
  const asked = await newScheduler();
  const stuck = asked.ask({ timeoutMs: 50, left: here }, never);
  await expect(stuck).rejects.toThrow(TooLongError);
  // It still has its turn: there is one more, and after that the queue.
  expect(await asked.ask({ timeoutMs: 5_000, left: here }, () => Promise.resolve(1))).toBe(1);
  const second = asked.ask({ timeoutMs: 50, left: here }, never);
  await expect(second).rejects.toThrow('the query took longer than 0.05 s; ask for less');
  const third = asked.ask({ timeoutMs: 50, left: here }, () => Promise.resolve(2));
  await expect(third).rejects.toThrow(new BusyError('other queries took all the time; try again later'));
});

it('closes although a query does not end, and accepts no more', async () => {
  const asked = await newScheduler();
  const stuck = asked.ask({ timeoutMs: 60_000, left: here }, never).catch((error: unknown) => String(error));
  await asked.close();
  expect(await stuck).toContain('the node is stopping');
  await expect(asked.ask({ timeoutMs: 50, left: here }, never)).rejects.toThrow('the node is stopping');
});

it('removes a client that leaves from the queue', async () => {
  const asked = await newScheduler();
  const gone = [new AbortController(), new AbortController(), new AbortController()];
  const all = gone.map(({ signal }) =>
    asked.ask({ timeoutMs: 60_000, left: signal }, never).catch((error: unknown) => String(error)),
  );
  gone[2]?.abort(new Error('the third has left'));
  expect(await all[2]).toContain('the third has left');
  gone[0]?.abort(new Error('the first has left'));
  expect(await all[0]).toContain('the first has left');
});

it('has turns for panels that neither statements nor queries take', async () => {
  const asked = await newScheduler();
  const held = (['statement', 'statement', 'query', 'query', 'query'] as const).map((kind) =>
    asked.ask({ kind, timeoutMs: 60_000, left: here }, never).catch((error: unknown) => String(error)),
  );
  for (let panel = 1; panel <= 3; panel++)
    expect(
      await asked.ask({ kind: 'panel', timeoutMs: 60_000, left: here }, () => Promise.resolve(panel)),
    ).toBe(panel);
  await asked.close();
  for (const end of held) expect(await end).toContain('the node is stopping');
});

it('runs one statement at a time, so that none is lost with another', async () => {
  const asked = await newScheduler();
  let end: () => void = () => undefined;
  const first = asked.ask(
    { kind: 'statement', timeoutMs: 60_000, left: here },
    () => new Promise<void>((resolve) => (end = resolve)),
  );
  const second = asked.ask({ kind: 'statement', timeoutMs: 50, left: here }, () => Promise.resolve());
  await expect(second).rejects.toThrow(BusyError);
  const third = asked.ask({ kind: 'statement', timeoutMs: 60_000, left: here }, () => Promise.resolve(3));
  end();
  await first;
  expect(await third).toBe(3);
});
