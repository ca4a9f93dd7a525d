import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openOutputs } from '../../src/app/outputs';
import { SystemClock } from '../../src/lib/clock';
import type { Log } from '../../src/lib/log';
import { makePoints } from '../support/make-points';

it('a program that is killed at its end tells how many points are lost', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-outputs-'));
  const clock = new SystemClock();
  const errors: string[] = [];
  const note = (): void => undefined;
  const log = { info: note, warn: note, debug: note, error: (text: string) => errors.push(text) };
  const outputs = await openOutputs(
    {
      node: 'n',
      exports: [`duckdb:${path.join(folder, 'store.duckdb')}`],
      spools: { directory: path.join(folder, 'spool'), maxBytes: 1_000_000 },
    },
    { clock, log: log as unknown as Log, page: null, onEnded: note },
  );
  for (const point of makePoints(3, clock)) outputs.sink.push(point);
  outputs.killed();
  await outputs.stopServing();
  await outputs.deliver(clock.monotonicMs());
  outputs.killed();
  expect(errors).toEqual([
    'the end of the program takes too long, so it is killed; up to 3 points that waited in memory are lost',
    'the end of the program takes too long, so it is killed',
  ]);
  rmSync(folder, { recursive: true });
});
