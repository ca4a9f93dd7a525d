import { createHash } from 'node:crypto';
import path from 'node:path';
import { readRunbooks } from '../alerts/runbook';
import { readSilence } from '../alerts/silences';
import type { AlertSettings } from '../app/alerting';
import { UsageError } from '../lib/errors';
import type { NamedReceiver } from '../notify/notifier';
import { readReceiver, shownValue } from '../notify/receiver-url';

/** The options of alerts as yargs parses them. */
export interface AlertArguments {
  readonly notify?: readonly string[] | undefined;
  readonly silence?: readonly string[] | undefined;
  readonly runbooks?: string | undefined;
}

/**
 * Checks the options of alerts and returns their settings.
 * @param file the name of the file in the data directory that keeps what receivers were told
 * @param urls the URLs of --export, where any were given
 * @throws UsageError if an option is wrong, or if there is no embedded store to evaluate
 */
export function alertSettings(
  { notify = [], silence = [], runbooks }: AlertArguments,
  env: NodeJS.ProcessEnv,
  {
    dataDir,
    file,
    urls,
  }: { readonly dataDir: string; readonly file: string; readonly urls?: readonly string[] | undefined },
): AlertSettings {
  const [first] = notify;
  if (first !== undefined && urls !== undefined && !urls.some((url) => /^duckdb:/i.test(url)))
    throw new UsageError(
      `--notify ${shownValue(first)}: alerts are evaluated on the embedded store; add --export duckdb:PATH, or leave it out`,
    );
  const receivers = new Map(notify.map((url) => [idOf(url), readReceiver(url, env)]));
  return {
    file: path.join(dataDir, file),
    silences: silence.map(readSilence),
    ...(runbooks === undefined ? {} : { runbooks: readRunbooks(runbooks) }),
    receivers: [...receivers].map(([id, receiver]): NamedReceiver => ({ id, receiver })),
  };
}

/** Names a receiver in the file, which must not have its secret. */
function idOf(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 16);
}
