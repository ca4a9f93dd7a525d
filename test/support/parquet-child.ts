import type { Clock } from '../../src/lib/clock';
import { ParquetExporter } from '../../src/export/parquet/exporter';
import type { Point } from '../../src/metrics/point';
import { makePoints } from './make-points';

const say = (...words: (string | number | bigint)[]): void => {
  process.stdout.write(`${words.join(' ')}\n`);
};

/** A clock on which an hour has 300 points. */
class FastClock implements Clock {
  constructor(private ns: bigint) {}

  uniqueNs(): bigint {
    return (this.ns += 12_000_000_001n);
  }

  monotonicMs(): number {
    return performance.now();
  }
}

/**
 * `DIR START MODE`: writes batches of 100 points into DIR without end, from START (nanoseconds) on. Every
 * fifth batch is seven hours late. Prints `acked N` after each. In the mode `once` it writes 30 batches,
 * seals the finished hours, and closes when it reads a line.
 */
async function main(directory: string, start: bigint, mode: string): Promise<void> {
  const clock = new FastClock(start);
  const late = new FastClock(start - 25_200_000_000_000n);
  const exporter = new ParquetExporter(
    { directory, sealEveryMs: 1 },
    { clock, warn: (message) => say('warning', message) },
  );
  await exporter.open();
  say('open');
  let acked = 0;
  for (let i = 0; mode !== 'once' || i < 30; i++) {
    const points: Point[] = makePoints(100, i % 5 === 4 ? late : clock);
    acked += (await exporter.write(points)).acked;
    say('acked', acked);
  }
  await new Promise((resolve) => process.stdin.once('data', resolve));
  await exporter.close();
  say('closed');
  process.exit(0);
}

const [directory = '', start = '0', mode = ''] = process.argv.slice(2);
void main(directory, BigInt(start), mode);
