import { PartialBlock } from '../../../src/p2p/compact/partial-block';
import { ShortIdSearch } from '../../../src/p2p/compact/short-id-search';
import { ShortIds } from '../../../src/p2p/compact/short-ids';
import { parseHeader } from '../../../src/wire/header';
import type { CmpctBlockMessage } from '../../../src/wire/messages/cmpctblock';
import type { Transaction } from '../../../src/wire/transaction';
import { mulberry32 } from '../../../scripts/support/random';
import { blockOf, spend, viewOf } from '../../mempool/build';

const NONCE = 7n;
/** So many relayed transactions that a search has several parts. */
const RELAYED = 12_000;

/** A transaction that spends the output `i` of an unknown one; those of different values are rivals. */
const transactionOf = (i: number, value = 1_000): Transaction => spend([[7, i]], [value]);

/** A compact block of these transactions, without a coinbase. */
function compactOf(transactions: readonly Transaction[]): CmpctBlockMessage {
  const header = parseHeader(Buffer.alloc(80, 3));
  const ids = new ShortIds(header.bytes, NONCE);
  const shortIds = transactions.map(({ wireWtxid }) => {
    const bytes = Buffer.from(wireWtxid, 'latin1');
    return ids.of(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
  });
  return { header, nonce: NONCE, shortIds, prefilled: [] };
}

describe('a search in parts', () => {
  const start = (message: CmpctBlockMessage, view: ReturnType<typeof viewOf>['view']): ShortIdSearch => {
    const search = ShortIdSearch.of(message, view.relayed);
    if (search === undefined) throw new Error('no search');
    return search;
  };

  it.each([1, 2, 3, 4, 5])(
    'finds what a search at its end finds, whatever comes and goes meanwhile: %i',
    (seed) => {
      const random = mulberry32(seed);
      const { view } = viewOf({ maxBytes: 100_000_000 });
      for (let i = 0; i < RELAYED; i++) view.add(transactionOf(i), 0);
      const place = (): number => Math.floor(random() * RELAYED);
      // Some are never relayed, some come late, some are replaced, and some of these come back.
      const wanted = Array.from({ length: 300 }, () => transactionOf(place()));
      const late = Array.from({ length: 20 }, (_, i) => transactionOf(RELAYED + i));
      const never = [transactionOf(3 * RELAYED)];
      const inBlock = [...new Map([...wanted, ...late, ...never].map((each) => [each.wtxid, each])).values()];
      const message = compactOf(inBlock);
      const search = start(message, view);
      let parts = 0;
      for (let isDone = false; !isDone; parts++) {
        isDone = search.part();
        for (const transaction of late.splice(0, 10)) view.add(transaction, 0);
        for (let i = 0; i < 40; i++) view.add(transactionOf(place(), 999 - parts), 0);
        for (const { inputs } of wanted.slice(0, 10)) {
          const index = inputs[0]?.prevIndex ?? 0;
          view.add(transactionOf(index, 500 + parts), 0);
          if (random() < 0.5) view.confirm(blockOf([transactionOf(index, 500 + parts)]));
        }
      }
      expect(parts).toBeGreaterThan(2);
      const prepared = PartialBlock.from(message, view.relayed, search);
      const whole = PartialBlock.from(message, view.relayed);
      expect(prepared?.missing).toEqual(whole?.missing);
      expect(prepared?.serialize().equals(whole?.serialize() ?? Buffer.alloc(0))).toBe(true);
      expect(whole?.missing.length).toBeGreaterThan(1);
      expect(whole?.missing.length).toBeLessThan(100);
      search.end();
    },
  );

  it('notes nothing more once it has ended', () => {
    const { view } = viewOf();
    const search = start(compactOf([transactionOf(1)]), view);
    expect(search.part()).toBe(true);
    view.add(transactionOf(1), 0);
    expect(search.candidates()).toHaveLength(1);
    search.end();
    view.add(transactionOf(2), 0);
    expect(search.candidates()).toHaveLength(1);
  });

  it('is none where a short id occurs twice', () => {
    const { view } = viewOf();
    expect(ShortIdSearch.of(compactOf([transactionOf(1), transactionOf(1)]), view.relayed)).toBeUndefined();
  });
});
