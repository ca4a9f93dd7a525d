import { quantile } from '../lib/quantile';
import { comparePolicies } from '../policy/compare';
import { COMPARED_POLICIES } from '../policy/compared';
import { displayOf, type Hash } from '../wire/hash';
import { itemKey, type ItemGroup } from './item-log';
import { currentOf, type Mined, minedIn } from './mined';
import { type UnixOf, durationText } from './times';
import type { ReceivedFact, TransactionFact } from './transaction-facts';
import { fact, nameOf, step } from './tell';
import { gaps } from './transaction-gaps';
import type { PolicyVerdict, Told, WhyFact, WhyStep } from './why-answer';
import { ANNOUNCED_BY_WTXID, ASKED, NOT_FOUND, type WhyRecord } from './why-record';

/** Announcements of a transaction that are told one by one; of the others, how many and how late. */
const MOST_ANNOUNCEMENTS = 100;

/** Other steps: a transaction that is fought over could have any number of conflicts. */
const MOST_STEPS = 200;

/** What the record tells of the transaction with this txid or wtxid; null if nothing. */
export async function transactionWhy(record: WhyRecord, id: Hash, unixOf: UnixOf): Promise<Told | null> {
  const told = await record.findTransaction(id);
  const received = told.find((it): it is ReceivedFact => it.kind === 'received');
  const txid = received?.txid ?? id;
  const ids = received === undefined ? [id] : [received.txid, received.wtxid];
  const keys = ids.filter((it, index) => ids.indexOf(it) === index).map(itemKey);
  const firsts = new Map<number, ItemGroup>();
  const lacking: ItemGroup[] = [];
  const asked: ItemGroup[] = [];
  const mined: Mined[] = [];
  // A peer can name one id as often as it likes.
  await record.announced.find(keys, (group) => {
    if (group.kind === NOT_FOUND) addSome(lacking, group);
    else if (!firsts.has(group.of)) firsts.set(group.of, group);
  });
  await record.asked.find(keys, (group) => addSome(asked, group));
  await record.mined.find([itemKey(txid)], (group) => addSome(mined, minedIn(record, group)));
  const spread = [...firsts.values()].sort((a, b) => a.timeMs - b.timeMs);
  const all = [told, spread, lacking, asked, mined];
  if (all.every(({ length }) => length === 0)) return null;

  const firstMs = earliest([told.filter(({ kind }) => kind !== 'conflict'), spread, mined].flat());
  const steps = [
    ...announcementSteps(record, spread, firstMs),
    ...requestSteps(record, [...asked, ...lacking]),
    ...told.slice(0, MOST_STEPS).flatMap((it) => factSteps(record, it, told, txid)),
    ...mined.flatMap(minedSteps),
  ];
  const isForgotten = (record.transactions.dropped ?? -Infinity) >= firstMs;
  const state =
    received === undefined && mined.length === 0 && isForgotten
      ? 'announced; what came after that is no longer remembered'
      : stateOf(told, received, mined, record.bestHeight);
  return {
    id: displayOf(txid),
    facts: [
      { name: 'state', value: state, unit: '' },
      ...(received === undefined ? [] : receivedFacts(received, told)),
      ...conflictFacts(told, txid),
      ...chainFacts(mined, record.bestHeight),
      ...spreadFacts(record, spread),
    ],
    timeline: steps
      .sort((a, b) => a.timeMs - b.timeMs)
      .map((step) => ({ ...step, timeMs: unixOf(step.timeMs) })),
    policies: received === undefined ? [] : policiesOf(received, feeOf(received, told)),
    notKnown: [...gaps({ record, received, told, spread, asked, mined, firstMs })],
    firstMs: Number.isFinite(firstMs) ? unixOf(firstMs) : null,
  };
}

function addSome<T>(list: T[], item: T): void {
  if (list.length < MOST_STEPS) list.push(item);
}

function earliest(facts: readonly { readonly timeMs: number }[]): number {
  return facts.reduce((least, { timeMs }) => Math.min(least, timeMs), Infinity);
}

function announcementSteps(record: WhyRecord, spread: readonly ItemGroup[], firstMs: number): WhyStep[] {
  const steps = spread.slice(0, MOST_ANNOUNCEMENTS).map(({ kind, of, timeMs }, index) => {
    const by = kind === ANNOUNCED_BY_WTXID ? 'wtxid' : 'txid';
    const what = index === 0 ? 'announced first' : 'announced';
    return step(timeMs, `${what}, by ${by}`, nameOf(record, of));
  });
  const last = spread.at(-1);
  const more = spread.length - steps.length;
  if (more > 0 && last !== undefined)
    steps.push(
      step(last.timeMs, `announced by ${more} more, the last after ${durationText(last.timeMs - firstMs)}`),
    );
  return steps;
}

function requestSteps(record: WhyRecord, groups: readonly ItemGroup[]): WhyStep[] {
  return groups.map(({ kind, of, timeMs }) =>
    step(timeMs, kind === ASKED ? 'asked for it' : 'does not have it (notfound)', nameOf(record, of)),
  );
}

function factSteps(
  record: WhyRecord,
  told: TransactionFact,
  all: readonly TransactionFact[],
  txid: Hash,
): WhyStep[] {
  const { timeMs } = told;
  switch (told.kind) {
    case 'received': {
      const checked = told.checkedAfterMs;
      const verdict = told.reason === null ? 'standard' : `not standard: ${told.reason}`;
      const sender = told.connection === null ? null : nameOf(record, told.connection);
      return [
        step(timeMs, 'received', sender),
        ...(checked === null ? [] : [step(timeMs + checked, `checked: ${verdict}`)]),
      ];
    }
    case 'fee':
      return [step(timeMs, `its fee is known: ${told.fee} sat`)];
    case 'removed': {
      const rival = told.reason === 'replaced' ? rivalOf(all, txid, timeMs) : null;
      return [{ ...step(timeMs, REMOVED[told.reason]), about: rival === null ? null : displayOf(rival) }];
    }
    case 'shed':
      return [
        step(
          timeMs,
          'came and was thrown away: its sender exceeded its budget',
          nameOf(record, told.connection),
        ),
      ];
    case 'conflict': {
      const isLater = told.txid === txid;
      const output = `${displayOf(told.prevTxid)}:${told.prevIndex}`;
      const what = isLater
        ? 'spends an output that another one spends'
        : 'another one spends the same output';
      return [{ ...step(timeMs, `${what}: ${output}`), about: displayOf(isLater ? told.other : told.txid) }];
    }
  }
}

/** The transaction that came last before a time and spends an output that this one spends; null for none. */
function rivalOf(told: readonly TransactionFact[], txid: Hash, timeMs: number): Hash | null {
  const last = told.findLast((it) => it.kind === 'conflict' && it.other === txid && it.timeMs <= timeMs);
  return last?.txid ?? null;
}

/** With how many others it spends one output, and which one took its place. */
function conflictFacts(told: readonly TransactionFact[], txid: Hash): WhyFact[] {
  const others = new Set(
    told.flatMap((it) => (it.kind === 'conflict' ? [it.txid === txid ? it.other : it.txid] : [])),
  );
  const removed = told.findLast((it) => it.kind === 'removed');
  const rival = removed?.reason === 'replaced' ? rivalOf(told, txid, removed.timeMs) : null;
  return [
    ...(others.size === 0 ? [] : [fact('conflicts', others.size, 'transactions')]),
    ...(rival === null ? [] : [fact('replaced_by', displayOf(rival))]),
  ];
}

const REMOVED = {
  block: 'left the relay view: in a block',
  conflict: 'left the relay view: a block contains another one that spends the same output',
  replaced: 'left the relay view: replaced by another one that spends the same output',
  expired: 'left the relay view: it waited for too long',
  evicted: 'left the relay view, which was full',
} as const;

function minedSteps({ hash, height, timeMs, leftMs }: Mined): WhyStep[] {
  const about = hash === null ? null : displayOf(hash);
  return [
    { ...step(timeMs, `in a block${height === null ? '' : ` at height ${height}`}`), about },
    ...(leftMs === null ? [] : [{ ...step(leftMs, `that block left the best chain`), about }]),
  ];
}

function stateOf(
  told: readonly TransactionFact[],
  received: ReceivedFact | undefined,
  mined: readonly Mined[],
  bestHeight: number | null,
): string {
  const current = currentOf(mined);
  if (current !== undefined) {
    const depth = bestHeight === null ? '' : `, ${bestHeight - current.height + 1} deep`;
    return `in the block at height ${current.height}${depth}`;
  }
  const last = told.findLast(({ kind }) => kind === 'removed');
  if (last?.kind === 'removed' && mined.length === 0) return REMOVED[last.reason];
  if (received !== undefined) return 'waits for a block';
  if (mined.length > 0) return 'in a block that is not, or no longer, remembered';
  return 'announced, and never received';
}

function receivedFacts(received: ReceivedFact, told: readonly TransactionFact[]): WhyFact[] {
  const fee = feeOf(received, told);
  return [
    fact('txid', displayOf(received.txid)),
    fact('wtxid', displayOf(received.wtxid)),
    fact('version_num', received.version),
    fact('tx_size', received.size, 'bytes'),
    fact('vsize', received.vsize, 'vB'),
    fact('weight', received.weight, 'WU'),
    fact('num_inputs', received.numInputs),
    fact('num_outputs', received.numOutputs),
    fact('value', received.value, 'sat'),
    ...(fee === null
      ? []
      : [fact('tx_fee', fee, 'sat'), fact('fee_rate', Number((fee / received.vsize).toFixed(3)), 'sat/vB')]),
    fact('is_standard', received.reason === null),
    ...(received.reason === null ? [] : [fact('non_standard_reason', received.reason)]),
  ];
}

/** Its fee in satoshi, also where that became known later; null where it is not known. */
function feeOf(received: ReceivedFact, told: readonly TransactionFact[]): number | null {
  const late = told.find(({ kind }) => kind === 'fee');
  return received.fee ?? (late?.kind === 'fee' ? late.fee : null);
}

/** What the compared policies say of it, as it was when it came. */
function policiesOf({ measures }: ReceivedFact, fee: number | null): readonly PolicyVerdict[] {
  const all = comparePolicies(measures, fee);
  return COMPARED_POLICIES.map(({ name, program }) => {
    const rules = all.flatMap(({ policy, ...rule }) => (policy === name ? [rule] : []));
    const refusedBy = rules.find(({ outcome }) => outcome === 'broken')?.rule ?? null;
    return { policy: name, program, refusedBy, rules };
  });
}

function chainFacts(mined: readonly Mined[], bestHeight: number | null): WhyFact[] {
  const current = currentOf(mined);
  if (current === undefined) return [];
  const { hash, height } = current;
  return [
    fact('height', height),
    ...(hash === null ? [] : [fact('block', displayOf(hash))]),
    ...(bestHeight === null ? [] : [fact('depth', bestHeight - height + 1, 'blocks')]),
  ];
}

function spreadFacts(record: WhyRecord, spread: readonly ItemGroup[]): WhyFact[] {
  const [first] = spread;
  if (first === undefined) return [];
  const delays = spread.map(({ timeMs }) => timeMs - first.timeMs);
  const named = [
    ['delay_2nd', delays[1]],
    ['delay_p50', quantile(delays, 0.5)],
    ['delay_p90', quantile(delays, 0.9)],
  ] as const;
  return [
    fact('first_peer', nameOf(record, first.of)),
    fact('peers', spread.length),
    ...named.flatMap(([name, ms]) =>
      spread.length < 2 || ms === undefined ? [] : [fact(name, Number(ms.toFixed(3)), 'ms')],
    ),
  ];
}
