import type { Clock } from '../lib/clock';
import { LiveWhyAnswers } from '../why/live-why';
import { type WhyModules, WhyRecord } from '../why/why-record';
import type { AppConfig } from './config';

/** The record of what happened to each transaction, block and peer, and what answers from it. */
export interface Why {
  readonly record: WhyRecord;
  readonly answers: LiveWhyAnswers;
}

/** Opens the record of a listener; undefined where it is not wanted. */
export function openWhy(
  { why, node, network }: AppConfig,
  { clock, accounts }: Omit<WhyModules, 'monotonicMs'> & { readonly clock: Clock },
): Why | undefined {
  if (why === undefined) return undefined;
  const record = new WhyRecord(why, { monotonicMs: () => clock.monotonicMs(), accounts });
  const answers = new LiveWhyAnswers(record, { node, network, nowMs: () => Date.now() });
  return { record, answers };
}
