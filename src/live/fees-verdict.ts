import { grouped } from '../lib/grouped';
import { BAND_FLOORS, type FeeBands } from '../mempool/fee-bands';
import { BLOCK_VSIZE } from '../mempool/fee-projection';
import type { Facts } from './facts';
import { LIMITS } from './limits';
import { connectedPeers } from './step-verdict';
import { type Answer, counted, lasting } from './verdict';

/** If a smaller part of the fees is known, an estimate would be a guess. */
const LEAST_KNOWN = 0.1;

/** A mempool that began later than this and has seen no block lacks most transactions. */
const YOUNG_MS = 600_000;

const PANEL = 'fee-rate';

/** What will the next block cost? */
export function feesAnswer(facts: Facts): Answer {
  const { mempool, mempoolChange, nowMs, startedMs, grewMs } = facts;
  if (connectedPeers(facts).length === 0)
    return {
      ...{ tone: 'unknown', answer: 'Not known: no peer', panel: PANEL },
      reason: 'No peer relays transactions.',
      advice: '',
    };
  const known = mempool.vsizes.reduce((sum, vsize) => sum + vsize, 0);
  const all = known + mempool.unknownVsize;
  const share = all === 0 ? 0 : known / all;
  const ageMs = nowMs - startedMs;
  if (share < LEAST_KNOWN)
    return {
      ...{ tone: 'unknown', answer: 'Not known yet', panel: 'fees-known', advice: '' },
      reason:
        all === 0
          ? `No transaction waits for a block; the monitor began ${lasting(ageMs)} ago.`
          : `The fees of ${share < 0.01 ? 'less than 1 %' : `only ${percent(share)}`} of the waiting transactions are known. The share grows with each block.`,
    };
  const rate = nextBlockRate(mempool);
  const blocks = all / BLOCK_VSIZE;
  const waits = `${counted(mempool.transactions, 'transaction')} ${mempool.transactions === 1 ? 'waits' : 'wait'}, ${blocks < 1 ? 'less than a block' : `about ${grouped(Math.round(blocks))} blocks`}`;
  const { lately, before } = mempoolChange;
  const answer = rate === null ? 'The minimum: everything fits' : `About ${rate} sat/vB`;
  if (before !== null && lately > LIMITS.surgeFrom && lately > LIMITS.surgeFactor * before)
    return {
      ...{ tone: 'warn', answer, panel: 'mempool-count' },
      reason: `${waits}: more than three times those of the last hours.`,
      advice: 'Fees may rise. Check whether blocks come, and what fills the mempool.',
    };
  const isYoung = ageMs < YOUNG_MS && grewMs < startedMs;
  return {
    ...{ tone: isYoung ? 'unknown' : 'good', answer, panel: PANEL, advice: '' },
    reason: isYoung
      ? `${waits}. The monitor began ${lasting(ageMs)} ago and lacks older ones, so it may be more.`
      : `${waits}. The fees of ${percent(share)} are known.`,
  };
}

/**
 * The least feerate in sat/vB that the next block will probably contain; null if everything fits. Assumes
 * that miners take the highest feerates first, and that transactions with an unknown fee pay like the others.
 */
export function nextBlockRate({ vsizes, unknownVsize }: FeeBands): number | null {
  const known = vsizes.reduce((sum, vsize) => sum + vsize, 0);
  const room = (BLOCK_VSIZE * known) / (known + unknownVsize);
  let filled = 0;
  for (let band = vsizes.length - 1; band >= 0; band--) {
    filled += vsizes[band] ?? 0;
    if (filled > room) return BAND_FLOORS[band] ?? null;
  }
  return null;
}

function percent(part: number): string {
  return `${Math.floor(part * 100)} %`;
}
