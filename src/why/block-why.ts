import { quantile } from '../lib/quantile';
import type { FieldsOf } from '../metrics/schema';
import { displayOf } from '../wire/hash';
import type { ItemKey } from './item-log';
import type { BlockAnnouncement, JudgedBlock, KnownBlock } from './known-blocks';
import { fact, factsOf, nameOf, step } from './tell';
import type { UnixOf } from './times';
import type { Told, WhyFact, WhyStep } from './why-answer';
import type { WhyRecord } from './why-record';

/** What the record tells of a block. */
export async function blockWhy(record: WhyRecord, block: KnownBlock, unixOf: UnixOf): Promise<Told> {
  const { announcements, received, judged, connections } = block;
  const times = [announcements[0], received, judged, connections[0]].flatMap((it) => it?.timeMs ?? []);
  const firstMs = Math.min(...times);
  return {
    id: displayOf(block.hash),
    facts: [
      fact('state', stateOf(block, record.bestHeight)),
      fact('sha', displayOf(block.hash)),
      ...(judged === null ? [] : judgedFacts(judged)),
      ...depthFacts(block, record.bestHeight),
      ...(await kindFacts(record, block)),
      ...compactFacts(block),
      ...spreadFacts(record, announcements),
    ],
    timeline: stepsOf(record, block)
      .sort((a, b) => a.timeMs - b.timeMs)
      .map((it) => ({ ...it, timeMs: unixOf(it.timeMs) })),
    policies: [],
    notKnown: [...gaps(block)],
    firstMs: Number.isFinite(firstMs) ? unixOf(firstMs) : null,
  };
}

/** Whether a block is part of the best chain. */
export function isCurrent({ connections }: KnownBlock): boolean {
  return connections.at(-1)?.leftMs === null;
}

/** Height of a block; null while it is not known. */
export function heightOf({ judged, connections }: KnownBlock): number | null {
  return connections.at(-1)?.height ?? judged?.height ?? null;
}

function stateOf(block: KnownBlock, bestHeight: number | null): string {
  const { judged, connections } = block;
  const last = connections.at(-1);
  if (last?.leftMs === null) {
    const deep = bestHeight === null ? '' : `, ${bestHeight - last.height + 1} deep`;
    return `in the best chain at height ${last.height}${deep}`;
  }
  if (last !== undefined) return `stale: it left the best chain at height ${last.height}`;
  if (judged === null)
    return block.received === null ? 'announced, and not received' : 'received, not judged yet';
  const reason = judged.reason === null ? '' : `: ${judged.reason}`;
  return `${STATES[judged.status]}${reason}`;
}

const STATES = {
  accepted: 'valid',
  side_chain: 'valid, in a side chain',
  rejected: 'rejected',
  duplicate: 'came before',
  unrequested: 'not checked, as nobody asked for it',
  orphan: 'waits for its parent',
} as const;

function judgedFacts(judged: JudgedBlock): WhyFact[] {
  return [
    ...(judged.height === null ? [] : [fact('height', judged.height)]),
    fact('status', judged.status),
    ...(judged.reason === null ? [] : [fact('reject_reason', judged.reason)]),
    fact('prev', displayOf(judged.prev)),
    fact('time', new Date(judged.time * 1_000).toISOString()),
    ...(judged.coinbaseTxid === null ? [] : [fact('coinbase', displayOf(judged.coinbaseTxid))]),
    fact('pool', judged.pool),
    fact('size', judged.size, 'bytes'),
    fact('weight', judged.weight, 'WU'),
    fact('num_tx', judged.numTx, 'transactions'),
    fact('num_inputs', judged.numInputs, 'inputs'),
    fact('num_outputs', judged.numOutputs, 'outputs'),
    fact('num_unseen_tx', judged.numUnseen, 'transactions'),
    ...(judged.fees === null ? [] : [fact('total_tx_fees', judged.fees, 'sat')]),
    ...(judged.processMs === null ? [] : [fact('process_time', Number(judged.processMs.toFixed(3)), 'ms')]),
  ];
}

function depthFacts(block: KnownBlock, bestHeight: number | null): WhyFact[] {
  const height = heightOf(block);
  if (!isCurrent(block) || height === null || bestHeight === null) return [];
  return [fact('depth', bestHeight - height + 1, 'blocks')];
}

/** Which of its transactions came before it: how many, what they paid, and which policy would not relay. */
async function kindFacts(
  { mined, transactions }: WhyRecord,
  { connections }: KnownBlock,
): Promise<readonly WhyFact[]> {
  const last = connections.at(-1);
  if (last === undefined) return [];
  const inIt = new Set<number>();
  await mined.list({ of: last.number, timeMs: last.timeMs }, (key) => void inIt.add(numberOf(key)));
  let came = 0;
  let fees = 0;
  let withFee = 0;
  let nonStandard = 0;
  await transactions.eachReceived({ untilMs: last.timeMs }, ({ key, fee, isStandard, timeMs }) => {
    if (timeMs > last.timeMs || !inIt.delete(numberOf(key))) return;
    came += 1;
    if (fee !== null) withFee += 1;
    fees += fee ?? 0;
    if (!isStandard) nonStandard += 1;
  });
  return [
    fact('relayed_tx', came, 'transactions'),
    fact('relayed_tx_with_fee', withFee, 'transactions'),
    fact('relayed_tx_fees', fees, 'sat'),
    fact('relayed_tx_non_standard', nonStandard, 'transactions'),
  ];
}

/** The first 53 bits of a key: sets of numbers are faster than those of texts. */
function numberOf({ low, high }: ItemKey): number {
  return low * 2 ** 21 + (high % 2 ** 21);
}

function compactFacts({ compact }: KnownBlock): WhyFact[] {
  if (compact === null) return [];
  const { prefilled, needlessPrefills, shortIds, missing, missingKinds } = compact;
  const { bytes, blockTxnBytes, rebuilt } = compact;
  const counts = {
    prefilled,
    needless_prefills: needlessPrefills,
    short_ids: shortIds,
    missing,
    missing_unseen: missingKinds?.unseen,
    missing_nonstandard: missingKinds?.nonstandard,
    missing_replaced: missingKinds?.replaced,
    missing_evicted: missingKinds?.evicted,
    missing_other: missingKinds?.other,
  } satisfies FieldsOf<'compact_blocks'>;
  return [
    ...factsOf(counts, () => 'transactions'),
    fact('compact_bytes', bytes, 'bytes'),
    fact('blocktxn_bytes', blockTxnBytes, 'bytes'),
    fact('rebuilt', rebuilt !== undefined),
    ...(rebuilt === undefined ? [] : [fact('rebuild_time', Number(rebuilt.ms.toFixed(3)), 'ms')]),
  ];
}

function spreadFacts(record: WhyRecord, announcements: readonly BlockAnnouncement[]): WhyFact[] {
  const [first, second] = announcements;
  if (first === undefined) return [];
  const delays = announcements.map(({ timeMs }) => timeMs - first.timeMs);
  return [
    fact('first_peer', nameOf(record, first.connection)),
    fact('peers', announcements.length),
    ...(second === undefined
      ? []
      : [
          fact('delay_2nd', Number((second.timeMs - first.timeMs).toFixed(3)), 'ms'),
          fact('delay_p50', Number((quantile(delays, 0.5) ?? 0).toFixed(3)), 'ms'),
        ]),
  ];
}

function stepsOf(record: WhyRecord, block: KnownBlock): WhyStep[] {
  const { announcements, moreAnnouncements, asked, received, judged, connections } = block;
  const last = announcements.at(-1);
  return [
    ...announcements.map(({ connection, timeMs }, index) =>
      step(timeMs, index === 0 ? 'announced first' : 'announced', nameOf(record, connection)),
    ),
    ...(moreAnnouncements > 0 && last !== undefined
      ? [step(last.timeMs, `announced ${moreAnnouncements} times more`)]
      : []),
    ...asked.map(({ connection, timeMs }) => step(timeMs, 'asked for it', nameOf(record, connection))),
    ...(received === null
      ? []
      : [
          step(
            received.timeMs,
            received.wasRequested ? 'received' : 'received, without being asked for',
            nameOf(record, received.connection),
          ),
        ]),
    ...(judged === null
      ? []
      : [
          step(
            judged.timeMs,
            `checked: ${STATES[judged.status]}${judged.reason === null ? '' : `: ${judged.reason}`}`,
          ),
        ]),
    ...connections.flatMap(({ timeMs, leftMs }) => [
      step(timeMs, 'joined the best chain'),
      ...(leftMs === null ? [] : [step(leftMs, 'left the best chain')]),
    ]),
  ];
}

function* gaps({ announcements, received, judged, compact }: KnownBlock): Generator<string> {
  if (received === null && judged === null)
    yield 'The block itself has not come: nobody sent it, or it was not asked for because its header is not valid or not new.';
  if (received !== null && announcements.length === 0)
    yield 'No peer announced it: it was fetched as a missing block, or sent unasked.';
  if (judged !== null && compact === null)
    yield 'No peer sent it as a compact block, so what was missing then is not known.';
  if (compact?.missing !== undefined && compact.missing > 0 && compact.missingKinds === undefined)
    yield 'Why those were missing is not known: the block was not rebuilt from the compact one.';
  if (judged?.fees === null) yield 'Its fees are not known.';
}
