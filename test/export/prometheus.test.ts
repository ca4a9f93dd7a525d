import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { SystemClock } from '../../src/lib/clock';
import { FailureError, UsageError } from '../../src/lib/errors';
import { PrometheusExporter, createPrometheus } from '../../src/export/prometheus';
import { metricsOf } from '../../src/export/prometheus/names';
import type { FieldValue, Point } from '../../src/metrics/point';
import { SERIES_NAMES, seriesOf, tagNames } from '../../src/metrics/schema';
import type { ColumnType } from '../../src/metrics/schema-types';
import { promtool } from '../support/prometheus';

const clock = new SystemClock();
const TAGS = { node: 'n', network: 'regtest' };
const point = (series: Point['series'], fields: Point['fields'], tags: Point['tags'] = {}): Point => ({
  series,
  time: clock.uniqueNs(),
  tags: { ...TAGS, ...tags },
  fields,
});

/** A point with every tag and column of a series. */
function fullPoint(series: Point['series']): Point {
  const values: Record<ColumnType, FieldValue> = { int: 7, float: 250, bool: true, string: 'x' };
  const { columns } = seriesOf(series);
  const fields = Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, values[type]]));
  const tags = Object.fromEntries(tagNames(series).map((name) => [name, `${name} "a"\\b\nc`]));
  return { series, time: clock.uniqueNs(), tags, fields };
}

describe('prometheus://', () => {
  let exporter: PrometheusExporter;
  beforeEach(async () => {
    exporter = new PrometheusExporter({ host: '127.0.0.1', port: 0 });
    await exporter.open();
  });
  afterEach(() => exporter.close());

  const get = (path = '/metrics', init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${exporter.port}${path}`, init);

  /** The samples of a scrape: name with labels, and value. */
  async function samples(): Promise<ReadonlyMap<string, number>> {
    const text = await (await get()).text();
    return new Map(
      text
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => {
          const space = line.lastIndexOf(' ');
          return [line.slice(0, space).replace(',network="regtest"', ''), Number(line.slice(space + 1))];
        }),
    );
  }

  it('is scraped while another address holds more connections open than there may be', async () => {
    for (let i = 0; i < 40; i++) {
      const silent = connect({ port: exporter.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      silent.on('error', () => undefined);
      await once(silent, 'connect');
    }
    expect((await get()).status).toBe(200);
  });

  it('adds counts up, and shows commands by a label', async () => {
    await exporter.write([
      point('msg_recv', { inv: 3, other: 0 }),
      point('msg_recv', { inv: 4, other: 1 }),
      point('msg_recv_bytes', { inv: 100 }),
    ]);
    const found = await samples();
    expect(found.get('btcdmon_msg_recv_total{node="n",command="inv"}')).toBe(7);
    expect(found.get('btcdmon_msg_recv_total{node="n",command="other"}')).toBe(1);
    expect(found.get('btcdmon_msg_recv_bytes_total{node="n",command="inv"}')).toBe(100);
  });

  it('follows counts since the start of a run, also into the next run', async () => {
    const bytes = (bytes_recv: number): Point => point('bandwidth', { bytes_recv });
    await exporter.write([bytes(100), bytes(150), bytes(20), bytes(30)]);
    expect((await samples()).get('btcdmon_bandwidth_recv_bytes_total{node="n"}')).toBe(180);
  });

  it('shows states as they are, durations as histograms in seconds, and sums of sizes and amounts', async () => {
    await exporter.write([
      point('mempool', { num_tx: 5, size: 900 }),
      point('mempool', { num_tx: 4, size: 700 }),
      point('ping', { rtt: 40 }),
      point('tx', { tx_size: 250, is_standard: true }),
      point('tx', { tx_size: 350, is_standard: false }),
      point('tx_outputs', { value: 5_000 }, { script_type: 'anchor' }),
      point('processed_blocks', { status: 'accepted', process_time: 12 }),
      point('processed_blocks', { status: 'rejected' }),
      point('btcdmon', { cpu: 12.5 }),
    ]);
    const found = await samples();
    expect(found.get('btcdmon_mempool_num_tx{node="n"}')).toBe(4);
    expect(found.get('btcdmon_mempool_size_bytes{node="n"}')).toBe(700);
    expect(found.get('btcdmon_ping_rtt_seconds_sum{node="n"}')).toBeCloseTo(0.04);
    expect(found.get('btcdmon_ping_rtt_seconds_bucket{le="0.05",node="n"}')).toBe(1);
    expect(found.get('btcdmon_ping_rtt_seconds_bucket{le="0.025",node="n"}')).toBe(0);
    expect(found.get('btcdmon_tx_points_total{node="n"}')).toBe(2);
    expect(found.get('btcdmon_tx_size_bytes_total{node="n"}')).toBe(600);
    expect(found.get('btcdmon_tx_is_standard_total{node="n"}')).toBe(1);
    expect(found.get('btcdmon_tx_outputs_value_satoshis_total{node="n",script_type="anchor"}')).toBe(5_000);
    expect(found.get('btcdmon_processed_blocks_points_total{node="n",status="rejected"}')).toBe(1);
    expect(found.get('btcdmon_processed_blocks_process_time_seconds_count{node="n"}')).toBe(1);
    expect(found.get('btcdmon_cpu_ratio{node="n"}')).toBeCloseTo(0.125);
  });

  it('counts handshakes, and not the gauges that the same series has', async () => {
    await exporter.write([
      point('peers', { total_connected: 3, outbound: 3 }),
      point('peers', { version: 70_016, relay: true }, { user_agent: '/x/' }),
    ]);
    const found = await samples();
    expect(found.get('btcdmon_peers_points_total{node="n",user_agent="/x/"}')).toBe(1);
    expect(found.get('btcdmon_peers_total_connected{node="n"}')).toBe(3);
    expect([...found.keys()].filter((name) => name.startsWith('btcdmon_peers_points'))).toHaveLength(1);
  });

  it('shows states that are flags as 0 and 1, and times that can be negative as they are', async () => {
    const lag = (ms: number): Point => point('btcd_lag', { lag: ms, sha: 'x' }, { kind: 'block' });
    await exporter.write([point('node_status', { is_up: true, uptime: 5 }), lag(1_500), lag(-250)]);
    const found = await samples();
    expect(found.get('btcdmon_node_status_is_up{node="n"}')).toBe(1);
    expect(found.get('btcdmon_btcd_lag_seconds{node="n",kind="block"}')).toBeCloseTo(-0.25);
    await exporter.write([point('node_status', { is_up: false })]);
    expect((await samples()).get('btcdmon_node_status_is_up{node="n"}')).toBe(0);
  });

  it('has nothing of single peers: their addresses are no labels, and their numbers no sums', async () => {
    await exporter.write([
      point('node_peers', { address: '192.0.2.1:8333', bytes_recv: 5, ping: 1 }),
      point('peer_sessions', { address: '192.0.2.1:8333', bytes_recv: 7, duration: 60 }),
    ]);
    const text = await (await get()).text();
    expect(text).not.toContain('192.0.2.1');
    expect(text).not.toContain('node_peers');
    const found = await samples();
    expect(found.get('btcdmon_peer_sessions_duration_seconds_total{node="n"}')).toBe(60);
    expect(found.get('btcdmon_peer_sessions_recv_bytes_total{node="n"}')).toBe(7);
  });

  it('shows the time of the last block, and adds up the depths of reorganisations', async () => {
    const block = point('blocks', { best_height: 5, sha: 'x' });
    await exporter.write([point('blocks', { best_height: 4, sha: 'w' }), block]);
    await exporter.write([point('reorgs', { depth: 2, old_tip: 'a' }), point('reorgs', { depth: 1 })]);
    const found = await samples();
    expect(found.get('btcdmon_blocks_last_point_seconds{node="n"}')).toBeCloseTo(Number(block.time) / 1e9, 3);
    expect(found.get('btcdmon_reorgs_depth_total{node="n"}')).toBe(3);
    expect(found.get('btcdmon_reorgs_points_total{node="n"}')).toBe(2);
  });

  it('begins the counters of a node at 0, so that the first event is an increase', async () => {
    await exporter.write([
      point('double_spends', { tx_id: 'x' }),
      point('btcdmon', { emitted: 0 }, { series: 'tx' }),
      point('btcdmon', { rss: 1 }, { node: 'other' }),
    ]);
    const found = await samples();
    expect(found.get('btcdmon_reorgs_depth_total{node="n"}')).toBe(0);
    expect(found.get('btcdmon_double_spends_points_total{node="n"}')).toBe(1);
    expect(found.get('btcdmon_double_spends_points_total{node="other"}')).toBe(0);
    expect(found.get('btcdmon_ping_rtt_seconds_count{node="other"}')).toBe(0);
    expect([...found.keys()].filter((name) => name.startsWith('btcdmon_blocks_last_point'))).toEqual([]);
    expect([...found.keys()].filter((name) => name.startsWith('btcdmon_msg_recv'))).toEqual([]);
  });

  it('serves only GET /metrics', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await get('/metrics/../etc/passwd')).status).toBe(404);
    expect((await get('/metrics', { method: 'POST' })).status).toBe(405);
    const head = await get('/metrics?x=y', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-type')).toContain('text/plain');
  });

  it('counts a point of a series that it does not know as rejected', async () => {
    const strange = { ...point('tx', { tx_size: 1 }), series: 'nonsense' as Point['series'] };
    expect(await exporter.write([strange, point('tx', { tx_size: 1 })])).toEqual({
      sent: 1,
      acked: 0,
      rejection: 'a series that the schema lacks',
    });
  });

  promtool.describe('promtool', (program) => {
    it('finds nothing wrong with any metric', async () => {
      await exporter.write(SERIES_NAMES.map(fullPoint));
      const text = await (await get()).text();
      for (const series of SERIES_NAMES)
        for (const { name } of metricsOf(series)) expect(text).toContain(`# TYPE ${name} `);
      const { status, stdout, stderr } = spawnSync(program, ['check', 'metrics'], {
        input: text,
        encoding: 'utf8',
      });
      expect(stdout + stderr).toBe('');
      expect(status).toBe(0);
    });
  });

  it('says in one line where it can’t listen', async () => {
    const second = new PrometheusExporter({ host: '127.0.0.1', port: exporter.port });
    await expect(second.open()).rejects.toThrow(FailureError);
    await expect(second.open()).rejects.toThrow(`can't listen on 127.0.0.1 port ${exporter.port}`);
  });
});

it.each([
  ['//127.0.0.1/x', 'metrics are always at /metrics'],
  ['//user@127.0.0.1', 'takes no user'],
  ['//', "can't be read"],
  ['127.0.0.1:9332', "can't be read"],
  ['//127.0.0.1?token=x', 'no such option: token'],
])('prometheus:%s is refused', (rest, reason) => {
  expect(() => createPrometheus(rest)).toThrow(UsageError);
  expect(() => createPrometheus(rest)).toThrow(reason);
});
