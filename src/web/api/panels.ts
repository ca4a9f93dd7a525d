import { answerPanel, columnName } from '../../panels/panel-answer';
import { bucketFor } from '../../panels/buckets';
import { PANELS, panelOf } from '../../panels/list';
import { nodesFor } from '../../panels/nodes';
import { type Panel, THEMES, scopeOf } from '../../panels/panel';
import type { Choice } from '../../panels/queries';
import { messageOf } from '../../lib/errors';
import type { AggregateName } from '../../query/model';
import type { Asked } from '../../query/answers';
import { type Result, inOneBatch } from '../../query/result';
import { inSlices } from '../../query/slices';
import { nowNs, parsePeriod } from '../../query/time';
import { gatherJson, readFormat, sendCsv, sendGathered } from '../send-answer';
import { msOf } from '../encode';
import type { Handler } from '../exchange';
import { HttpError } from '../http-error';
import { DOWNLOAD_MS } from '../limits';
import { readParams } from '../params';
import { sendJson } from '../reply';
import { SharedRuns } from '../shared-runs';
import type { About } from './info';
import type { Answering } from './query';

const PARAMS = ['since', 'until', 'node', 'network', 'format'] as const;

/** Aggregates whose value is 0, and not missing, in a bucket without points. */
const ADDS_UP: ReadonlySet<AggregateName> = new Set(['count', 'sum', 'rate']);

/** Path of the panels. */
export const PANELS_PATH = '/api/panels';

/** `GET /api/panels`: the list of panels. */
export const panelsHandler: Handler = ({ request, response, params }) => {
  readParams(params, []);
  const panels = PANELS.map(({ lines, ...panel }) => ({
    ...panel,
    labels: lines.map(columnName),
    sums: lines.filter(({ agg }) => ADDS_UP.has(agg.fn)).map(columnName),
  }));
  return sendJson(request, response, { themes: THEMES, panels });
};

/** `GET /api/panels/NAME`: one of them over a range of time, as JSON or as CSV. */
export function panelHandler({
  scheduler,
  held,
  queryMs,
  extent,
  node: own,
}: Answering & Pick<About, 'extent' | 'node'>): (name: string) => Handler {
  const shared = new SharedRuns<Buffer>();
  return (name) => async (exchange) => {
    const panel = find(name);
    const { format: form = 'json', ...wanted } = readParams(exchange.params, PARAMS);
    const format = readFormat(form);
    const { left } = exchange;
    // Before it looks at the store, so that a wrong range is refused at once.
    choose(panel, wanted, '');
    const nodes = await extent.allNodes();
    const of = nodesFor(nodes, { ...wanted, own });
    if (format !== 'json') {
      const choice = choose(panel, wanted, of);
      // A slow reader of a download holds its turn; panels that are shown have others.
      await scheduler.ask({ kind: 'query', timeoutMs: DOWNLOAD_MS, left }, async (asked) =>
        sendCsv(exchange, await answer(panel, choice, asked), {
          name: panel.name,
          format,
          signal: asked.signal,
        }),
      );
      return;
    }
    const { since, until, node, network } = wanted;
    const key = JSON.stringify([panel.name, since, until, node, network, of]);
    const gathered = await shared.get(key, left, (abandoned) => {
      const started = performance.now();
      const choice = choose(panel, wanted, of);
      return scheduler.ask({ kind: 'panel', timeoutMs: queryMs, left: abandoned }, async (asked) =>
        gatherJson(await answer(panel, choice, asked), () => ({
          sinceMs: msOf(choice.since),
          untilMs: msOf(choice.until),
          bucketMs: choice.bucketNs === null ? null : msOf(choice.bucketNs),
          tookMs: Math.round(performance.now() - started),
          nodes: [...new Set(panel.lines.map((line) => of[scopeOf(panel, line)]))].join(', '),
        })),
      );
    });
    await sendGathered(exchange, gathered, held);
  };
}

async function answer(panel: Panel, choice: Choice, asked: Asked): Promise<Result> {
  const { rows, ...rest } = await answerPanel(panel, choice, (queries) => asked.runAll(queries));
  return { ...rest, rows: inSlices(inOneBatch(rows)) };
}

function find(name: string): Panel {
  try {
    return panelOf(name);
  } catch (error) {
    throw new HttpError(404, messageOf(error));
  }
}

interface Wanted {
  readonly since?: string;
  readonly until?: string;
  readonly node?: string;
  readonly network?: string;
}

function choose(panel: Panel, { since = panel.since, until, network }: Wanted, node: Choice['node']): Choice {
  const period = parsePeriod({ since, until }, nowNs(), '');
  return { ...period, bucketNs: bucketFor(panel, period), node, network };
}
