// Stories of nodes, for the tests of the alerts in both query languages.

export const STEP_S = 15;
export const HOURS = 5;
export const STEPS = (HOURS * 3600) / STEP_S;
const MINUTE = 60;
const HOUR = 3600;

/** The time at which a fault begins, in seconds. */
const FAULT = 4 * HOUR;

export type Labels = Readonly<Record<string, string>>;

/** The value of a metric at a time in seconds; undefined where there is no sample. */
export type Course = (seconds: number) => number | undefined;

/** The courses of a node’s metrics in Prometheus, by name and further labels. */
export type Courses = Readonly<Record<string, Course>>;

/**
 * A node that has run for long without a fault: a block every 10 minutes, now and then one at the wrong
 * moment.
 */
export const QUIET: Courses = {
  btcdmon_started_seconds: () => -50_000,
  btcdmon_blocks_last_point_seconds: (s) => s - (s % 600),
  btcdmon_reorgs_points_total: (s) => Math.floor(s / 5_000),
  btcdmon_reorgs_depth_total: (s) => Math.floor(s / 5_000),
  btcdmon_peers_total_connected: (s) => 8 + (Math.floor(s / 300) % 3),
  'btcdmon_rejects_violations_total{reason="malformed-tx"}': (s) => Math.floor(s / 30),
  btcdmon_addr_relay_entries_total: (s) => s * 3,
  btcdmon_mempool_num_tx: (s) => 40_000 + (s % 600) * 10,
  'btcdmon_dropped_points_total{exporter="duckdb"}': () => 0,
  'btcdmon_damaged_points_total{exporter="duckdb"}': () => 0,
  'btcdmon_queued_points{exporter="duckdb"}': (s) => (s % 60) / 15,
  'btcdmon_sent_points_total{exporter="duckdb"}': (s) => s * 50,
  'btcdmon_emitted_points_total{series="inv"}': (s) => s / 5,
  btcdmon_loop_lag_p99_seconds: (s) => (s % 120 === 0 ? 0.9 : 0.01),
  // A delay of a second every quarter of an hour.
  btcdmon_stalled_seconds_total: (s) => Math.floor(s / 900),
};

/** A metric that takes another course from a time on. */
const from = (start: number, name: string, then: Course, end = Infinity): Courses => ({
  [name]: (s) => (s >= start && s < end ? then(s) : QUIET[name]?.(s)),
});

/** All courses of a node that restarts: they begin at 0, and it knows no block yet. */
function restarted(at: number): Courses {
  const courses = Object.entries(QUIET).map(([name, course]): [string, Course] => [
    name,
    (s) => (s < at ? course(s) : afterStart(name, s, at)),
  ]);
  return Object.fromEntries(courses);
}

/** Courses of a node that does not run for a while. */
function away(start: number, end: number): Courses {
  return Object.fromEntries(
    Object.entries(QUIET).map(([name, course]): [string, Course] => [
      name,
      (s) => (s >= start && s < end ? undefined : course(s)),
    ]),
  );
}

/** Courses of a node that does not run before. */
function startedAt(start: number, courses: Courses): Courses {
  return Object.fromEntries(
    Object.entries(courses).map(([name, course]): [string, Course] => [
      name,
      (s) => (s < start ? undefined : course(s)),
    ]),
  );
}

function afterStart(name: string, s: number, at: number): number | undefined {
  if (name === 'btcdmon_started_seconds') return at;
  if (name === 'btcdmon_blocks_last_point_seconds') return s < at + 20 * MINUTE ? undefined : s - (s % 600);
  // The mempool fills from nothing, and peers first announce all that they have.
  if (name === 'btcdmon_mempool_num_tx') return (s - at) * 10;
  if (name === 'btcdmon_addr_relay_entries_total') return Math.min(s - at, 60) * 200;
  if (name === 'btcdmon_peers_total_connected') return s < at + 30 ? 0 : 8;
  return name.includes('_total') ? (QUIET[name]?.(s - at) ?? 0) : QUIET[name]?.(s);
}

/**
 * A node that is watched besides, and has no fault. All of these are on one network, so their heights are the
 * same.
 */
const WATCHED: Courses = {
  ...QUIET,
  btcdmon_blocks_best_height: (s) => 900_000 + Math.floor(s / 600),
  btcdmon_node_status_is_up: () => 1,
  btcdmon_node_status_height: (s) => 900_000 + Math.floor((s - 15) / 600),
  btcdmon_node_status_rpc_calls_total: (s) => s,
  btcdmon_node_status_rpc_failed_total: (s) => Math.floor(s / 60),
  btcdmon_node_status_rpc_latency_seconds: (s) => (s % 120 === 0 ? 2 : 0.005),
  btcdmon_peers_ban_score_max: (s) => (s / 15) % 40,
};

/** Courses of a watched node of which some differ for a while. */
const watchedFrom = (start: number, then: Courses, end = Infinity): Courses => ({
  ...WATCHED,
  ...Object.fromEntries(
    Object.entries(then).map(([name, course]): [string, Course] => [
      name,
      (s) => (s >= start && s < end ? course(s) : WATCHED[name]?.(s)),
    ]),
  ),
});

/** A fault of one node, and the alerts that must fire for it, with their times. */
export interface Story {
  readonly title: string;
  /** The network of the node; default: mainnet. */
  readonly network?: string;
  /** The courses that differ from those of a quiet node. */
  readonly courses?: Courses;
  /** Whether Prometheus can reach it. */
  readonly up?: Course;
  /** Times, and the alerts that fire then, with the labels that are not those of the node. */
  readonly fires: readonly (readonly [
    seconds: number,
    alerts: Readonly<Record<string, Labels | undefined>>,
  ])[];
}

/** What an alert is about: the node, one of its exporters, or a target that Prometheus scrapes. */
const NODE: Labels = {};
const EXPORTER: Labels = { exporter: 'duckdb' };
export const TARGET: Labels = { job: 'btcdmon' };

export const STORIES: readonly Story[] = [
  { title: 'nothing for a quiet node', fires: [5, 60, 150, 299].map((minute) => [minute * MINUTE, {}]) },
  {
    title: 'nothing for a node that starts again',
    courses: restarted(FAULT),
    fires: [1, 2, 5, 10, 30, 55].map((minute) => [FAULT + minute * MINUTE, {}]),
  },
  {
    title: 'BtcdmonDown where it can’t be scraped',
    up: (s) => (s >= FAULT && s < FAULT + 10 * MINUTE ? 0 : 1),
    courses: away(FAULT, FAULT + 10 * MINUTE),
    fires: [
      [FAULT + MINUTE, {}],
      [FAULT + 3 * MINUTE, { BtcdmonDown: TARGET }],
      [FAULT + 12 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonDown where a node behind a collector has fallen silent',
    courses: from(FAULT, 'btcdmon_emitted_points_total{series="inv"}', () => FAULT / 5, FAULT + 10 * MINUTE),
    fires: [
      [FAULT + MINUTE, {}],
      [FAULT + 4 * MINUTE, { BtcdmonDown: NODE }],
      [FAULT + 14 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonNoBlock an hour after the last one',
    courses: from(FAULT - HOUR, 'btcdmon_blocks_last_point_seconds', () => FAULT - HOUR, FAULT + 10 * MINUTE),
    fires: [
      [FAULT - MINUTE, {}],
      [FAULT + 2 * MINUTE, { BtcdmonNoBlock: NODE }],
      [FAULT + 11 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonNoBlock an hour after the first start without one',
    courses: startedAt(FAULT - HOUR, {
      ...QUIET,
      btcdmon_started_seconds: () => FAULT - HOUR,
      btcdmon_blocks_last_point_seconds: (s) => (s < FAULT + 10 * MINUTE ? undefined : s),
    }),
    fires: [
      [FAULT - 5 * MINUTE, {}],
      [FAULT + 2 * MINUTE, { BtcdmonNoBlock: NODE }],
      [FAULT + 11 * MINUTE, {}],
    ],
  },
  {
    title: 'nothing for a node on regtest where nobody asks for a block',
    network: 'regtest',
    courses: startedAt(FAULT - HOUR, {
      ...QUIET,
      btcdmon_started_seconds: () => FAULT - HOUR,
      btcdmon_blocks_last_point_seconds: () => undefined,
    }),
    fires: [
      [FAULT - 5 * MINUTE, {}],
      [FAULT + 2 * MINUTE, {}],
      [FAULT + 50 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonReorganisation for an hour after one of two blocks',
    courses: {
      ...from(3 * HOUR, 'btcdmon_reorgs_points_total', (s) => Math.floor(s / 5_000) + 1),
      ...from(3 * HOUR, 'btcdmon_reorgs_depth_total', (s) => Math.floor(s / 5_000) + 2),
    },
    fires: [
      [3 * HOUR - MINUTE, {}],
      [3 * HOUR + MINUTE, { BtcdmonReorganisation: NODE }],
      [FAULT - MINUTE, { BtcdmonReorganisation: NODE }],
      [FAULT + MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonReorganisation at the first of a node',
    courses: {
      btcdmon_reorgs_points_total: (s) => (s < 3 * HOUR ? 0 : 1),
      btcdmon_reorgs_depth_total: (s) => (s < 3 * HOUR ? 0 : 2),
    },
    fires: [
      [3 * HOUR - MINUTE, {}],
      [3 * HOUR + 2 * MINUTE, { BtcdmonReorganisation: NODE }],
    ],
  },
  {
    title: 'BtcdmonNoPeers',
    courses: from(FAULT, 'btcdmon_peers_total_connected', () => 0, FAULT + 8 * MINUTE),
    fires: [
      [FAULT + 3 * MINUTE, {}],
      [FAULT + 6 * MINUTE, { BtcdmonNoPeers: NODE }],
      [FAULT + 9 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonFewPeers',
    courses: from(FAULT, 'btcdmon_peers_total_connected', () => 3, FAULT + 30 * MINUTE),
    fires: [
      [FAULT + 5 * MINUTE, {}],
      [FAULT + 18 * MINUTE, { BtcdmonFewPeers: NODE }],
      [FAULT + 45 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonViolationSurge',
    courses: {
      'btcdmon_rejects_violations_total{reason="malformed-block"}': (s) =>
        s < FAULT ? undefined : Math.min(s - FAULT, 5 * MINUTE),
    },
    fires: [
      [FAULT, {}],
      [FAULT + 6 * MINUTE, { BtcdmonViolationSurge: NODE }],
      [FAULT + 16 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonAddressSurge',
    courses: from(
      FAULT,
      'btcdmon_addr_relay_entries_total',
      (s) => s * 3 + Math.min(s - FAULT, 5 * MINUTE) * 100,
    ),
    fires: [
      [FAULT, {}],
      [FAULT + 6 * MINUTE, { BtcdmonAddressSurge: NODE }],
      [FAULT + 16 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonMempoolSurge',
    courses: from(FAULT, 'btcdmon_mempool_num_tx', () => 250_000, FAULT + 20 * MINUTE),
    fires: [
      [FAULT + MINUTE, {}],
      [FAULT + 15 * MINUTE, { BtcdmonMempoolSurge: NODE }],
      [FAULT + 31 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonPointsLost',
    courses: from(FAULT, 'btcdmon_dropped_points_total{exporter="duckdb"}', () => 1),
    fires: [
      [FAULT - MINUTE, {}],
      [FAULT + MINUTE, { BtcdmonPointsLost: EXPORTER }],
      [FAULT + 6 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonPointsDamaged',
    courses: from(FAULT, 'btcdmon_damaged_points_total{exporter="duckdb"}', () => 7),
    fires: [
      [FAULT - MINUTE, {}],
      [FAULT + MINUTE, { BtcdmonPointsDamaged: EXPORTER }],
      [FAULT + 6 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonPointsStuck',
    courses: {
      ...from(FAULT, 'btcdmon_queued_points{exporter="duckdb"}', (s) => s - FAULT + 1, FAULT + 30 * MINUTE),
      ...from(FAULT, 'btcdmon_sent_points_total{exporter="duckdb"}', () => FAULT * 50, FAULT + 30 * MINUTE),
    },
    fires: [
      [FAULT + 9 * MINUTE, {}],
      [FAULT + 17 * MINUTE, { BtcdmonPointsStuck: EXPORTER }],
      [FAULT + 32 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonLoopLag',
    courses: from(FAULT, 'btcdmon_loop_lag_p99_seconds', () => 0.8, FAULT + 15 * MINUTE),
    fires: [
      [FAULT + 4 * MINUTE, {}],
      [FAULT + 9 * MINUTE, { BtcdmonLoopLag: NODE }],
      [FAULT + 16 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonStall after one delay of 75 s, with which a quarter of an hour is as always',
    courses: from(FAULT, 'btcdmon_stalled_seconds_total', (s) => Math.floor(s / 900) + 75),
    fires: [
      [FAULT - MINUTE, {}],
      [FAULT + MINUTE, { BtcdmonStall: NODE }],
      [FAULT + 7 * MINUTE, {}],
    ],
  },
  {
    title: 'nothing for delays of eight seconds together',
    courses: from(FAULT, 'btcdmon_stalled_seconds_total', (s) => Math.floor(s / 900) + 8),
    fires: [
      [FAULT + MINUTE, {}],
      [FAULT + 3 * MINUTE, {}],
    ],
  },
  {
    title: 'nothing for a watched node without a fault',
    courses: WATCHED,
    fires: [5, 60, 150, 299].map((minute) => [minute * MINUTE, {}]),
  },
  {
    title: 'BtcdmonNodeUnreachable, and nothing about the values that it told last',
    courses: watchedFrom(
      FAULT,
      {
        btcdmon_node_status_is_up: () => 0,
        btcdmon_node_status_rpc_failed_total: (s) => s - FAULT + FAULT / 60,
        // What the exporter has of a node that does not answer stays as it was.
        btcdmon_node_status_height: () => 900_000 + FAULT / 600 - 5,
        btcdmon_mempool_num_tx: () => 40_000,
        btcdmon_node_status_rpc_latency_seconds: () => 3,
      },
      FAULT + 40 * MINUTE,
    ),
    fires: [
      [FAULT + 2 * MINUTE, {}],
      [FAULT + 5 * MINUTE, { BtcdmonNodeUnreachable: NODE }],
      [FAULT + 39 * MINUTE, { BtcdmonNodeUnreachable: NODE }],
      [FAULT + 44 * MINUTE, {}],
    ],
  },
  {
    title: 'nothing for a node that a slow poll shows one block behind',
    courses: watchedFrom(FAULT, {
      btcdmon_node_status_height: (s) => 900_000 + Math.floor((s - 300) / 600),
    }),
    fires: [
      [FAULT + 9 * MINUTE, {}],
      [FAULT + 33 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonNodeBehind',
    courses: watchedFrom(
      FAULT,
      { btcdmon_node_status_height: () => 900_000 + FAULT / 600 },
      FAULT + 35 * MINUTE,
    ),
    fires: [
      [FAULT + 19 * MINUTE, {}],
      [FAULT + 26 * MINUTE, { BtcdmonNodeBehind: NODE }],
      [FAULT + 42 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonNodeFewPeers',
    courses: watchedFrom(FAULT, { btcdmon_peers_total_connected: () => 6 }, FAULT + 20 * MINUTE),
    fires: [
      [FAULT + 4 * MINUTE, {}],
      [FAULT + 12 * MINUTE, { BtcdmonNodeFewPeers: NODE }],
      [FAULT + 21 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonMempoolStuck',
    courses: watchedFrom(FAULT, { btcdmon_mempool_num_tx: () => 42_000 }, FAULT + 50 * MINUTE),
    fires: [
      [FAULT + 20 * MINUTE, {}],
      [FAULT + 35 * MINUTE, { BtcdmonMempoolStuck: NODE }],
      [FAULT + 52 * MINUTE, {}],
    ],
  },
  {
    title: 'nothing for an empty mempool, which is not stuck',
    courses: watchedFrom(FAULT - HOUR, { btcdmon_mempool_num_tx: () => 0 }),
    fires: [[FAULT + 10 * MINUTE, {}]],
  },
  {
    title: 'BtcdmonRpcSlow',
    courses: watchedFrom(FAULT, { btcdmon_node_status_rpc_latency_seconds: () => 4 }, FAULT + 20 * MINUTE),
    fires: [
      [FAULT + 2 * MINUTE, {}],
      [FAULT + 15 * MINUTE, { BtcdmonRpcSlow: NODE }],
      [FAULT + 27 * MINUTE, {}],
    ],
  },
  {
    title: 'BtcdmonBanScores, also where it stays high, and not for what was as high before',
    courses: watchedFrom(3 * HOUR, { btcdmon_peers_ban_score_max: () => 60 }),
    fires: [
      [3 * HOUR - MINUTE, {}],
      [3 * HOUR + MINUTE, { BtcdmonBanScores: NODE }],
      [3 * HOUR + 50 * MINUTE, { BtcdmonBanScores: NODE }],
      [FAULT + 10 * MINUTE, {}],
    ],
  },
];

/** Name of the node that a story is about. */
export function nodeOf(story: Story): string {
  return `node${STORIES.indexOf(story)}`;
}
