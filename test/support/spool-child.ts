import { SystemClock } from '../../src/lib/clock';
import { messageOf } from '../../src/lib/errors';
import type { LineExporter } from '../../src/export/line-exporter';
import { spoolQueue } from '../../src/export/make-queue';
import { Spool } from '../../src/export/spool/spool';
import { makePoints } from './make-points';

/**
 * `DIR`: puts points into a spool whose receiver is away, and prints the first warning about the spool, or
 * why it can't be opened. Prints `fine` where all points are on disk.
 */
async function main(directory: string): Promise<void> {
  const clock = new SystemClock();
  const exporter: LineExporter = {
    ...{ name: 'away', destination: 'nowhere' },
    open: () => Promise.resolve(),
    writeLines: () => new Promise(() => undefined),
    close: () => Promise.resolve(),
  };
  const say = (message: string): void => {
    process.stdout.write(`${message}\n`, () => process.exit(0));
  };
  try {
    const spool = await Spool.open(directory, { maxBytes: 10_000_000, warn: say });
    const queue = spoolQueue({}, { exporter, spool, clock, warn: say });
    for (const point of makePoints(100, clock)) queue.push(point);
    await queue.flush();
    say('fine');
  } catch (error) {
    say(messageOf(error));
  }
}

void main(process.argv[2] ?? '');
