import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { readHash, type Hash } from '../../src/wire/hash';
import { type ItemGroup, itemKey, ItemLog } from '../../src/why/item-log';

/** A hash whose first bytes are as good as random, as those of a txid. */
const hashFor = (n: number): Hash => readHash(createHash('sha256').update(String(n)).digest(), 0);

/** An item of which nothing is told has the kind null. */
interface Item {
  readonly id: number;
  readonly kind: number | null;
}

function add(log: ItemLog, of: number, items: readonly Item[]): void {
  log.add(
    { of, timeMs: of },
    items,
    ({ kind }) => kind,
    ({ id }) => hashFor(id),
  );
}

async function toldOf(log: ItemLog, id: number): Promise<ItemGroup[]> {
  const found: ItemGroup[] = [];
  await log.find([itemKey(hashFor(id))], (group) => found.push(group));
  return found;
}

describe('ItemLog', () => {
  it('tells of each item what was told, in order, whatever else its message told', async () => {
    const items = fc.array(
      fc.record({ id: fc.nat(6), kind: fc.constantFrom<number | null>(1, 2, 65_535, null) }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(items, { maxLength: 8 }), async (messages) => {
        const log = new ItemLog(1e6);
        messages.forEach((message, of) => add(log, of, message));
        for (let id = 0; id <= 6; id++) {
          // A group tells of an item once.
          const expected = messages.flatMap((message, of) => {
            const told = message.filter(({ kind }) => kind !== null);
            const groups = told.filter(({ kind }, i) => i === 0 || kind !== told[i - 1]?.kind);
            const starts = groups.map((first) => told.indexOf(first));
            return starts.flatMap((start, i) => {
              const group = told.slice(start, starts[i + 1]);
              return group.some((item) => item.id === id) ? [{ kind: group[0]?.kind, of, timeMs: of }] : [];
            });
          });
          expect(await toldOf(log, id)).toEqual(expected);
        }
      }),
    );
  });

  it('keeps the kinds apart where a message is longer than a piece of memory', async () => {
    const log = new ItemLog(1e6);
    const all = Array.from({ length: 20_000 }, (_, id) => ({ id, kind: id < 9_000 ? 1 : 2 }));
    add(log, 7, all);
    for (const id of [0, 4_000, 8_190, 8_191, 8_999, 9_000, 16_400, 19_999])
      expect(await toldOf(log, id)).toEqual([{ kind: id < 9_000 ? 1 : 2, of: 7, timeMs: 7 }]);
    expect(log.bytes).toBe(3 * 65_536);
  });
});
