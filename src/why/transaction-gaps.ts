import type { ItemGroup } from './item-log';
import { currentOf, type Mined } from './mined';
import type { ReceivedFact, TransactionFact } from './transaction-facts';
import type { WhyRecord } from './why-record';

/** What is not known of a transaction, and why. */
export function* gaps(of: {
  readonly record: WhyRecord;
  readonly received: ReceivedFact | undefined;
  readonly told: readonly TransactionFact[];
  readonly spread: readonly ItemGroup[];
  readonly asked: readonly ItemGroup[];
  readonly mined: readonly Mined[];
  readonly firstMs: number;
}): Generator<string> {
  const { record, received, told, spread, asked, mined, firstMs } = of;
  if (received === undefined && mined.length > 0)
    yield 'It was never relayed to us before the block, as far as the record goes back: its size and fee are not known.';
  else if (received === undefined && (record.transactions.dropped ?? -Infinity) >= firstMs)
    yield `Whether it came, and what was found, is no longer remembered. ${record.roomText} has later transactions.`;
  else if (received === undefined && told.some(({ kind }) => kind === 'shed'))
    yield 'Its fee and verdict are not known: it was thrown away before it was checked.';
  else if (received === undefined)
    yield asked.length === 0
      ? 'It was not asked for: another peer delivered it under its other id, it waits for its turn, or the limit on requests held it back.'
      : 'No peer that was asked has delivered it.';
  else if (received.fee === null && !told.some(({ kind }) => kind === 'fee'))
    yield 'Its fee is not known: this node has not seen all of the outputs that it spends.';
  if (currentOf(mined)?.isRemembered === false)
    yield 'Its block came before this node was started, or is forgotten: whether a reorganisation undid it is not known.';
  if (received !== undefined && spread.length === 0)
    yield (record.announced.dropped ?? -Infinity) >= firstMs
      ? `Who announced it is no longer remembered. ${record.roomText} has later announcements.`
      : 'Nobody announced it: its sender sent it unasked.';
}
