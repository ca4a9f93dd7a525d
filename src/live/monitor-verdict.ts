import { grouped } from '../lib/grouped';
import type { Delivery, Facts } from './facts';
import { LIMITS } from './limits';
import { type Answer, counted, lasting } from './verdict';

/** A delay of the event loop that the page shows at once, as a stall (`STALL_MS` of the series `btcdmon`). */
const LATE_NOW_MS = 1_000;

/** Can the answers be trusted: is the monitor itself well? */
export function monitorAnswer({ deliveries, loop, nowMs }: Facts): Answer {
  const lossy = deliveries.filter(({ lostMs }) => lostMs !== null);
  const lossyNow = lossy.find(({ lostMs }) => nowMs - (lostMs ?? 0) < LIMITS.lostMs);
  if (lossyNow !== undefined) return lost(lossyNow, 'bad', 'within the last 5 minutes');
  const stuck = deliveries.find(({ stuckForMs }) => stuckForMs !== null && stuckForMs >= LIMITS.stuckMs);
  if (stuck !== undefined)
    return {
      ...{ tone: 'warn', answer: 'Points wait and none is delivered', panel: 'points-waiting' },
      reason: `The exporter ${stuck.name} has delivered nothing for ${lasting(stuck.stuckForMs ?? 0)}.`,
      advice: 'Check that its receiver runs and has room on its disk. The log has its answer.',
    };
  const slow = slowness(loop);
  if (slow !== null)
    return {
      ...{ tone: 'warn', answer: 'The monitor is too slow', panel: 'loop-lag' },
      reason: `${slow} Times that it measures are wrong by as much.`,
      advice: 'Check what else uses the processor and the memory of this machine.',
    };
  const [earlier] = lossy;
  if (earlier !== undefined)
    return lost(earlier, 'warn', `the last of them ${lasting(nowMs - (earlier.lostMs ?? 0))} ago`);
  return {
    ...{ tone: 'good', answer: 'Complete and in time', panel: 'points-emitted', advice: '' },
    reason: 'No point was lost, and the event loop is not late.',
  };
}

function lost({ name, lost: count }: Delivery, tone: 'warn' | 'bad', when: string): Answer {
  return {
    ...{ tone, answer: 'Points are lost', panel: 'points-lost' },
    reason: `${counted(count, 'point')} of the exporter ${name} since the start, ${when}.`,
    advice: 'The log says why. `btcdmon-node audit` names the series and the times.',
  };
}

function slowness({ lagMs, leastLagMs, stalledMs }: Facts['loop']): string | null {
  if (lagMs >= LATE_NOW_MS) return `The event loop is late by ${(lagMs / 1_000).toFixed(1)} s.`;
  if (leastLagMs !== null && leastLagMs > LIMITS.lagMs)
    return `For 5 minutes the event loop has been late by ${grouped(Math.round(leastLagMs))} ms or more.`;
  if (stalledMs > LIMITS.stalledMs)
    return `Within 5 minutes the event loop stalled for ${grouped(Math.round(stalledMs / 1_000))} s in total.`;
  return null;
}
