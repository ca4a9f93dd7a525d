import { StoreWriter } from '../../src/store/writer';
import { QueryScheduler } from '../../src/query/query-scheduler';
import { LocalAnswers } from '../../src/query/local-answers';
import { serveQueries } from '../../src/query/server';
import { queryPoints } from './query-points';

/**
 * Acts like a node towards queries: keeps the store at argv[2] open, answers, and writes until it is killed.
 */
async function main(): Promise<void> {
  const exporter = new StoreWriter({ path: process.argv[2] ?? '' });
  await exporter.open();
  const points = queryPoints();
  await exporter.write(points);
  await serveQueries({ scheduler: new QueryScheduler(new LocalAnswers(exporter)) });
  process.stdout.write('ready\n');
  for (let round = 1n; ; round++)
    await exporter.write(
      points.slice(0, 1000).map((point) => ({ ...point, time: point.time + round * 3_600_000_000_000n })),
    );
}

void main();
