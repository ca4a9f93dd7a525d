import { answerPanel, columnName } from '../../panels/answer';
import { bucketFor } from '../../panels/buckets';
import { PANELS, panelOf } from '../../panels/list';
import { type Panel, THEMES } from '../../panels/panel';
import { UsageError, messageOf } from '../../errors';
import { inOneBatch } from '../../query/result';
import { inSlices } from '../../query/slices';
import { formatNs, parseTime } from '../../query/time';
import { gatherJson, sendCsv, sendGathered } from '../answer';
import { msOf } from '../encode';
import type { Handler } from '../exchange';
import { HttpError } from '../http-error';
import { DOWNLOAD_MS, QUERY_MS } from '../limits';
import { readParams } from '../params';
import { sendJson } from '../reply';
import type { Answering } from './query';

const PARAMS = ['since', 'until', 'node', 'network', 'format'] as const;

/** Where panels are. */
export const PANELS_PATH = '/api/panels';

/** `GET /api/panels`: which there are. */
export const panelsHandler: Handler = ({ request, response, params }) => {
  readParams(params, []);
  const panels = PANELS.map(({ lines, ...panel }) => ({ ...panel, labels: lines.map(columnName) }));
  return sendJson(request, response, { themes: THEMES, panels });
};

/** `GET /api/panels/NAME`: one of them over a range of time, as JSON or as CSV. */
export function panelHandler({ asking, held }: Answering): (name: string) => Handler {
  return (name) => async (exchange) => {
    const started = performance.now();
    const panel = find(name);
    const { node, network, format = 'json', ...range } = readParams(exchange.params, PARAMS);
    const { since, until } = rangeOf(panel, range);
    const choice = { since, until, bucketNs: bucketFor(panel, since, until), node, network };
    const isCsv = format === 'csv';
    if (!isCsv && format !== 'json') throw new HttpError(400, 'format: use json or csv');
    const limits = { timeoutMs: isCsv ? DOWNLOAD_MS : QUERY_MS, left: exchange.left };
    const gathered = await asking.ask(limits, async (asked) => {
      const { rows, ...answer } = await answerPanel(panel, choice, (queries) => asked.runAll(queries));
      const result = { ...answer, rows: inSlices(inOneBatch(rows)) };
      if (!isCsv) return gatherJson(result);
      await sendCsv(exchange, result, { name: panel.name, signal: asked.signal });
      return null;
    });
    if (gathered === null) return;
    const { bucketNs } = choice;
    const more = {
      sinceMs: msOf(since),
      untilMs: msOf(until),
      bucketMs: bucketNs === null ? null : msOf(bucketNs),
      tookMs: Math.round(performance.now() - started),
    };
    await sendGathered(exchange, gathered, more, held);
  };
}

function find(name: string): Panel {
  try {
    return panelOf(name);
  } catch (error) {
    throw new HttpError(404, messageOf(error));
  }
}

function rangeOf(
  panel: Panel,
  { since: from = panel.since, until: to }: { readonly since?: string; readonly until?: string },
): { readonly since: bigint; readonly until: bigint } {
  const now = BigInt(Date.now()) * 1_000_000n;
  const since = parseTime('since', from, now);
  const until = to === undefined ? now : parseTime('until', to, now);
  if (since < until) return { since, until };
  throw new UsageError(`since ${formatNs(since)} is not before until ${formatNs(until)}`);
}
