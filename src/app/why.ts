import path from 'node:path';
import type { Clock } from '../lib/clock';
import { messageOf } from '../lib/errors';
import type { Log } from '../lib/log';
import { KeptFolder, type KeptFolderModules } from '../why/kept/kept-folder';
import { LiveWhyAnswers } from '../why/live-why';
import { type WhyModules, WhyRecord } from '../why/why-record';
import type { AppConfig } from './config';

/** The record of what happened to each transaction, block and peer, and what answers from it. */
export interface Why {
  readonly record: WhyRecord;
  readonly answers: LiveWhyAnswers;
  /** Why the record is not kept on disk though it should be, for the log; null if there is no trouble. */
  readonly trouble: string | null;
}

/**
 * Opens the record of a listener; undefined where it is not wanted. Without a data folder the record is only
 * in memory.
 */
export async function openWhy(
  { why, node, network, dataDir }: AppConfig,
  { clock, accounts, log }: Pick<WhyModules, 'accounts'> & { readonly clock: Clock; readonly log: Log },
): Promise<Why | undefined> {
  if (why === undefined) return undefined;
  const clocks = { monotonicMs: () => clock.monotonicMs(), nowMs: () => Date.now() };
  const hasDisk = dataDir !== undefined && why.diskBytes > 0;
  const opened = hasDisk
    ? await openFolder(path.join(dataDir, `why-${network}`), {
        ...clocks,
        warn: (message) => void log.warn(message),
      })
    : { folder: null, trouble: null };
  const record = new WhyRecord(why, { monotonicMs: clocks.monotonicMs, accounts, folder: opened.folder });
  const answers = new LiveWhyAnswers(record, { node, network, nowMs: clocks.nowMs });
  return { record, answers, trouble: opened.trouble };
}

async function openFolder(
  place: string,
  modules: KeptFolderModules,
): Promise<{ readonly folder: KeptFolder | null; readonly trouble: string | null }> {
  try {
    return { folder: await KeptFolder.open(place, modules), trouble: null };
  } catch (error) {
    return { folder: null, trouble: messageOf(error) };
  }
}
