import { UsageError } from '../lib/errors';
import { parseLimit } from '../query/model';
import { inOneBatch } from '../query/result';
import {
  type CommandIo,
  type QueryCommandOptions,
  checkOutput,
  givenOnce,
  parseFormat,
  writeAnswer,
} from '../query/query-command';
import { openSource } from '../query/open-source';
import { selectColumns } from '../query/select-columns';
import { type Source, answersOf } from '../query/source';
import { namesInOrder, readNodes } from '../query/store-nodes';
import { formatNs, parseDuration, parsePeriod } from '../query/time';
import { type PanelAnswer, answerPanel } from './panel-answer';
import { bucketFor } from './buckets';
import { type ChosenNode, chosenNode } from './chosen-node';
import { panelOf } from './list';
import { nodesFor } from './nodes';
import { type Panel, scopeOf } from './panel';
import { type Choice, panelQueries } from './queries';

/** Whether the series argument names a panel. */
export function isPanelName(series: string | undefined): boolean {
  return series?.startsWith('@') === true;
}

/**
 * Runs `query @NAME`: asks the store for a panel, and writes it as a table, CSV or JSON.
 * @throws UsageError, FailureError
 */
export async function runPanelCommand(options: QueryCommandOptions, io: CommandIo): Promise<void> {
  givenOnce(options);
  const panel = panelOf(options.series ?? '');
  for (const name of ['agg', 'by', 'raw'] as const)
    if (options[name] !== undefined)
      throw new UsageError(
        `--${name}: @${panel.name} has its own; it takes --since, --until, --every, --where and --limit`,
      );
  const format = parseFormat(options.format ?? 'table');
  const { columns: wanted, output } = options;
  checkOutput(format, io.stdout.isTTY === true && output === undefined);
  const limit = parseLimit(options.limit ?? 0);
  const asked = choose(panel, options, io.nowNs);
  const chosen = chosenNode(panel.lines[0]?.series ?? 'btcdmon', options.where);
  panelQueries(panel, asked);
  const source = await openSource(options.from, io.env);
  try {
    const { choice, note } = await bound(panel, asked, chosen, source);
    if (format === 'table') io.stderr.write(note);
    const answer = await answerPanel(panel, choice, (queries) => answersOf(source, queries));
    const { columns, rows, rawSince } =
      format === 'table' && wanted === undefined ? withoutEmpty(answer) : answer;
    if (rawSince !== undefined)
      io.stderr.write(
        `before ${formatNs(rawSince)} the store has only rollups, which can't answer all of this\n`,
      );
    const shown = limit === 0 ? rows : rows.slice(-limit);
    const result = selectColumns({ columns, rows: inOneBatch(shown) }, wanted);
    if (!(await writeAnswer(result, { format, output }, io))) return;
    if (format === 'table' && shown.length === 0) io.stderr.write('nothing found\n');
  } finally {
    await source.close();
  }
}

/**
 * The choice with one node for each line, as the page makes it, and a line about that where the store has
 * several. A condition that combines nodes stays as it is.
 */
async function bound(
  panel: Panel,
  asked: Choice,
  chosen: ChosenNode,
  source: Source,
): Promise<{ readonly choice: Choice; readonly note: string }> {
  if (chosen.isOwn) return { choice: asked, note: '' };
  const nodes = await readNodes((query) => source.run(query), asked);
  const { where, network } = chosen;
  const of = nodesFor(nodes, chosen);
  const names = namesInOrder(nodes);
  const shown = [...new Set(panel.lines.map((line) => of[scopeOf(panel, line)]))].filter((it) => it !== '');
  const note =
    names.length < 2 || shown.length === 0 || chosen.node !== undefined
      ? ''
      : `of ${shown.join(', ')}; the store has ${names.join(', ')}: choose with --where "node = 'NAME'"\n`;
  return { choice: { ...asked, where, network, node: of }, note };
}

/**
 * Removes numeric columns that contain only 0, of which a table of all commands has dozens; a single line
 * stays.
 */
function withoutEmpty({ columns, rows, rawSince }: PanelAnswer): PanelAnswer {
  const told = columns.map(
    ({ type }, index) =>
      type === 'time' || type === 'string' || rows.some((row) => row[index] !== null && row[index] !== 0),
  );
  const tellsANumber = columns.some(
    ({ type }, index) => told[index] === true && (type === 'int' || type === 'float'),
  );
  if (!tellsANumber) return { columns, rows, rawSince };
  const keep = <T>(values: readonly T[]): T[] => values.filter((_, index) => told[index] === true);
  return { columns: keep(columns), rows: rows.map(keep), rawSince };
}

function choose(panel: Panel, options: QueryCommandOptions, nowNs: bigint): Choice {
  const period = parsePeriod({ since: options.since ?? panel.since, until: options.until }, nowNs);
  const bucketNs = bucketFor(panel, period);
  if (options.every !== undefined && bucketNs === null)
    throw new UsageError(
      `--every ${options.every}: @${panel.name} covers the whole range; leave --every out`,
    );
  const everyNs = options.every === undefined ? bucketNs : parseDuration('--every', options.every);
  const shortestS = panel.shortestBucketS ?? 0;
  if (everyNs !== null && everyNs < BigInt(shortestS) * 1_000_000_000n)
    throw new UsageError(
      `--every ${options.every ?? ''}: buckets of @${panel.name} have ${shortestS} s or more, as its points; give --every ${shortestS}s`,
    );
  return { ...period, bucketNs: everyNs, where: options.where };
}
