import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SystemClock } from '../../src/lib/clock';
import { type WriteResult, confirmed } from '../../src/metrics/write-result';
import type { LineBatch, LineExporter } from '../../src/export/line-exporter';
import { spoolQueue } from '../../src/export/make-queue';
import { Spool } from '../../src/export/spool/spool';
import { makePoints } from '../support/make-points';
import { until } from '../support/until';

/** A receiver that keeps what it was given; a test sets `onWrite` to make it fail, wait or refuse. */
class Kept implements LineExporter {
  readonly name = 'kept';
  readonly destination = 'test';
  readonly lines: string[] = [];
  closed = false;
  onWrite: (batch: LineBatch) => Promise<number> | number = () => 0;

  open(): Promise<void> {
    return Promise.resolve();
  }

  async writeLines(batch: LineBatch): Promise<WriteResult> {
    const rejected = await this.onWrite(batch);
    const lines = String(batch.lines).trimEnd().split('\n');
    expect(lines).toHaveLength(batch.points);
    this.lines.push(...lines.slice(rejected));
    const sent = batch.points - rejected;
    return confirmed(sent, rejected > 0 ? 'an example' : undefined);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

const never = new Promise<number>(() => undefined);
const clock = new SystemClock();
let folder: string;
beforeEach(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-spool-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function setUp(maxBytes = 10_000_000) {
  const exporter = new Kept();
  const warnings: string[] = [];
  const spool = await Spool.open(folder, { maxBytes, warn: (message) => warnings.push(message) });
  const queue = spoolQueue(
    { batchPoints: 100, flushMs: 5, retryMinMs: 5, retryMaxMs: 20 },
    { exporter, spool, clock, warn: (message) => warnings.push(message) },
  );
  return { exporter, warnings, queue };
}

describe('the queue with a spool', () => {
  it('delivers every point once, in its order', async () => {
    const { exporter, queue } = await setUp();
    const points = makePoints(1_000, clock);
    for (const point of points) queue.push(point);
    await until('all', () => queue.stats().acked === 1_000);
    expect(queue.stats()).toEqual({
      sent: 1_000,
      acked: 1_000,
      damaged: 0,
      dropped: 0,
      queued: 0,
      spooled: 0,
      retried: 0,
    });
    expect(exporter.lines.map((line) => BigInt(line.slice(line.lastIndexOf(' ') + 1)))).toEqual(
      points.map(({ time }) => time),
    );
    await queue.close(1_000);
    expect(exporter.closed).toBe(true);
  });

  it('keeps points on disk that can’t be delivered, and the next run delivers them', async () => {
    const first = await setUp();
    first.exporter.onWrite = () => {
      throw new Error('nobody there');
    };
    for (const point of makePoints(1_000, clock)) first.queue.push(point);
    await until('the disk', () => first.queue.stats().spooled === 1_000);
    expect(await first.queue.close(200)).toMatchObject({ sent: 0, dropped: 0, queued: 0, spooled: 1_000 });
    expect(first.warnings).toEqual([
      expect.stringMatching(
        /^kept: a delivery failed and is tried again, \d+ points wait on disk: nobody there$/,
      ),
    ]);

    const second = await setUp();
    for (const point of makePoints(10, clock)) second.queue.push(point);
    await until('all', () => second.queue.stats().acked === 1_010);
    expect(new Set(second.exporter.lines).size).toBe(1_010);
    await second.queue.close(1_000);
  });

  it('accounts for every point at every moment', async () => {
    const { exporter, queue } = await setUp();
    exporter.onWrite = () => nextTurn(1);
    let pushed = 0;
    while (queue.stats().sent + queue.stats().dropped < 3_000) {
      if (pushed < 3_000) for (const point of makePoints(100, clock)) queue.push(point);
      pushed = Math.min(3_000, pushed + 100);
      await nextTurn();
      const { sent, dropped, queued, spooled = 0 } = queue.stats();
      expect(sent + dropped + queued + spooled).toBe(pushed);
    }
    await queue.close(1_000);
  });

  it('counts points that the receiver refuses, and delivers the rest', async () => {
    const { exporter, queue, warnings } = await setUp();
    exporter.onWrite = () => 3;
    for (const point of makePoints(100, clock)) queue.push(point);
    await until('the end', () => queue.stats().sent === 97);
    expect(await queue.close(1_000)).toMatchObject({ sent: 97, dropped: 3, spooled: 0 });
    expect(warnings.join()).toContain('3 that can never be written (one of them: an example)');
  });

  it('counts points that were damaged on disk as dropped and as damaged', async () => {
    const first = await setUp();
    first.exporter.onWrite = () => Promise.reject(new Error('away'));
    for (const point of makePoints(300, clock)) first.queue.push(point);
    await until('all to be on disk', () => first.queue.stats().spooled === 300);
    await first.queue.close(50);
    const file = path.join(folder, '00000001.log');
    const bytes = await readFile(file);
    // Of the first record's lines.
    bytes[500] = 0xff;
    await writeFile(file, bytes);
    const { exporter, queue } = await setUp();
    expect(queue.stats()).toMatchObject({ damaged: 0, dropped: 0 });
    await until('the rest', () => exporter.lines.length === 200);
    expect(queue.stats()).toMatchObject({ damaged: 100, dropped: 100, sent: 200, spooled: 0 });
    await queue.close(1_000);
  });

  it('counts a last record that was damaged in several bytes, and warns of it', async () => {
    const first = await setUp();
    first.exporter.onWrite = () => Promise.reject(new Error('away'));
    for (const point of makePoints(300, clock)) first.queue.push(point);
    await until('all to be on disk', () => first.queue.stats().spooled === 300);
    await first.queue.close(50);
    const file = path.join(folder, '00000001.log');
    const bytes = await readFile(file);
    // The length of the last of its three records, and a byte of a line.
    let at = 0;
    for (let record = 0; record < 2; record++) at += 12 + bytes.readUInt32LE(at);
    bytes[at + 3] = 0xff;
    bytes[bytes.length - 50] = 0xff;
    await writeFile(file, bytes);
    const { exporter, queue, warnings } = await setUp();
    await until('the rest', () => exporter.lines.length === 200 && (queue.stats().damaged ?? 0) > 0);
    expect(queue.stats()).toMatchObject({ damaged: 100, dropped: 100, sent: 200, spooled: 0 });
    await queue.close(1_000);
    expect(warnings).toEqual([
      `spool ${folder}: ${bytes.length - at} bytes of 00000001.log are damaged; at least 100 points in them are lost`,
      'kept: points dropped: 100 whose bytes in the spool are damaged; 100 since the start',
    ]);
  });

  it('drops no more than the limit demands, and logs the number', async () => {
    const { exporter, queue, warnings } = await setUp(100_000);
    exporter.onWrite = () => {
      throw new Error('nobody there');
    };
    for (const point of makePoints(5_000, clock)) queue.push(point);
    await until('the disk', () => queue.stats().queued === 0);
    const { dropped, spooled = 0 } = queue.stats();
    expect(dropped).toBeGreaterThan(0);
    expect(spooled).toBeGreaterThan(0);
    expect(dropped + spooled).toBe(5_000);
    exporter.onWrite = () => 0;
    await until('the rest', () => queue.stats().acked === spooled);
    await queue.close(1_000);
    expect(warnings.join()).toContain(`${dropped} because the spool on disk was full (--spool-size)`);
  });

  it('drops points of inbound peers before the full disk would cost other points', async () => {
    const { exporter, queue } = await setUp(200_000);
    exporter.onWrite = () => {
      throw new Error('nobody there');
    };
    const [own, strangers] = [makePoints(500, clock), makePoints(10_000, clock)];
    for (const point of own) queue.push(point);
    for (const point of strangers) {
      queue.push(point, true);
      if (queue.stats().queued >= 100) await until('the disk', () => queue.stats().queued === 0);
    }
    expect(queue.stats().dropped).toBeGreaterThan(0);
    exporter.onWrite = () => 0;
    await until('the rest', () => queue.stats().spooled === 0 && queue.stats().queued === 0);
    const there = new Set(exporter.lines.map((line) => BigInt(line.slice(line.lastIndexOf(' ') + 1))));
    expect(own.every(({ time }) => there.has(time))).toBe(true);
    const { dropped } = await queue.close(1_000);
    expect(there.size + dropped).toBe(10_500);
  });

  it('flushes points to disk, and is crowded before the disk is full', async () => {
    const { exporter, queue } = await setUp(200_000);
    exporter.onWrite = () => never;
    let pushed = 0;
    while (!queue.isCrowded && pushed < 10_000) {
      for (const point of makePoints(100, clock)) queue.push(point);
      pushed += 100;
      expect(await queue.flush()).toBe(true);
      expect(queue.stats()).toMatchObject({ queued: 0, dropped: 0 });
    }
    expect(pushed).toBeGreaterThan(500);
    expect(queue.isCrowded).toBe(true);
    await queue.close(50);
    expect(await queue.flush()).toBe(false);
  });

  it('closes in time with a receiver that stalls, and the next run delivers its points', async () => {
    const first = await setUp();
    first.exporter.onWrite = () => never;
    for (const point of makePoints(100, clock)) first.queue.push(point);
    await until('the disk', () => first.queue.stats().spooled === 100);
    expect(await first.queue.close(100)).toMatchObject({ sent: 0, dropped: 0, spooled: 100 });
    first.queue.push(...(makePoints(1, clock) as [never]));
    expect(first.queue.stats().dropped).toBe(1);
    const second = await setUp();
    await until('all', () => second.queue.stats().acked === 100);
    await second.queue.close(1_000);
  });
});
