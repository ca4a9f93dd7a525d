import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ChildScript } from './child';
import { until } from './until';

/** The report of `export-child.ts` about its points; see `QueueStats`. */
interface ExportReport {
  readonly emitted: number;
  readonly sent: number;
  readonly acked: number;
  readonly dropped: number;
  readonly queued: number;
  readonly spooled: number;
  readonly retried: number;
}

/** A process that emits points to an export. */
export interface Exporting {
  /** Its last report. */
  said(): ExportReport;
  readonly warnings: readonly string[];
  /** Waits until its report is as `wanted`. */
  until(what: string, wanted: (said: ExportReport) => boolean, ms?: number): Promise<ExportReport>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Has it deliver the remaining points and end. Returns its last report. */
  stop(): Promise<ExportReport>;
}

const NOTHING: ExportReport = {
  emitted: 0,
  sent: 0,
  acked: 0,
  dropped: 0,
  queued: 0,
  spooled: 0,
  retried: 0,
};

/** Starts one that emits `rate` points a second to `url`, with its spools in `folder`. */
export function startExporting(
  script: ChildScript,
  { url, folder, rate }: { readonly url: string; readonly folder: string; readonly rate: number },
): Exporting {
  const child = spawn(process.execPath, [script.file, url, folder, String(rate)], {
    env: script.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close');
  const killOnExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  void exited.then(() => process.off('exit', killOnExit));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  let said = NOTHING;
  let rest = '';
  const warnings: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const value = JSON.parse(line) as ExportReport | { readonly warning: string };
      if ('warning' in value) warnings.push(value.warning);
      else said = value;
    }
  });
  const giveUp = (): string | undefined =>
    child.exitCode === null && child.signalCode === null
      ? undefined
      : `it ended with ${String(child.exitCode ?? child.signalCode)}: ${errors}`;
  return {
    said: () => said,
    warnings,
    until: (what, wanted, ms = 60_000) => until(what, () => wanted(said) && said, { ms, giveUp }),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      if (child.exitCode !== 0) throw new Error(giveUp());
      return said;
    },
  };
}
