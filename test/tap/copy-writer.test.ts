import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CopyWriter, type CopiedConnection } from '../../src/tap-child/copy-writer';
import { CopyDecoder } from '../../src/tap/copy-decoder';
import type { CopySink, Direction } from '../../src/tap/copy-format';
import { Cleanup } from '../support/cleanup';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Both ends of a connection. */
async function pipe(): Promise<[Socket, Socket]> {
  const server = cleanup.add(createServer(), (it) => it.close()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = cleanup.add(connect((server.address() as AddressInfo).port, '127.0.0.1'), (it) =>
    it.destroy(),
  );
  const [far] = (await once(server, 'connection')) as [Socket];
  return [near, cleanup.add(far, (it) => it.destroy())];
}

/** What is read at each place of the sources: all that passes is a part of one of these. */
const SOURCES: Readonly<Record<Direction, Buffer>> = { in: randomBytes(65_536), out: randomBytes(65_536) };

/** Whether `bytes` are those of a source from `at` on, which is repeated without end. */
function isOfSource(direction: Direction, at: number, bytes: Buffer): boolean {
  const source = SOURCES[direction];
  for (let done = 0; done < bytes.length;) {
    const from = (at + done) % source.length;
    const part = bytes.subarray(done, done + source.length - from);
    if (!part.equals(source.subarray(from, from + part.length))) return false;
    done += part.length;
  }
  return true;
}

it('tells each gap at its place, and in all exactly what passed, to a reader that stops and goes on', async () => {
  const [near, far] = await pipe();
  const maxBytes = 200_000;
  const writer = new CopyWriter(near, maxBytes);
  const told = new Map<number, Record<Direction, number> & { isClosed: boolean }>();
  const sums = { data: 0, gaps: 0, gapCount: 0, missed: 0, missedConnections: 0, passed: 0, largest: 0 };
  const at = (id: number): Record<Direction, number> & { isClosed: boolean } => {
    const found = told.get(id);
    if (found === undefined || found.isClosed) throw new Error(`connection ${id} is not open`);
    return found;
  };
  const sink: CopySink = {
    opened: (id, { host }) => {
      expect(told.has(id)).toBe(false);
      expect(host).toBe('192.0.2.1');
      told.set(id, { in: 0, out: 0, isClosed: false });
    },
    data: (id, direction, bytes) => {
      const connection = at(id);
      if (!isOfSource(direction, connection[direction], bytes)) throw new Error('not what passed here');
      connection[direction] += bytes.length;
      sums.data += bytes.length;
    },
    gap: (id, direction, bytes) => {
      at(id)[direction] += bytes;
      sums.gaps += bytes;
      sums.gapCount++;
    },
    closed: (id, { bytes }) => {
      const connection = at(id);
      expect({ in: connection.in, out: connection.out }).toEqual(bytes);
      connection.isClosed = true;
    },
    missed: ({ connections, bytes }) => {
      sums.missedConnections += connections;
      sums.missed += bytes.in + bytes.out;
    },
  };
  const decoder = new CopyDecoder(sink);
  far.on('data', (chunk: Buffer) => {
    // Chunks end anywhere.
    const middle = Math.floor(Math.random() * chunk.length);
    decoder.push(chunk.subarray(0, middle));
    decoder.push(chunk.subarray(middle));
  });
  // The program reads now and then.
  let isOver = false;
  const stopAndGo = async (): Promise<void> => {
    while (!isOver) {
      far.pause();
      await sleep(20 * Math.random());
      far.resume();
      await sleep(10 * Math.random());
    }
  };
  const going = stopAndGo();

  const open: CopiedConnection[] = [];
  let opened = 0;
  for (let step = 0; step < 60_000; step++) {
    const dice = Math.random();
    if (open.length < 3 || dice < 0.01) {
      open.push(writer.opened({ outbound: false, host: '192.0.2.1', port: ++opened, seenAs: '' }));
    } else if (dice > 0.99) {
      const [ended] = open.splice(Math.floor(Math.random() * open.length), 1);
      if (ended !== undefined) writer.closed(ended, 'closed-by-peer');
    }
    const connection = open[Math.floor(Math.random() * open.length)];
    if (connection === undefined) continue;
    const direction = Math.random() < 0.5 ? 0 : 1;
    const source = SOURCES[direction === 0 ? 'in' : 'out'];
    const from = connection.bytes[direction] % source.length;
    const chunk = source.subarray(from, from + 1 + Math.floor(Math.random() ** 3 * 20_000));
    writer.data(connection, direction, chunk);
    sums.passed += chunk.length;
    sums.largest = Math.max(sums.largest, writer.waitingBytes);
    if (step % 50 === 0) await new Promise(setImmediate);
  }
  for (const connection of open) writer.closed(connection, 'closed-by-node');
  await until('the end', () => sums.data + sums.gaps + sums.missed === sums.passed);
  await until('all ends', () => [...told.values()].every(({ isClosed }) => isClosed));
  isOver = true;
  await going;
  expect(told.size + sums.missedConnections).toBe(opened);
  // Copies were left out and others not, and what waited had its bound.
  expect(sums.gapCount).toBeGreaterThan(20);
  expect(sums.data).toBeGreaterThan(1_000_000);
  expect(sums.missedConnections).toBeGreaterThan(0);
  expect(sums.largest).toBeLessThan(maxBytes + 20_000 + 50_000);
});
