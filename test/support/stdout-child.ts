import { SystemClock } from '../../src/lib/clock';
import { memoryQueue } from '../../src/export/make-queue';
import { StdoutExporter } from '../../src/export/stdout';
import { makePoints } from './make-points';

/**
 * Writes points to stdout through a queue: `COUNT` of them, or without end. Prints on stderr how it ended.
 */
async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? Infinity);
  const clock = new SystemClock();
  const exporter = new StdoutExporter({ output: process.stdout });
  await exporter.open();
  const state = { ended: false };
  const queue = memoryQueue(
    { maxPoints: 100_000 },
    { exporter, clock, warn: (message) => console.error(message), onEnded: () => (state.ended = true) },
  );
  let turns = 0;
  for (let pushed = 0; pushed < count && !state.ended;) {
    const some = makePoints(Math.min(1000, count - pushed), clock);
    for (const point of some) queue.push(point);
    pushed += some.length;
    turns++;
    await new Promise((resolve) => setTimeout(resolve, 5));
    // A reader that does not read must not stop the program. This line shows that it goes on.
    if (turns === 200) console.error('going on', JSON.stringify(queue.stats()));
  }
  const stats = await queue.close(count === Infinity ? 200 : 5000);
  console.error('ended', JSON.stringify(stats));
  process.exit(0);
}

void main();
