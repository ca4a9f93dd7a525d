import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { App } from '../../src/app/listener';
import { loadRegtestParts } from '../../src/bcoin/bcoin';
import { runDemo } from '../../src/demo/demo-command';
import { Progress } from '../../src/demo/progress';
import { SystemClock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import { createLog } from '../../src/lib/log';
import { until } from '../support/until';

let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-left-up-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An app that does nothing; `page` is the URL of its page. */
function standIn(page: string | null): App {
  return {
    ...{ page, bus: new EventBus(), ended: new Promise(() => undefined) },
    ...{ exporters: () => [], stop: () => Promise.resolve() },
  } as unknown as App;
}

/** Runs the demo on its network with a second in place of its minute. */
async function demo(
  page: string | null,
): Promise<{ text: () => string; signal: () => void; done: Promise<void> }> {
  let text = '';
  let signal = (): void => undefined;
  const told = new Promise<void>((resolve) => (signal = resolve));
  const done = runDemo(
    {
      ...{ dataDir: folder, seconds: null, exports: [], live: false, shownMs: 1_000 },
      invocation: { script: '/bin/btcdmon-node', folder: '/', path: '/bin' },
    },
    {
      ...{ log: createLog('error'), clock: new SystemClock(), loadRegtestParts },
      out: { write: (part: string) => (text += part) },
      startApp: () => Promise.resolve(standIn(page)),
      untilSignal: async (ended) => {
        await Promise.race([told, ended]);
      },
    },
  );
  await until('the network', () => text.includes('points stored'), { ms: 240_000 });
  return { text: () => text, signal, done };
}

it('says what to type next and leaves the page up until the user ends it', async () => {
  const { text, signal, done } = await demo('http://127.0.0.1:1/');
  await until('the end of the minute', () => text().includes('The network and its page go on until Ctrl-C'));
  expect(text()).toMatch(
    /What to type next:\n\n.*query tx_outputs.*\n\nThe network .*: http:\/\/127\.0\.0\.1:1\/\n/,
  );
  let hasEnded = false;
  void done.then(() => (hasEnded = true));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(hasEnded).toBe(false);
  signal();
  await done;
});

it('ends after the minute where there is no page', async () => {
  const { text, done } = await demo(null);
  await done;
  expect(text()).not.toContain('go on until Ctrl-C');
  expect(text()).toContain('What to type next');
});

it('draws one line that changes on a terminal', () => {
  let text = '';
  const { made } = new Progress(true, { write: (part: string) => (text += part) });
  for (const blocks of [1, 2, 3]) made(blocks, 3);
  expect(text).toBe(
    '\rMaking its first blocks: 1 of 3\x1b[K\rMaking its first blocks: 2 of 3\x1b[K\rMaking its first blocks: 3 of 3\x1b[K\n',
  );
});
