import path from 'node:path';
import { FailureError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { type ListFormat, formatResult } from '../query/format';
import { openSource } from '../query/open-source';
import { type CommandIo, writeAll } from '../query/query-command';
import { type ResultColumn, type Row, inOneBatch } from '../query/result';
import { answerWhy } from './answer-why';
import { parseSubject } from './subject';
import type { WhyAnswer } from './why-answer';
import { askWhy } from './why-document';
import { whyText } from './why-text';

/** Arguments of the command `why`. */
export interface WhyCommandOptions {
  /** A txid, a wtxid, a block hash, a height or the address:port of a peer. */
  readonly id: string;
  /** URL of the store. */
  readonly store: string;
  /** How far back the store is looked through, nanoseconds since the Unix epoch. */
  readonly sinceNs?: bigint | undefined;
  readonly format: ListFormat;
}

/** The columns of an answer as a list, for `csv` and `ndjson`. */
const COLUMNS: readonly ResultColumn[] = [
  { name: 'part', type: 'string' },
  { name: 'time', type: 'time' },
  { name: 'name', type: 'string' },
  { name: 'value', type: 'string' },
  { name: 'unit', type: 'string' },
  { name: 'peer', type: 'string' },
  { name: 'about', type: 'string' },
];

/**
 * Runs the command `why`: asks the node that has the store open, and the store.
 * @throws UsageError for a text that names no object; FailureError if nothing is known about it, or if it
 * fits several objects
 */
export async function runWhyCommand(
  { id, store, sinceNs, format }: WhyCommandOptions,
  io: CommandIo,
): Promise<void> {
  parseSubject(id);
  const file = /^duckdb:(.+)$/is.exec(store)?.[1];
  const source = await openSource(store, io.env);
  let answer: WhyAnswer;
  try {
    answer = await answerWhy(id, {
      live: async (text) => (file === undefined ? null : askWhy(path.resolve(expandHome(file)), text)),
      run: (query) => source.run(query),
      ...{ nowNs: io.nowNs, sinceNs },
    });
  } finally {
    await source.close();
  }
  if (format === 'json') {
    await writeAll(io.stdout, inOneBatch(`${JSON.stringify(answer, null, 2)}\n`));
    return;
  }
  if (answer.matches.length > 0)
    throw new FailureError(`why ${answer.asked}: fits several; give one of ${answer.matches.join(', ')}`);
  if (answer.kind === null) throw new FailureError(`why ${answer.asked}: ${answer.notKnown.join(' ')}`);
  await writeAll(
    io.stdout,
    format === 'table'
      ? inOneBatch(whyText(answer))
      : formatResult({ columns: COLUMNS, rows: inOneBatch(rowsOf(answer)) }, format),
  );
}

/** An answer as one list: its facts, its steps, the points of the store, and what is not known. */
function rowsOf({ facts, timeline, policies, stored, notKnown }: WhyAnswer): readonly Row[] {
  return [
    ...facts.map(({ name, value, unit }) => ['fact', null, name, String(value), unit, null, null]),
    ...timeline.map(({ timeMs, what, peer, about }) => ['step', nsOf(timeMs), what, null, null, peer, about]),
    ...policies.flatMap(({ policy, rules }) =>
      rules.map(({ rule, value, limit, unit, outcome }) => [
        ...['policy', null, `${policy}.${rule}`, `${outcome}: ${value ?? 'not known'}, allowed: ${limit}`],
        ...[unit, null, null],
      ]),
    ),
    ...stored.flatMap(({ series, timeMs, values }) =>
      Object.entries(values).map(([name, value]) => [
        ...['stored', timeMs === null ? null : nsOf(timeMs), `${series}.${name}`, String(value)],
        ...[null, null, null],
      ]),
    ),
    ...notKnown.map((text) => ['not known', null, text, null, null, null, null]),
  ];
}

/** Nanoseconds of Unix milliseconds. */
function nsOf(ms: number): bigint {
  return BigInt(Math.round(ms * 1_000)) * 1_000n;
}
