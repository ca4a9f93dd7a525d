import { appendFile, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FailureError } from '../../src/lib/errors';
import { encodeRecord } from '../../src/export/spool/record';
import { Spool } from '../../src/export/spool/spool';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-spool-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (maxBytes = 1_000_000): Promise<Spool> => Spool.open(folder, { maxBytes });
const lines = (i: number, bytes = 20): Buffer => Buffer.from(`${String(i).padEnd(bytes - 1, '.')}\n`);
const numberOf = (batch: { readonly lines: Buffer } | undefined): number =>
  Number.parseInt(String(batch?.lines), 10);

const HEADER = 12;
const NEWLINE = 0x0a;

/** The bytes of a segment with record 0 of one point, and another one. */
async function twoRecords(second: Buffer, points: number): Promise<Buffer> {
  const spool = await open();
  await spool.append(lines(0), 1);
  await spool.append(second, points);
  await spool.close();
  return readFile(path.join(folder, '00000001.log'));
}

function flip(bytes: Buffer, ...offsets: readonly number[]): Buffer {
  const changed = Buffer.from(bytes);
  for (const at of offsets) changed.writeUInt8(changed.readUInt8(at) ^ 0xff, at);
  return changed;
}

/** Opens a spool whose segments have these bytes, and delivers all of it. */
async function deliver(...segments: readonly Buffer[]) {
  for (const name of await readdir(folder)) if (/log$|cursor/.test(name)) await rm(path.join(folder, name));
  for (const [i, bytes] of segments.entries())
    await writeFile(path.join(folder, `0000000${i + 1}.log`), bytes);
  const warnings: string[] = [];
  const spool = await Spool.open(folder, { maxBytes: 1_000_000, warn: (line) => warnings.push(line) });
  const waiting = spool.points;
  const taken: number[] = [];
  let lost = 0;
  for (let next = await spool.next(); ; next = await spool.next()) {
    lost += next.lost;
    if (next.batch === undefined) break;
    taken.push(numberOf(next.batch));
    await spool.done();
  }
  expect(spool.points).toBe(0);
  await spool.close();
  return { taken, lost, waiting, warnings };
}

/** Delivers all records and returns their numbers. */
async function drain(spool: Spool, most = Infinity): Promise<number[]> {
  const taken: number[] = [];
  while (taken.length < most) {
    const { batch } = await spool.next();
    if (batch === undefined) break;
    taken.push(numberOf(batch));
    await spool.done();
  }
  return taken;
}

describe('a spool', () => {
  it('delivers all records in order, each once, and counts the points', async () => {
    const spool = await open();
    for (let i = 0; i < 10; i++) await spool.append(lines(i), i + 1);
    expect(spool.points).toBe(55);
    expect(await drain(spool, 4)).toEqual([0, 1, 2, 3]);
    expect(spool.points).toBe(45);
    await spool.append(lines(10), 1);
    expect(await drain(spool)).toEqual([4, 5, 6, 7, 8, 9, 10]);
    expect(spool.points).toBe(0);
    expect((await spool.next()).batch).toBeUndefined();
    await spool.close();
  });

  it('hands out the same batch, with the same id, until it is done', async () => {
    const spool = await open();
    await spool.append(lines(1), 1);
    const first = await spool.next();
    expect(await spool.next()).toEqual(first);
    await spool.close();
    const again = await open();
    expect(await again.next()).toEqual(first);
    await again.done();
    await again.append(lines(1), 1);
    expect((await again.next()).batch?.id).not.toBe(first.batch?.id);
    await again.close();
  });

  it('goes on after a restart where it stopped', async () => {
    const first = await open();
    for (let i = 0; i < 100; i++) await first.append(lines(i, 2_000), 2);
    await drain(first, 61);
    await first.close();
    const second = await open();
    expect(second.points).toBe(78);
    await second.append(lines(100), 2);
    expect(await drain(second)).toEqual(Array.from({ length: 40 }, (_, i) => i + 61));
    await second.close();
    const third = await open();
    expect(third.points).toBe(0);
    await third.close();
  });

  it('keeps its limit: the oldest points are dropped and counted', async () => {
    const spool = await open(100_000);
    let dropped = 0;
    for (let i = 0; i < 1_000; i++) dropped += await spool.append(lines(i, 1_000), 1);
    expect(spool.bytes).toBeLessThanOrEqual(100_000);
    expect(spool.bytes).toBeGreaterThan(80_000);
    expect(spool.points + dropped).toBe(1_000);
    const left = await drain(spool);
    expect(left).toHaveLength(1_000 - dropped);
    expect(left).toEqual(Array.from({ length: left.length }, (_, i) => dropped + i));
    await spool.close();
    const files = await readdir(folder);
    expect(files.filter((name) => name.endsWith('.log'))).toHaveLength(1);
  });

  it('does not count points as dropped that are being delivered when room is made', async () => {
    const spool = await open(100_000);
    await spool.append(lines(0, 1_000), 7);
    expect(numberOf((await spool.next()).batch)).toBe(0);
    let dropped = 0;
    for (let i = 1; i < 200; i++) dropped += await spool.append(lines(i, 1_000), 1);
    expect(dropped + spool.points).toBe(7 + 199);
    await spool.done();
    expect(dropped + spool.points).toBe(199);
    await spool.close();
  });

  it('cuts off a torn record, which a kill in the middle of a write leaves', async () => {
    const first = await open();
    for (let i = 0; i < 5; i++) await first.append(lines(i), 1);
    await first.close();
    const file = path.join(folder, '00000001.log');
    const { size } = await stat(file);
    await truncate(file, size - 3);
    const second = await open();
    expect(second.points).toBe(4);
    await second.append(lines(9), 1);
    expect(await drain(second)).toEqual([0, 1, 2, 3, 9]);
    await second.close();
  });

  it('tells of a torn record, wherever its write was cut short, and counts none of it as lost: it was not acknowledged', async () => {
    const whole = await twoRecords(Buffer.concat([lines(1), lines(2), lines(3)]), 3);
    const begin = whole.length - HEADER - 60;
    for (let size = begin + 1; size < whole.length; size++) {
      const { taken, lost, waiting, warnings } = await deliver(whole.subarray(0, size));
      const what = size < begin + HEADER ? 'a record' : 'a record of 3 points';
      expect([size, taken, lost, waiting, warnings]).toEqual([
        ...[size, [0], 0, 1],
        [
          `spool ${folder}: 00000001.log ends with the first ${size - begin} bytes of ${what}, as a kill or a power cut in the middle of its write leaves it; they are removed`,
        ],
      ]);
    }
    expect((await deliver(whole.subarray(0, begin))).warnings).toEqual([]);
  });

  it('counts the points of a record that was cut anywhere, with others behind it, and warns of its bytes', async () => {
    const whole = await twoRecords(Buffer.concat([lines(1), lines(2), lines(3)]), 3);
    const first = whole.subarray(0, HEADER + 20);
    const cut = whole.subarray(first.length);
    const parts: (readonly [Buffer, boolean])[] = [];
    for (let size = 1; size < cut.length; size++) {
      parts.push([cut.subarray(0, size), size >= HEADER]);
      parts.push([cut.subarray(size), false]);
    }
    for (const [part, hasHeader] of parts)
      for (const segments of [[Buffer.concat([first, part, first])], [Buffer.concat([first, part]), first]]) {
        const { taken, lost, waiting, warnings } = await deliver(...segments);
        const [place, least] = [[part.length, hasHeader, segments.length], hasHeader ? 3 : 1];
        expect([place, taken, lost >= least, lost <= 3]).toEqual([place, [0, 0], true, true]);
        expect([place, waiting >= 2]).toEqual([place, true]);
        expect([place, warnings]).toEqual([
          place,
          [
            expect.stringContaining(
              `: ${part.length} bytes of 00000001.log are damaged; at least ${lost} point`,
            ),
          ],
        ]);
      }
  });

  it('delivers what comes after a power cut that left less of a segment than was delivered of it', async () => {
    const record = encodeRecord(lines(0), 1).length;
    for (const size of [2 * record, record + 5, record, 5, 0]) {
      for (const name of await readdir(folder)) await rm(path.join(folder, name));
      const before = await open();
      for (let i = 0; i < 3; i++) await before.append(lines(i), 1);
      expect(await drain(before)).toEqual([0, 1, 2]);
      await before.close();
      await truncate(path.join(folder, '00000001.log'), size);
      // Nothing moves the cursor the first time.
      for (const isLast of [false, true]) {
        const warnings: string[] = [];
        const after = await Spool.open(folder, { maxBytes: 1_000_000, warn: (line) => warnings.push(line) });
        const told = warnings.filter((line) => line.includes('is shorter than what was delivered of it'));
        expect([size, isLast, told.length]).toEqual([size, isLast, 1]);
        if (isLast) {
          for (let i = 10; i < 13; i++) await after.append(lines(i), 1);
          expect([size, await drain(after)]).toEqual([size, [10, 11, 12]]);
        }
        expect(after.points).toBe(0);
        await after.close();
      }
    }
  });

  it('gives a record another id than the one that was at its place before a power cut', async () => {
    const ids = [];
    for (const number of [1, 2]) {
      for (const name of ['cursor', '00000001.log']) await rm(path.join(folder, name), { force: true });
      const spool = await open();
      await spool.append(lines(number), 1);
      ids.push((await spool.next()).batch?.id);
      await spool.close();
    }
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('warns of segments that are gone or empty before later ones, and counts a point at least for each', async () => {
    const record = (await twoRecords(lines(1), 1)).subarray(0, HEADER + 20);
    const empty = await deliver(record, Buffer.alloc(0), record);
    expect([empty.taken, empty.lost, empty.waiting]).toEqual([[0, 0], 1, 3]);
    expect(empty.warnings).toEqual([
      `spool ${folder}: 00000002.log is empty, while later ones are there; at least 1 point in it is lost`,
    ]);
    await writeFile(path.join(folder, '00000005.log'), record);
    await writeFile(path.join(folder, 'cursor'), '00000003 000000000000\n');
    const warnings: string[] = [];
    const spool = await Spool.open(folder, { maxBytes: 1_000_000, warn: (line) => warnings.push(line) });
    expect(spool.points).toBe(3);
    expect(await drain(spool)).toEqual([0, 0]);
    expect(spool.points).toBe(0);
    await spool.close();
    expect(warnings).toEqual([
      `spool ${folder}: 00000004.log is not there, while later ones are there; at least 1 point in it is lost`,
    ]);
  });

  it('warns of a last record with several damaged bytes, and counts its points as lost', async () => {
    const whole = await twoRecords(Buffer.concat([lines(1), lines(2), lines(3)]), 3);
    const begin = whole.length - HEADER - 60;
    // One byte of its length, and one of its checksum or its lines.
    for (let first = begin; first < begin + 4; first++)
      for (let second = begin + 8; second < whole.length; second++) {
        const isNewline = whole[second] === NEWLINE;
        // With too few ends of lines it looks like the beginning of a longer record, as a kill leaves one.
        if (first < begin + 3 && isNewline) continue;
        const told = isNewline ? 2 : 3;
        const { taken, lost, waiting, warnings } = await deliver(flip(whole, first, second));
        expect([first, second, taken, lost, waiting]).toEqual([first, second, [0], told, 1 + told]);
        expect(warnings).toEqual([
          `spool ${folder}: 72 bytes of 00000001.log are damaged; at least ${told} points in them are lost`,
        ]);
      }
  });

  it('warns of zeros in the place of the last record, which a power cut leaves', async () => {
    const whole = await twoRecords(lines(1), 1);
    for (const from of [whole.length - HEADER - 20, whole.length - 20, whole.length - 5]) {
      const bytes = Buffer.from(whole).fill(0, from);
      const { taken, lost, warnings } = await deliver(bytes);
      expect(taken).toEqual([0]);
      const header = from === whole.length - HEADER - 20;
      expect(lost).toBe(header ? 0 : 1);
      expect(warnings).toEqual([
        expect.stringContaining(
          `: 32 bytes of 00000001.log are damaged; ${header ? 'how many points they held is unknown' : 'at least 1 point in them is lost'}`,
        ),
      ]);
    }
  });

  it('repairs a record whose length and number of points have changed, and waits with the right number of points', async () => {
    const whole = await twoRecords(lines(1), 1);
    for (const begin of [0, HEADER + 20])
      for (const bits of [0x01, 0x02, 0x04, 0x07, 0x08, 0x10, 0x80]) {
        // The number of points is one that no record of that length has.
        const bytes = flip(whole, begin + 7);
        bytes.writeUInt8(bytes.readUInt8(begin) ^ bits, begin);
        expect([begin, bits, await deliver(bytes)]).toEqual([
          begin,
          bits,
          { taken: [0, 1], lost: 0, waiting: 2, warnings: [] },
        ]);
      }
  });

  it('counts no byte of a header as the end of a line', async () => {
    const ten = Buffer.concat(Array.from({ length: NEWLINE }, (_, i) => lines(i + 1)));
    const whole = await twoRecords(ten, NEWLINE);
    const begin = whole.length - HEADER - ten.length;
    const { lost } = await deliver(flip(whole, begin + 3, whole.length - 5));
    expect(lost).toBe(10);
  });

  it('skips a record that has changed on disk, counts its points, and goes on after it', async () => {
    const first = await open(1_600_000);
    for (let i = 0; i < 300; i++) await first.append(lines(i, 1_000), 1);
    await first.close();
    const file = path.join(folder, '00000001.log');
    const bytes = await readFile(file);
    bytes[1_500] = 0xff;
    await writeFile(file, bytes);
    const second = await open(1_600_000);
    const taken: number[] = [];
    let lost = 0;
    for (;;) {
      const next = await second.next();
      lost += next.lost;
      if (next.batch === undefined) break;
      taken.push(numberOf(next.batch));
      await second.done();
    }
    expect(taken[0]).toBe(0);
    // Only that record is lost.
    expect(lost).toBe(1);
    expect(taken.length + lost).toBe(300);
    expect(second.points).toBe(0);
    await second.append(lines(7), 1);
    expect(await drain(second)).toEqual([7]);
    await second.close();
  });

  it('with any byte of a segment changed delivers all other records, and counts what it lost', async () => {
    const first = await open();
    for (let i = 0; i < 3; i++) await first.append(lines(i), 1);
    await first.close();
    const file = path.join(folder, '00000001.log');
    const bytes = await readFile(file);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      for (const name of await readdir(folder))
        if (/log$|cursor/.test(name)) await rm(path.join(folder, name));
      await writeFile(file, changed);
      const spool = await open();
      let lost = 0;
      const taken: number[] = [];
      for (let next = await spool.next(); ; next = await spool.next()) {
        lost += next.lost;
        if (next.batch === undefined) break;
        taken.push(numberOf(next.batch));
        await spool.done();
      }
      expect([at, taken.length + lost, spool.points]).toEqual([at, 3, 0]);
      expect(lost).toBeLessThanOrEqual(1);
      await spool.close();
    }
  });

  it.each(['spool.json', 'cursor'])('with any byte of %s changed delivers all that waits', async (name) => {
    const first = await open();
    for (let i = 0; i < 3; i++) await first.append(lines(i), 1);
    expect(await drain(first, 1)).toEqual([0]);
    await first.close();
    const names = await readdir(folder);
    const whole = new Map(
      await Promise.all(names.map(async (one) => [one, await readFile(path.join(folder, one))] as const)),
    );
    const length = whole.get(name)?.length ?? 0;
    expect(length).toBeGreaterThan(20);
    for (let at = 0; at < length; at++)
      for (const bits of [0x01, 0x80, 0xff]) {
        for (const [one, bytes] of whole) await writeFile(path.join(folder, one), bytes);
        const changed = Buffer.from(whole.get(name) ?? []);
        changed.writeUInt8(changed.readUInt8(at) ^ bits, at);
        await writeFile(path.join(folder, name), changed);
        const warnings: string[] = [];
        const spool = await Spool.open(folder, { maxBytes: 1_000_000, warn: (line) => warnings.push(line) });
        const taken = await drain(spool);
        expect([at, bits, taken.slice(-2)]).toEqual([at, bits, [1, 2]]);
        expect(warnings.every((line) => /^spool [^\n]+ is damaged[^\n]+$/.test(line))).toBe(true);
        await spool.close();
      }
  });

  it.each(['spool.json', 'cursor'])(
    'with %s cut at any byte delivers all that waits, and says so in a line',
    async (name) => {
      const first = await open();
      for (let i = 0; i < 3; i++) await first.append(lines(i), 1);
      expect(await drain(first, 1)).toEqual([0]);
      await first.close();
      const names = (await readdir(folder)).filter((one) => one !== 'lock');
      const whole = new Map<string, Buffer>();
      for (const one of names) whole.set(one, await readFile(path.join(folder, one)));
      const bytes = whole.get(name) ?? Buffer.alloc(0);
      for (let size = 0; size < bytes.length; size++) {
        for (const [one, text] of whole) await writeFile(path.join(folder, one), text);
        await writeFile(path.join(folder, name), bytes.subarray(0, size));
        const warnings: string[] = [];
        const spool = await Spool.open(folder, { maxBytes: 1_000_000, warn: (line) => warnings.push(line) });
        expect([size, (await drain(spool)).slice(-2)]).toEqual([size, [1, 2]]);
        expect([size, warnings]).toEqual([
          size,
          [expect.stringMatching(new RegExp(`^spool ${folder}: the file ${name} is damaged[^\n]+$`))],
        ]);
        await spool.close();
      }
    },
  );

  it('with a cursor that names a segment which is not there delivers all again', async () => {
    const first = await open();
    await first.append(lines(5), 1);
    await first.close();
    await writeFile(path.join(folder, 'cursor'), '00000009 000000000000\n');
    const warnings: string[] = [];
    const second = await Spool.open(folder, { maxBytes: 1_000_000, warn: (line) => warnings.push(line) });
    expect(await drain(second)).toEqual([5]);
    await second.close();
    expect(warnings).toEqual([
      `spool ${folder}: 00000009.log, which the file cursor names, is not there; points that waited in it are lost, if there were any`,
    ]);
  });

  it.each([
    ['a cursor that is noise', (at: string) => writeFile(path.join(at, 'cursor'), 'xyz')],
    ['no cursor', (at: string) => rm(path.join(at, 'cursor'))],
    ['a lock of a process that is gone', (at: string) => writeFile(path.join(at, 'lock'), '999999999 1')],
    ['noise behind the last record', (at: string) => appendFile(path.join(at, '00000001.log'), '\x00\x01')],
  ])('delivers again rather than less with %s', async (_, harm) => {
    const first = await open();
    for (let i = 0; i < 3; i++) await first.append(lines(i), 1);
    await drain(first, 1);
    await first.close();
    await harm(folder);
    const second = await open();
    expect((await drain(second)).slice(-2)).toEqual([1, 2]);
    await second.close();
  });

  it('can be opened only once at a time', async () => {
    const spool = await open();
    await expect(open()).rejects.toThrow(
      new FailureError(`spool ${folder}: is in use by process ${process.pid}; stop that one`),
    );
    await spool.close();
    await (await open()).close();
  });

  it.each(['', '{}', 'noise', '{"version":1,"id":"x"}'])(
    'delivers all points with a damaged spool.json: %s',
    async (text) => {
      const first = await open();
      await first.append(lines(3), 1);
      await first.close();
      await writeFile(path.join(folder, 'spool.json'), text);
      const second = await open();
      expect(await drain(second)).toEqual([3]);
      await second.close();
    },
  );

  it.each(['{"version":2,"id":"x"}'])('refuses one of another version: %s', async (text) => {
    await writeFile(path.join(folder, 'spool.json'), text);
    await expect(open()).rejects.toThrow('this btcdmon-node knows version 1');
    expect(await readFile(path.join(folder, 'spool.json'), 'utf8')).toBe(text);
  });

  it('is refused in one line where no folder can be made', async () => {
    const file = path.join(folder, 'file');
    await writeFile(file, '');
    await expect(Spool.open(path.join(file, 'x'), { maxBytes: 1_000 })).rejects.toThrow(FailureError);
  });
});
