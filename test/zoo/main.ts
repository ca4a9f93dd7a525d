import os from 'node:os';
import { parseArgs } from 'node:util';
import type { Behaviour } from './behaviour';
import type { Finding } from './judge';
import { BEHAVIOURS } from './all-behaviours';
import { HONEST_PEERS } from './honest-data';
import { runBehaviours } from './run-behaviours';

const HELP = `npm run zoo -- [--seconds 60] [--settle 60] [--side-by-side 1] [--only NAME,...] [--honest 2] [--judge-pong]
Pongs are judged by the processor time of the listener. --judge-pong judges the elapsed time instead, for an idle machine.
Runs each hostile behaviour alone against a listener, then all of them at once. --only all-at-once skips the single runs.`;

/** The name for --only of the run of all behaviours together. */
const ALL_AT_ONCE = 'all-at-once';

interface Options {
  readonly seconds: number;
  readonly settleSeconds: number;
  readonly sideBySide: number;
  readonly only: readonly string[];
  readonly honest: number;
  readonly judgesPong: boolean;
}

/** @throws Error with one line that names the wrong argument */
function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      settle: { type: 'string', default: '60' },
      'side-by-side': { type: 'string', default: '1' },
      only: { type: 'string' },
      honest: { type: 'string', default: String(HONEST_PEERS) },
      'judge-pong': { type: 'boolean', default: false },
    },
  });
  const whole = (name: 'seconds' | 'settle' | 'side-by-side' | 'honest', least: number): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= least && value <= 3_600) return value;
    throw new Error(`--${name} takes a whole number from ${least} to 3600, not ${values[name]}`);
  };
  const only = values.only?.split(',') ?? [];
  for (const name of only)
    if (name !== ALL_AT_ONCE && !BEHAVIOURS.some((behaviour) => behaviour.name === name))
      throw new Error(`--only ${name}: there is no such behaviour; see test/zoo/behaviours`);
  return {
    seconds: whole('seconds', 1),
    settleSeconds: whole('settle', 0),
    sideBySide: whole('side-by-side', 1),
    honest: whole('honest', HONEST_PEERS),
    only,
    judgesPong: values['judge-pong'],
  };
}

async function main(): Promise<number> {
  const options = readOptions();
  const { only } = options;
  const isAllAtOnce = only.includes(ALL_AT_ONCE);
  const chosen = BEHAVIOURS.filter(({ name }) => only.length === 0 || only.includes(name));
  const results: boolean[] = [];
  const one = async (title: string, behaviours: readonly Behaviour[]): Promise<void> => {
    const finding = await runBehaviours(behaviours, options).catch((error: unknown) => String(error));
    results.push(print(title, finding));
  };
  const waiting = [...chosen];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await one(next.name, [next]);
  };
  await Promise.all(
    Array.from({ length: Math.min(options.sideBySide, os.availableParallelism() * 4) }, worker),
  );
  if (isAllAtOnce) await one('all at once', BEHAVIOURS);
  else if (chosen.length > 1) await one('all at once', chosen);
  const failed = results.filter((good) => !good).length;
  console.log(`zoo: ${results.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function print(title: string, finding: Finding | string): boolean {
  if (typeof finding === 'string') {
    console.log(`FAIL ${title}\n       ${finding}`);
    return false;
  }
  const good = finding.faults.length === 0;
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
  const memory = `${mb(finding.residentBefore)}/${mb(finding.residentPeak)}/${mb(finding.residentAfter)} MB`;
  const reasons = [...finding.reasons.values()].map((counts) =>
    Object.entries(counts)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(', '),
  );
  const ends = finding.reasons.size === 1 ? `; ${reasons[0] === '' ? 'stays' : (reasons[0] ?? '')}` : '';
  console.log(
    `${good ? 'ok  ' : 'FAIL'} ${title}: ${finding.messages} messages; honest exact: ${finding.isHonestExact ? 'yes' : 'no'} ` +
      `(${finding.transactions} transactions); memory before/most/after ${memory}; pong p99 ${finding.pongP99.ms.toFixed(1)} ms, of processor ${finding.pongP99.processorMs.toFixed(1)}; loop p99 ${finding.lagP99Ms.toFixed(0)} ms late${ends}`,
  );
  for (const fault of finding.faults) console.log(`       ${fault}`);
  return good;
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    console.error(`zoo: ${error instanceof Error ? error.message : String(error)}\n${HELP}`);
    process.exit(2);
  },
);
