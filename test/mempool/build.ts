import { displayOf, readHash } from '../../src/wire/hash';
import { EventBus } from '../../src/lib/event-bus';
import type { ProcessedBlock } from '../../src/chain/chain-events';
import type { ExaminedBlock } from '../../src/mempool/examined-block';
import type { JudgedTransaction, MempoolEvents } from '../../src/mempool/mempool-events';
import { RelayView, type RelayViewOptions } from '../../src/mempool/relay-view';
import { INV_TX, type InventoryItem } from '../../src/wire/messages/inventory';
import { type Block, parseBlock } from '../../src/wire/block';
import type { Input } from '../../src/wire/input';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { buildHeader, buildTransaction, compactSize, uint32 } from '../wire/build';

/** An output to spend: of a transaction, or of an unknown one, given by a number that stands for its hash. */
export type Outpoint = readonly [parent: Transaction | number, index: number];

/** The 32 bytes of a txid in wire order. */
export function wireId(parent: Transaction | number): Buffer {
  return typeof parent === 'number' ? Buffer.alloc(32, parent) : Buffer.from(parent.txid, 'hex').reverse();
}

/**
 * A transaction that spends these outputs and has outputs of these values; `lockTime` distinguishes otherwise
 * equal ones.
 */
export function spend(
  from: readonly Outpoint[],
  values: readonly number[],
  { lockTime = 0, witness }: { readonly lockTime?: number; readonly witness?: string } = {},
): Transaction {
  return parseTransaction(
    buildTransaction({
      inputs: from.map(([parent, prevIndex]) => ({
        prevHash: wireId(parent),
        prevIndex,
        ...(witness === undefined ? {} : { witness: [Buffer.from(witness)] }),
      })),
      outputs: values.map((value) => ({ value })),
      lockTime,
    }),
  );
}

/** A coinbase; the number makes its txid unique. */
export function coinbase(number: number, value = 5_000_000_000): Transaction {
  return parseTransaction(
    buildTransaction({
      inputs: [{ prevHash: Buffer.alloc(32), prevIndex: 0xffff_ffff, sigScript: uint32(number) }],
      outputs: [{ value }],
    }),
  );
}

let blocks = 0;

/** A block with a coinbase and these transactions. No two have the same hash. */
export function blockOf(transactions: readonly Transaction[], first?: Transaction): Block {
  blocks += 1;
  const all = [first ?? coinbase(blocks), ...transactions];
  return parseBlock(
    Buffer.concat([
      buildHeader(blocks),
      compactSize(all.length),
      ...all.map(({ bytes, start, end }) => bytes.subarray(start, end)),
    ]),
  );
}

/** An `inv` item that announces a transaction by its txid. */
export function announcement(parent: Transaction | number): InventoryItem {
  return { type: INV_TX, hash: readHash(wireId(parent), 0) };
}

/** An event with its hashes as people write them. */
function shown({
  txid,
  ...facts
}: Exclude<
  MempoolEvents[keyof MempoolEvents],
  JudgedTransaction | ExaminedBlock | MempoolEvents['reorganised']
>): object {
  if (!('conflictsWith' in facts)) return { txid: displayOf(txid), ...facts };
  const { conflictsWith, prevTxid, prevIndex, ...fees } = facts;
  const prevOut = `${displayOf(prevTxid)}:${prevIndex}`;
  return { txid: displayOf(txid), conflictsWith: displayOf(conflictsWith), prevOut, ...fees };
}

/** A relay view and the events it emits, each with its name. */
export function viewOf(
  options: Partial<RelayViewOptions> = {},
  lookUp?: (input: Input) => void,
): {
  readonly view: RelayView;
  /** The events since the last call. */
  readonly events: () => [keyof MempoolEvents, object][];
} {
  const bus = new EventBus<MempoolEvents>();
  const log: [keyof MempoolEvents, object][] = [];
  for (const name of ['accepted', 'feeKnown', 'conflict', 'removed'] as const)
    bus.on(name, (payload) => log.push([name, shown(payload)]));
  bus.on('reorganised', (outcome) => log.push(['reorganised', outcome]));
  const view = new RelayView(
    { maxBytes: 1_000_000, expiryMs: 1_000_000, coinTransactions: 10_000, ...options },
    { bus, lookUp },
  );
  return { view, events: () => log.splice(0) };
}

/** A block that was judged: one that joins the best chain. */
export function acceptedBlock(block: Block, height = 1): ProcessedBlock {
  const found = { reason: undefined, processTimeMs: 1, totalTxFees: 0 };
  return { block, peerAddress: undefined, status: 'accepted', height, ...found };
}
