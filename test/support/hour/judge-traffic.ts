import { COUNTED_COMMANDS } from '../../../src/wire/commands';
import { bytesOf, countBy } from './rows';
import { spreadsOf } from './spreads';
import { SCRIPTED } from './stage';
import { itemsOf, type Message } from './transcript';
import type { View } from './view';

/** Compares bytes, messages and inventory with the recorders. */
export function judgeTraffic(view: View): void {
  it('bandwidth: ends with what the recorders saw', async () => {
    const all = view.listener.recorders.flatMap(({ connections }) => connections);
    expect(
      await view.rows('SELECT bytes_recv, bytes_sent FROM bandwidth ORDER BY time DESC LIMIT 1'),
    ).toEqual([
      {
        bytes_recv: bytesOf(all.flatMap((each) => each.in)),
        bytes_sent: bytesOf(all.flatMap((each) => each.out)),
      },
    ]);
  });

  it.each([
    ['msg_recv', 'in', () => 1],
    ['msg_sent', 'out', () => 1],
    ['msg_recv_bytes', 'in', ({ payload }: Message) => 24 + payload.length],
    ['msg_sent_bytes', 'out', ({ payload }: Message) => 24 + payload.length],
  ] as const)('%s: adds up to what the recorders saw, per command', async (series, direction, measure) => {
    const columns = COUNTED_COMMANDS.map((command) => `sum("${command}") AS "${command}"`).join();
    const [row = {}] = await view.rows(`SELECT ${columns} FROM ${series}`);
    const expected: Record<string, number> = Object.fromEntries(COUNTED_COMMANDS.map((name) => [name, 0]));
    for (const message of view.transcripts().flatMap((each) => each[direction]))
      expected[message.command] = (expected[message.command] ?? 0) + measure(message);
    expect(Object.fromEntries(Object.entries(row).map(([name, sum]) => [name, Number(sum)]))).toEqual(
      expected,
    );
    if (series === 'msg_sent')
      expect(Number(await view.value('SELECT sum(inv_known) FROM msg_sent'))).toBe(0);
  });

  it('inv: adds up to the items that went over the wire', async () => {
    const announced = view.said('in', 'inv').flatMap(itemsOf);
    const [found] = await view.rows(
      `SELECT ${['tx', 'wtx', 'block', 'known', 'requested', 'notfound'].map((each) => `sum("${each}")::INT AS "${each}"`).join()} FROM inv`,
    );
    const ofType = (type: number): number => announced.filter((item) => item.type === type).length;
    expect(found).toEqual({
      tx: ofType(1),
      wtx: ofType(5),
      block: ofType(2),
      known: announced.length - new Set(announced.map(({ hash }) => hash)).size,
      requested: view.said('out', 'getdata').flatMap(itemsOf).length,
      notfound: view.said('in', 'notfound').flatMap(itemsOf).length,
    });
  });

  it('inv: has the messages by their number of items', async () => {
    // The malformed one has no item that can be read.
    const sizes = view.said('in', 'inv').map((message) => itemsOf(message).length);
    const counts = sizes.filter((count) => count > 0);
    const within = (least: number, most: number): number =>
      counts.filter((count) => count >= least && count <= most).length;
    const columns = ['messages', 'items_1', 'items_10', 'items_100', 'items_1000', 'items_more'];
    const sums = columns.map((each) => `sum(${each})::INT AS ${each}`);
    expect(await view.rows(`SELECT ${sums.join()}, max(largest)::INT AS largest FROM inv`)).toEqual([
      {
        ...{ messages: counts.length, items_1: within(0, 1), items_10: within(2, 10) },
        ...{
          items_100: within(11, 100),
          items_1000: within(101, 1_000),
          items_more: within(1_001, Infinity),
        },
        largest: Math.max(...counts),
      },
    ]);
    expect(within(2, 10)).toBeGreaterThan(0);
  });

  it('propagation: has each announced thing, and how many announced it', async () => {
    const spreads = spreadsOf(view.transcripts());
    const found = await view.rows('SELECT kind, peers, first_peer FROM propagation WHERE peers IS NOT NULL');
    expect(countBy(found, ({ kind }) => String(kind))).toEqual(countBy(spreads, ({ kind }) => kind));
    const certain = spreads.filter(({ isCertain }) => isCertain);
    const counts = countBy(found, ({ kind, peers }) => `${String(kind)} of ${String(peers)}`);
    const least = countBy(certain, ({ kind, peers }) => `${kind} of ${peers}`);
    if (certain.length === spreads.length) {
      expect(counts).toEqual(least);
      // Only for what came over one connection is it certain which one was the first.
      const alone = found.filter(({ peers }) => peers === 1);
      const expected = spreads.filter(({ peers }) => peers === 1);
      expect(countBy(alone, (row) => String(row['first_peer']))).toEqual(
        countBy(expected, ({ first }) => view.listener.addressOf(Math.min(first, SCRIPTED))),
      );
    }
    for (const [key, count] of Object.entries(least)) expect(counts[key]).toBeGreaterThanOrEqual(count);
    expect(Math.max(...certain.map(({ peers }) => peers))).toBeGreaterThanOrEqual(3);
  });

  it('propagation: its delays are in order', async () => {
    const addresses = [0, 1, 2, 3].map((peer) => view.listener.addressOf(peer));
    const rows = await view.rows('SELECT * EXCLUDE (time) FROM propagation WHERE peers IS NOT NULL');
    for (const row of rows) {
      expect(addresses).toContain(row['first_peer']);
      const delays = ['delay_2nd', 'delay_p90'].map((name) => row[name]);
      if (Number(row['peers']) > 1) expect(Number(delays[0])).toBeLessThanOrEqual(Number(delays[1]));
      else expect(row).toMatchObject({ delay_2nd: null, delay_p50: 0, delay_p90: 0 });
      if (row['delay_received'] !== null)
        expect(Number(row['delay_received'])).toBeLessThanOrEqual(Number(row['delay_processed']));
    }
  });

  it('propagation: tells when each thing was confirmed, once, and not before it was received', async () => {
    const confirmed = await view.rows(
      'SELECT kind, sha, delay_confirmed FROM propagation WHERE delay_confirmed IS NOT NULL',
    );
    const shas = confirmed.map(({ sha }) => String(sha));
    expect(new Set(shas).size).toBe(shas.length);
    // Blocks that joined the best chain together with others, by a reorganisation, were never the best.
    const blocks = await view.rows(
      "SELECT DISTINCT sha FROM processed_blocks WHERE status IN ('accepted', 'side_chain')",
    );
    const ofBlocks = confirmed.filter(({ kind }) => kind === 'block').map(({ sha }) => sha);
    expect(blocks.map(({ sha }) => sha)).toEqual(expect.arrayContaining(ofBlocks));
    expect(ofBlocks.length).toBeGreaterThan(20);
    const [delays] = await view.rows(
      `SELECT count(*)::INT AS pairs,
          count_if(confirmation.delay_confirmed < spread.delay_received)::INT AS early
         FROM propagation AS confirmation
         JOIN propagation AS spread ON spread.sha = confirmation.sha AND spread.delay_received IS NOT NULL
         WHERE confirmation.delay_confirmed IS NOT NULL`,
    );
    expect(delays).toMatchObject({ early: 0 });
    expect(Number(delays?.['pairs'])).toBeGreaterThan(20);
  });
}
