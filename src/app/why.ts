import path from 'node:path';
import type { Clock } from '../lib/clock';
import type { Log } from '../lib/log';
import { KeptFolder } from '../why/kept/kept-folder';
import { LiveWhyAnswers } from '../why/live-why';
import { type WhyModules, WhyRecord } from '../why/why-record';
import type { AppConfig } from './config';

/** The record of what happened to each transaction, block and peer, and what answers from it. */
export interface Why {
  readonly record: WhyRecord;
  readonly answers: LiveWhyAnswers;
}

/** Opens the record of a listener; undefined where it is not wanted. Without a data folder it has no disk. */
export async function openWhy(
  { why, node, network, dataDir }: AppConfig,
  { clock, accounts, log }: Pick<WhyModules, 'accounts'> & { readonly clock: Clock; readonly log: Log },
): Promise<Why | undefined> {
  if (why === undefined) return undefined;
  const clocks = { monotonicMs: () => clock.monotonicMs(), nowMs: () => Date.now() };
  const folder =
    dataDir === undefined || why.diskBytes === 0
      ? null
      : await KeptFolder.open(path.join(dataDir, `why-${network}`), {
          ...clocks,
          warn: (message) => void log.warn(message),
        });
  const record = new WhyRecord(why, { monotonicMs: clocks.monotonicMs, accounts, folder });
  const answers = new LiveWhyAnswers(record, { node, network, nowMs: clocks.nowMs });
  return { record, answers };
}
