import { metricsOf } from '../../src/export/prometheus/names';
import { SERIES_NAMES } from '../../src/metrics/schema';
import { type Course, type Courses, STEP_S, STEPS } from './alert-stories';

const EMITTED = 'btcdmon_emitted_points_total{series="inv"}';
const LAST_BLOCK = 'btcdmon_blocks_last_point_seconds';

/**
 * Line protocol of a node whose metrics take these courses. The first moment of the courses is at `startS`
 * (Unix seconds). Prometheus sums the points up; here the increases become points again. A node whose count
 * of emitted points does not change writes none.
 */
export function pointsOf(
  node: string,
  courses: Courses,
  startS: number,
  network = 'mainnet',
): readonly string[] {
  const lines: string[] = [];
  const before = new Map<string, number>();
  let blocks = 0;
  for (let step = 0; step <= STEPS; step++) {
    const s = step * STEP_S;
    const now = (name: string): number | undefined => courses[name]?.(s);
    const emitted = now(EMITTED);
    if (emitted === undefined || emitted === before.get(EMITTED)) continue;
    const values = new Map<string, number>();
    for (const name of Object.keys(courses)) {
      const value = now(name);
      if (value !== undefined) values.set(name, value);
    }
    const started = (startS + (values.get('btcdmon_started_seconds') ?? 0)) * 1_000;
    const grown = (name: string): number => {
      const [last = 0, value = 0] = [before.get(name), values.get(name)];
      return value >= last ? value - last : value;
    };
    // The count of emitted points starts again with each run.
    if (emitted < (before.get(EMITTED) ?? 0)) blocks = 0;
    if (grown(LAST_BLOCK) > 0 && before.has(LAST_BLOCK)) blocks++;
    const add = (series: string, tags: string, fields: string): void => {
      lines.push(`${series},node=${node},network=${network}${tags} ${fields} ${startS + s}000000000`);
    };
    add(
      'btcdmon',
      '',
      `started=${started}i,rss=1i,loop_lag_p99=${(values.get('btcdmon_loop_lag_p99_seconds') ?? 0) * 1_000},stalled=${Math.round((values.get('btcdmon_stalled_seconds_total') ?? 0) * 1_000)}i`,
    );
    add('btcdmon', ',series=blocks', `started=${started}i,emitted=${blocks}i`);
    const exporter = ['sent', 'dropped', 'damaged', 'queued'].map((column) => {
      const name = Object.keys(courses).find((it) => it.startsWith(`btcdmon_${column}_points`)) ?? '';
      return `${column}=${values.get(name) ?? 0}i`;
    });
    add('btcdmon', ',exporter=duckdb', exporter.join());
    const score = values.get('btcdmon_peers_ban_score_max');
    add(
      'peers',
      '',
      `total_connected=${values.get('btcdmon_peers_total_connected') ?? 0}i${score === undefined ? '' : `,ban_score_max=${score}i`}`,
    );
    if (values.has('btcdmon_node_status_is_up')) {
      const isUp = values.get('btcdmon_node_status_is_up') === 1;
      const calls = `rpc_calls=${grown('btcdmon_node_status_rpc_calls_total')}i,rpc_failed=${grown('btcdmon_node_status_rpc_failed_total')}i`;
      const height = `height=${values.get('btcdmon_node_status_height') ?? 0}i`;
      const latency = `rpc_latency=${(values.get('btcdmon_node_status_rpc_latency_seconds') ?? 0) * 1_000}`;
      add('node_status', '', `is_up=${isUp},${calls}${isUp ? `,${height},${latency}` : ''}`);
    }
    const best = values.get('btcdmon_blocks_best_height');
    if (best !== undefined && best !== before.get('btcdmon_blocks_best_height'))
      add('blocks', '', `best_height=${best}i`);
    add('mempool', '', `num_tx=${values.get('btcdmon_mempool_num_tx') ?? 0}i`);
    const violations = Object.keys(courses).filter((name) =>
      name.startsWith('btcdmon_rejects_violations_total'),
    );
    add('rejects', '', `total_violations=${violations.reduce((sum, name) => sum + grown(name), 0)}i`);
    add('addr_relay', '', `entries=${grown('btcdmon_addr_relay_entries_total')}i`);
    const reorgs = grown('btcdmon_reorgs_points_total');
    if (step > 0 && reorgs > 0)
      add('reorgs', '', `depth=${grown('btcdmon_reorgs_depth_total') - reorgs + 1}i`);
    for (const [name, value] of values) before.set(name, value);
  }
  return lines;
}

/**
 * Names of metrics in the stories that the exporter does not have. There must be none, or the stories would
 * say nothing about alerts.
 */
export function unknownMetrics(courses: Readonly<Record<string, Course>>): readonly string[] {
  const known = new Set(SERIES_NAMES.flatMap((series) => metricsOf(series).map(({ name }) => name)));
  return Object.keys(courses).filter((name) => !known.has(name.replace(/\{.*/, '')));
}
