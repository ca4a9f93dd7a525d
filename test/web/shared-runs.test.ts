import { SharedRuns } from '../../src/web/shared-runs';

/** Runs that end when the test tells them to. */
function runs() {
  const begun: { readonly abandoned: AbortSignal; end(value: string): void; fail(error: Error): void }[] = [];
  const make = (abandoned: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      abandoned.addEventListener('abort', () => reject(abandoned.reason as Error));
      begun.push({ abandoned, end: resolve, fail: reject });
    });
  return { begun, make };
}

it('has one run for all who want the same, and another for the next', async () => {
  const shared = new SharedRuns<string>();
  const { begun, make } = runs();
  const here = new AbortController().signal;
  const both = [shared.get('a', here, make), shared.get('a', here, make)];
  const other = shared.get('b', here, make);
  expect(begun).toHaveLength(2);
  begun[0]?.end('one');
  begun[1]?.end('two');
  expect(await Promise.all([...both, other])).toEqual(['one', 'one', 'two']);
  const next = shared.get('a', here, make);
  begun[2]?.end('three');
  expect(await next).toBe('three');
});

it('continues until the last has left', async () => {
  const shared = new SharedRuns<string>();
  const { begun, make } = runs();
  const [first, second] = [new AbortController(), new AbortController()];
  const left = shared.get('a', first.signal, make);
  const stays = shared.get('a', second.signal, make);
  first.abort(new Error('gone'));
  expect(begun[0]?.abandoned.aborted).toBe(false);
  begun[0]?.end('one');
  await expect(left).rejects.toThrow('gone');
  expect(await stays).toBe('one');

  const alone = shared.get('a', second.signal, make);
  second.abort(new Error('gone too'));
  expect(begun[1]?.abandoned.aborted).toBe(true);
  await expect(alone).rejects.toThrow('gone too');
  await expect(shared.get('a', second.signal, make)).rejects.toThrow('gone too');
  // A request after the last has left does not join the cancelled run.
  const anew = shared.get('a', new AbortController().signal, make);
  begun[2]?.end('anew');
  expect(await anew).toBe('anew');
});

it('fails for all alike', async () => {
  const shared = new SharedRuns<string>();
  const { begun, make } = runs();
  const here = new AbortController().signal;
  const both = [shared.get('a', here, make), shared.get('a', here, make)];
  begun[0]?.fail(new Error('no'));
  for (const one of both) await expect(one).rejects.toThrow('no');
});
