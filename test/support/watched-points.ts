import type { Point } from '../../src/metrics/point';
import type { SeriesName } from '../../src/metrics/schema';

/** Names of the two nodes: one that listens, and one that it watches. */
export const LISTENER = 'listener';
export const WATCHED = 'btcd';

/** Texts that peers choose; a page must show them as they are. */
export const EVIL_AGENT = '/<img src=x onerror=alert(1)>:1/';
export const EVIL_WARNING = 'Unknown rules <script>alert(2)</script> activated';

const NETWORK = 'regtest';
const INTERVAL_S = 5;

/** Peers of the watched node. */
const PEERS = 12;

/** A minute in which the node does not answer. */
const SILENT_MINUTE = 7;

export interface WatchedOptions {
  /** Unix time in milliseconds of the last interval. */
  readonly endMs: number;
  readonly minutes?: number;
}

/** Address of a peer of the watched node. */
export function peerAddress(index: number): string {
  return index % 3 === 0 ? `[2001:db8::${index}]:8333` : `198.51.100.${index}:${8333 + index}`;
}

/** What the peer has sent to the node at a second of the points. */
export function receivedAt(index: number, second: number): number {
  return 1_000 * (index + 1) + second * 100 * (index + 1);
}

/** Points of a listener and of a btcd that it watches by RPC and by a tap, every 5 s. */
export function watchedPoints({ endMs, minutes = 30 }: WatchedOptions): readonly Point[] {
  const points: Point[] = [];
  const seconds = minutes * 60;
  const push = (
    node: string,
    series: SeriesName,
    atMs: number,
    fields: Point['fields'],
    tags: Point['tags'] = {},
    ns = 0,
  ): void => {
    const time = BigInt(atMs) * 1_000_000n + BigInt(ns);
    points.push({ series, time, tags: { node, network: NETWORK, ...tags }, fields });
  };
  for (let second = 0; second <= seconds; second += INTERVAL_S) {
    const atMs = endMs - (seconds - second) * 1_000;
    const minute = Math.floor(second / 60);
    listen((series, fields, tags = {}) => push(LISTENER, series, atMs, fields, tags), second, endMs);
    const emit = (series: SeriesName, fields: Point['fields'], tags: Point['tags'] = {}, ns = 0): void =>
      push(WATCHED, series, atMs, fields, tags, ns);
    interval(emit, second, minute !== SILENT_MINUTE);
    if (second % 60 === 0 && minute !== SILENT_MINUTE) everyMinute(emit, second);
    if (second % 300 === 0) nowAndThen(emit, minute);
  }
  return points;
}

type Emit = (series: SeriesName, fields: Point['fields'], tags?: Point['tags'], ns?: number) => void;

/** The listener hears 1,000 bytes a second, from one peer. */
function listen(emit: Emit, second: number, endMs: number): void {
  emit('btcdmon', { started: endMs - 86_400_000, rss: 1e8, loop_lag_p99: 1.5 });
  emit('btcdmon', { sent: second, dropped: 0 }, { exporter: 'duckdb' });
  emit('btcdmon', { emitted: second }, { series: 'peers' });
  emit('bandwidth', { bytes_recv: second * 1_000, bytes_sent: second * 10 });
  emit('peers', { total_connected: 1, outbound: 1, inbound: 0, spv: 0, fullnode: 1, num_banned: 0 });
  emit('mempool', { num_tx: 100, num_orphans: 0, size: 20_000, double_spend: 0, tx_rate_limit: 0 });
  if (second % 300 === 0) {
    emit('blocks', { size: 300, num_tx: 1, best_height: 900_000 + second / 300, sha: shaOf(second) });
    alert(emit, second);
  }
}

/** An alert of the listener about the node fires and is cleared in turn. */
function alert(emit: Emit, second: number): void {
  const isFiring = second % 600 === 0;
  emit(
    'alerts',
    {
      ...{ is_firing: isFiring, about: WATCHED, about_network: NETWORK, reason: '6 of 6 calls failed' },
      ...(isFiring ? {} : { duration: 300 }),
    },
    { alert: 'node-unreachable', severity: 'critical' },
  );
}

/** The node receives 7,000 bytes a second. */
function interval(emit: Emit, second: number, isUp: boolean): void {
  const rpc = { rpc_calls: 6, rpc_failed: isUp ? 1 : 6, rpc_time: isUp ? 12.5 : 900 };
  if (!isUp) {
    emit('node_status', { is_up: false, ...rpc });
    return;
  }
  emit('node_status', {
    ...{ is_up: true, uptime: 10_000 + second, version: 260_000, ...rpc },
    ...{ height: 900_000 + Math.floor(second / 300), headers: 900_001 + Math.floor(second / 300) },
    ...{ difficulty: 1.5e14, progress: 0.75, is_initial_download: true },
    ...{ warnings: 1, warning: EVIL_WARNING, rpc_latency: 2 + (second % 3), rpc_longest: 9 },
    ...{ missed_tx: second % 2, missed_fees: second % 3, missed_blocks: second % 4 },
  });
  emit('bandwidth', { bytes_recv: second * 7_000, bytes_sent: second * 70 });
  emit('peers', {
    ...{
      total_connected: PEERS,
      outbound: 8,
      inbound: PEERS - 8,
      spv: 1,
      fullnode: PEERS - 1,
      num_banned: 2,
    },
    ...{
      ipv4: 8,
      ipv6: 4,
      onion: 1,
      i2p: 1,
      cjdns: 1,
      not_publicly_routable: 1,
      encrypted: 3,
      ban_score_max: second % 40,
    },
    ...{ ping_p50: 80.5, time_offset_p50: -0.5, fee_filter_p50: 1.25 },
    ...{ num_addrs: 60_000, addrs_tried: 9_000, addrs_ipv4: 40_000, addrs_ipv6: 8_000 },
    ...{ addrs_onion: 10_000, addrs_i2p: 1_500, addrs_cjdns: 500 },
  });
  emit('mempool', {
    ...{ num_tx: 50_000 + second, size: 20_000_000 + second, min_fee: 1.5, usage: 90_000_000 },
    ...{ num_orphans: 12, orphan_size: 6_000 },
  });
  emit(
    'btcd_lag',
    {
      ...{ matched: 40, ahead: 12, p50: 120.5 - (second % 10), p90: 900 },
      ...{ announced_p50: 2_000, announced_p90: 6_000 },
    },
    { kind: 'tx' },
  );
  emit(
    'propagation',
    { delay_requested: 2 + (second % 7), delay_received: 30 + (second % 9), delay_relayed: 900 + second },
    { kind: 'tx' },
  );
  emit('tap', {
    ...{ inbound: 4, outbound: 8, opaque: 3, bytes_recv: second * 7_000, bytes_sent: second * 70 },
    ...{ skipped_bytes: second * 2, unread_bytes: second, opaque_bytes: second * 30 },
    ...{ missed: minuteOf(second), refused: 2 * minuteOf(second) },
  });
}

function everyMinute(emit: Emit, second: number): void {
  for (let index = 0; index < PEERS; index++)
    emit(
      'node_peers',
      {
        ...{ address: peerAddress(index), address_network: index % 3 === 0 ? 'ipv6' : 'ipv4' },
        ...{ is_inbound: index >= 8, connection_type: index >= 8 ? 'inbound' : 'outbound-full-relay' },
        ...{ user_agent: index === 0 ? EVIL_AGENT : '/Satoshi:31.0.0/', version: 70_016 },
        ...{ services: '0000000000000c09', start_height: 899_990, height: 900_000 + index },
        ...{ bytes_recv: receivedAt(index, second), bytes_sent: 500 * index },
        ...(index === 1 ? {} : { ping: 20.5 + index }),
        ...{ ban_score: index === 5 ? 61 : 0, fee_filter: 1, time_offset: -1 },
        ...{ transport: index % 2 === 0 ? 'v1' : 'v2', age: 3_600 + second },
      },
      {},
      index,
    );
  emit('chain_tips', { height: 900_000, branch_length: 0, sha: shaOf(1) }, { status: 'active' });
  emit('chain_tips', { height: 899_990, branch_length: 1, sha: shaOf(2) }, { status: 'valid-fork' });
  emit('chain_tips', { height: 899_995, branch_length: 3, sha: shaOf(3) }, { status: 'valid-fork' }, 1);
  emit('chain_tips', { height: 899_000, branch_length: 2, sha: shaOf(4) }, { status: 'invalid' });
}

/** What happens once in five minutes. */
function nowAndThen(emit: Emit, minute: number): void {
  const block = { lag: minute % 2 === 0 ? 350.5 : -40, announce_lag: 55.5, sha: shaOf(minute + 100) };
  emit('btcd_lag', block, { kind: 'block' });
  emit('blocks', { size: 300, num_tx: 1, best_height: 900_000 + minute, sha: shaOf(minute) });
  emit('watch_gaps', { duration: 2_500, reason: 'its websocket was cut' }, { source: 'notifications' });
  emit('peer_sessions', {
    ...{ address: '203.0.113.5:8333', address_network: 'ipv4', is_inbound: true, user_agent: '/gone:1/' },
    ...{ bytes_recv: 4_000, bytes_sent: 9_000, duration: 600 + minute },
  });
}

function minuteOf(second: number): number {
  return Math.floor(second / 60);
}

function shaOf(number: number): string {
  return number.toString(16).padStart(64, '0');
}
