import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LineSerializer } from '#dist/export/line';
import { openExports } from '#dist/export/open-exports';
import { SystemClock } from '#dist/lib/clock';
import type { Point } from '#dist/metrics/point';
import { lineOf } from '../../test/support/line-of';
import { startCollector } from './collector';
import { hourOf, type Traffic } from './hour';

/** How long the senders send, in seconds. */
const SECONDS = 30;

/** How many points each sender sends in a second. */
const POINTS_PER_SECOND = 58;

/** What the senders send, and the folder for the files of a measurement. */
export interface Fleet {
  readonly folder: string;
  readonly startNs: bigint;
  readonly traffic: Traffic;
}

/**
 * Measures a collector with `count` connections. Each of them sends the points of a second every second. The
 * next second begins when all points are confirmed.
 */
export async function measureSenders({ folder, startNs, traffic }: Fleet, count: number): Promise<void> {
  const { socket, cpu, rss, stop } = await startCollector(folder, 'many');
  const serializer = new LineSerializer({ maxBytes: 65_536 });
  let sent = 0;
  let confirmed = 0;
  const clients = Array.from({ length: count }, (_, i) => {
    const points = hourOf(`node-${i}`, startNs, traffic);
    const client = connect(socket);
    client.setEncoding('latin1').on('data', (text: string) => {
      confirmed += text.split('\n').filter((line) => line.startsWith('ok ')).length;
    });
    client.write('#btcdmon 1\n');
    return { client, points };
  });
  await sleep(2_000);
  const before = cpu();
  const start = performance.now();
  for (let second = 0; second < SECONDS; second++) {
    for (const [i, { client, points }] of clients.entries()) {
      const batch = `${i}-${second}`;
      const lines = Array.from({ length: POINTS_PER_SECOND }, () => lineOf(serializer, next(points)));
      // The batches are spread over the second, because real nodes do not send at the same moment.
      setTimeout(
        () => client.write(`#batch ${batch}\n${lines.join('\n')}\n#end ${batch}\n`),
        (i / count) * 900,
      );
      sent += 1;
    }
    await sleep(1_000);
    while (sent > confirmed) await sleep(5);
  }
  const seconds = (performance.now() - start) / 1_000;
  const points = sent * POINTS_PER_SECOND;
  console.log(
    `${count} senders of ${POINTS_PER_SECOND} points a second: ${Math.round(points / seconds)} points/s, ` +
      `${(((cpu() - before) / points) * 1e6).toFixed(1)} µs of processor time a point, ${rss().toFixed(0)} MB resident`,
  );
  for (const { client } of clients) client.destroy();
  await stop();
}

/**
 * Measures a collector while `count` nodes deliver an hour of points each, through their spools, as fast as
 * they can.
 */
export async function measureNodes({ folder, startNs, traffic }: Fleet, count: number): Promise<void> {
  const { socket, cpu, stop } = await startCollector(folder, 'few');
  const senders = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const { queues } = await openExports([`line+unix:${socket}?ack=on`], {
        clock: new SystemClock(),
        warn: console.error,
        env: {},
        spools: { directory: path.join(folder, `spool-${i}`), maxBytes: 1e9 },
        onEnded: () => undefined,
      });
      const [queue] = queues;
      if (queue === undefined) throw new Error('there is no queue');
      return { queue, points: hourOf(`node-${i}`, startNs, traffic) };
    }),
  );
  const before = cpu();
  const start = performance.now();
  let pushed = 0;
  let open = senders;
  while (open.length > 0) {
    open = open.filter(({ queue, points }) => {
      for (let n = 0; n < 1_000; n++) {
        const point = points.next();
        if (point.done === true) return false;
        queue.push(point.value);
        pushed += 1;
      }
      return true;
    });
    await sleep(1);
    while (senders.some(({ queue }) => queue.isCrowded)) await sleep(5);
  }
  const acked = (): number => senders.reduce((sum, { queue }) => sum + queue.stats().acked, 0);
  while (acked() < pushed) await sleep(20);
  const seconds = (performance.now() - start) / 1_000;
  const used = cpu() - before;
  console.log(
    `collect: ${pushed} points of ${count} nodes confirmed and stored in the embedded store: ${((used / pushed) * 1e6).toFixed(1)} µs of ` +
      `processor time a point, ${Math.round(pushed / seconds)} points/s in real time; a node's hour takes ${(used / count).toFixed(1)} s of it`,
  );
  for (const { queue } of senders) await queue.close(1_000);
  await stop();
}

function next(points: Iterator<Point, undefined>): Point {
  const { value } = points.next();
  if (value === undefined) throw new Error('the hour has no more points');
  return value;
}
