import type { FieldValue, Point } from '../../src/metrics/point';
import type { SeriesName } from '../../src/metrics/schema';

/** First nanosecond of the points. It is not at the start of a minute, so that the first bucket is cut. */
export const START_NS = 1_700_000_007_000_000_001n;

/** First nanosecond after the points. */
export const END_NS = START_NS + 3_600_000_000_000n;

/** Texts that are difficult for a serializer, a query language or a terminal. */
export const ODD_TEXTS = [
  '/Satoshi:31.0.0/',
  '/btcwire:0.5.0/btcd:0.26.0/',
  'with space, comma and = sign',
  `quote ' and double "`,
  'back\\slash and \\n',
  '% _ * ? $1 {x}',
  'ünïcödé ₿ 😀',
  '-- no comment',
  "'; DROP TABLE peers; --",
];

const SCRIPT_TYPES = ['pubkeyhash', 'scripthash', 'nulldata', 'multisig', 'witness_v1_taproot'];

/** Numbers in [0, 1) that are the same in every run (Lehmer). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/**
 * A few thousand points of most series within an hour, of two nodes and two networks. Some columns and tags
 * are missing, counters restart, two nodes share times, and sums exceed 2^53.
 */
export function queryPoints(): readonly Point[] {
  const random = randomFrom(42);
  const points: Point[] = [];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const whole = (limit: number): number => Math.floor(random() * limit);
  const sometimes = <T>(value: T): T | undefined => (random() < 0.6 ? value : undefined);
  const nodes = [
    { node: 'alpha', network: 'mainnet' },
    { node: 'beta beta', network: 'mainnet' },
    { node: 'alpha', network: 'testnet4' },
  ];
  const counters = new Map<string, number>();
  const counter = (key: string): number => {
    const value = random() < 0.03 ? whole(10) : (counters.get(key) ?? 0) + whole(1000);
    counters.set(key, value);
    return value;
  };
  const push = (
    series: SeriesName,
    time: bigint,
    common: (typeof nodes)[number],
    fields: Record<string, FieldValue>,
    tags: Record<string, string | undefined> = {},
  ): void => {
    const all: Record<string, string> = { ...common };
    for (const [name, value] of Object.entries(tags)) if (value !== undefined) all[name] = value;
    points.push({ series, time, tags: all, fields });
  };
  for (let step = 0; step < 720; step++) {
    const interval = START_NS + BigInt(step) * 5_000_000_000n;
    for (const [index, common] of nodes.entries()) {
      if (random() < 0.1) continue;
      // In half of the intervals all nodes have the same time, to the nanosecond.
      const time = step % 2 === 0 ? interval : interval + BigInt(index * 1_000_003);
      const id = `${common.node} ${common.network}`;
      push('bandwidth', time, common, {
        bytes_sent: counter(`sent ${id}`),
        bytes_recv: counter(`recv ${id}`),
      });
      push('msg_recv', time, common, { inv: whole(50), tx: sometimes(whole(20)), ping: 0, other: whole(2) });
      push('peers', time, common, {
        total_connected: whole(20),
        spv: sometimes(whole(3)),
        num_addrs: 1000 - step,
      });
      const self = { started: 1_700_000_000_000, loop_lag_p99: random() * 30, rss: 1e8, cpu: whole(200) / 2 };
      push('btcdmon', time, common, self);
      push(
        'btcdmon',
        time + 1n,
        common,
        { emitted: counter(`emitted ${id}`) },
        { series: pick(['tx', 'peers']) },
      );
      if (step % 3 === 0)
        push(
          'peers',
          time + 2n,
          common,
          {
            version: 70_001 + whole(15),
            services: '0000000000000409',
            start_height: sometimes(whole(900_000)),
            relay: sometimes(random() < 0.5),
          },
          { user_agent: pick([...ODD_TEXTS, 'other']) },
        );
      push('tx', time + 3n, common, {
        version_num: pick([1, 2, -7, 2_147_483_647]),
        tx_size: 60 + whole(2000),
        is_standard: sometimes(random() < 0.7),
        non_standard_reason: sometimes(pick([...ODD_TEXTS, '', 'two\nlines'])),
        sha: `${step.toString(16).padStart(4, '0')}${index}`,
      });
      push(
        'tx_outputs',
        time + 4n + BigInt(whole(1000)),
        common,
        {
          size: whole(120),
          value: random() < 0.05 ? 2_100_000_000_000_000 - whole(1000) : whole(1e9),
          num_pubkeys: sometimes(whole(4)),
          is_dust: sometimes(random() < 0.3),
          is_standard: true,
        },
        { script_type: sometimes(pick(SCRIPT_TYPES)) },
      );
    }
    if (step % 60 === 0)
      push('blocks', interval, pick(nodes), {
        size: whole(4e6),
        best_height: 840_000 + step / 60,
        sha: 'ab'.repeat(32),
      });
  }
  return points;
}
