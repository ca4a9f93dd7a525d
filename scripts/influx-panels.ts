// Measures the dashboards on InfluxDB: fills a real influxd with points of two nodes over 24 hours, and asks
// every panel's own statements at that range, as Grafana does. Prints the slowest panels, and ends with
// status 1 where one takes a second or more. Needs dist (npm run build). Usage:
//   node -r tsx/cjs scripts/influx-panels.ts [--points 5000000] [--repeat 3] [--show 12]
import { parseArgs } from 'node:util';
import { statements } from '../grafana/generator/influxql';
import { LineSerializer } from '../src/export/line';
import { PANELS } from '../src/panels/list';
import type { Panel } from '../src/panels/panel';
import { expand } from '../test/support/grafana';
import { type Influxd, influxd, startInfluxd } from '../test/support/influxd';
import { lineOf } from '../test/support/line-of';
import { hourOf } from './fleet/hour';
import { endAllAtSignal } from './support/end-at-signal';
import { usageError, wholeNumber } from './support/options';

const HOURS = 24;
const HOUR_NS = 3_600_000_000_000n;
const HOUR_MS = 3_600_000;
const NODES = ['alpha', 'beta'];
const BATCH = 5_000;

/** Points of a node in an hour besides those of transactions, and points of a transaction. */
const PER_HOUR = 45_000;
const PER_TRANSACTION = 8;

/** Pixels of a panel: Grafana asks for about as many buckets. */
const BUCKETS = 1_000;

const LIMIT_MS = 1_000;

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '5000000' },
    repeat: { type: 'string', default: '3' },
    show: { type: 'string', default: '12' },
  },
});
const wanted = wholeNumber('influx-panels', 'points', values.points, 1);
const repeat = wholeNumber('influx-panels', 'repeat', values.repeat, 1);
const show = wholeNumber('influx-panels', 'show', values.show, 1);

/** Writes a day of points of each node, up to now. Returns their number. */
async function fill(server: Influxd, endMs: number): Promise<number> {
  const perHour = wanted / HOURS / NODES.length;
  const txRate = Math.max(0.1, (perHour - PER_HOUR) / PER_TRANSACTION / 3_600);
  const serializer = new LineSerializer({ maxBytes: 65_536 });
  let written = 0;
  let lines: string[] = [];
  const send = async (): Promise<void> => {
    const refused = await server.write(`${lines.join('\n')}\n`);
    if (refused !== '') throw new Error(`influxd refuses lines: ${refused}`);
    written += lines.length;
    lines = [];
  };
  for (let hour = 0; hour < HOURS; hour++)
    for (const node of NODES) {
      const startNs = BigInt(endMs) * 1_000_000n - BigInt(HOURS - hour) * HOUR_NS;
      for (const point of hourOf(node, startNs, { txRate, inputs: 2.2, outputs: 2.7, interval: 5 })) {
        lines.push(lineOf(serializer, point));
        if (lines.length === BATCH) await send();
      }
    }
  if (lines.length > 0) await send();
  return written;
}

/** How long a panel takes, and how many rows it has. */
interface Time {
  readonly name: string;
  readonly ms: number;
  readonly rows: number;
}

/** The median time of a panel in milliseconds: its statements one after the other. */
async function timeOf(server: Influxd, panel: Panel, endMs: number): Promise<Time> {
  const range = { fromMs: endMs - HOURS * HOUR_MS, toMs: endMs };
  const bucketMs = Math.max((panel.shortestBucketS ?? 0) * 1_000, (HOURS * HOUR_MS) / BUCKETS);
  // With one node each, as the dashboards' variables have it.
  const [node = '', other = ''] = NODES;
  const variables = { node, watched: other, monitor: node };
  const times: number[] = [];
  let rows = 0;
  for (let count = 0; count < repeat; count++) {
    rows = 0;
    const began = performance.now();
    for (const { text } of statements(panel)) {
      const { results } = await server.query(expand(text, range, Math.round(bucketMs), variables));
      for (const { values: found = [] } of results[0]?.series ?? []) rows += found.length;
    }
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return { name: panel.name, ms: times[Math.floor(times.length / 2)] ?? 0, rows };
}

async function main(): Promise<void> {
  if (influxd.path === null) usageError('influx-panels', 'influxd was not found');
  const server = await startInfluxd();
  try {
    const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const began = performance.now();
    const points = await fill(server, endMs);
    console.log(
      `${points} points of ${NODES.length} nodes and ${HOURS} hours written in ${((performance.now() - began) / 1_000).toFixed(0)} s`,
    );
    const times: Time[] = [];
    for (const panel of PANELS) times.push(await timeOf(server, panel, endMs));
    times.sort((a, b) => b.ms - a.ms);
    for (const { name, ms, rows } of times.slice(0, show))
      console.log(`${ms.toFixed(0).padStart(6)} ms  ${name} (${rows} rows)`);
    const median = times[Math.floor(times.length / 2)]?.ms ?? 0;
    const slow = times.filter(({ ms }) => ms >= LIMIT_MS).length;
    console.log(
      `${times.length} panels, median ${median.toFixed(0)} ms; ${slow} take ${LIMIT_MS} ms or more (limit: none)`,
    );
    if (slow > 0) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}

endAllAtSignal();
void main();
