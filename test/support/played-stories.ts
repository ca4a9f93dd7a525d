import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ALERTS } from '../../src/alerts/alerts';
import { holding } from '../../src/alerts/holding';
import type { RunAll } from '../../src/alerts/run-all';
import { AlertStates } from '../../src/alerts/states';
import { UsualLoads } from '../../src/alerts/usual-loads';
import { LineParser } from '../../src/collect/parse-line';
import { runQueries } from '../../src/query/duckdb-run';
import type { Query } from '../../src/query/model';
import { StoreWriter } from '../../src/store/writer';
import type { Cleanup } from './cleanup';

/** Points of one transaction. */
const BATCH = 20_000;

/** A store with points, and what the built-in evaluator asks of it. */
export interface AlertStore {
  readonly runAll: RunAll;
}

/** Makes an embedded store of lines of line protocol. */
export async function alertStore(lines: readonly string[], cleanup: Cleanup): Promise<AlertStore> {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-alerts-')), (name) =>
    rm(name, { recursive: true }),
  );
  const writer = cleanup.add(new StoreWriter({ path: path.join(folder, 'alerts.duckdb') }), (opened) =>
    opened.close(),
  );
  await writer.open();
  const parser = new LineParser();
  for (let at = 0; at < lines.length; at += BATCH) {
    const points = lines.slice(at, at + BATCH).map((text) => {
      const point = parser.parse(text);
      if (typeof point === 'string') throw new Error(`${point}: ${text}`);
      return point;
    });
    await writer.write(points);
  }
  return {
    runAll: async function* (queries: readonly Query[]) {
      const connection = await writer.store.connect();
      try {
        yield* await runQueries(connection, queries);
      } finally {
        connection.closeSync();
      }
    },
  };
}

/**
 * Evaluates all alerts at the start of each minute, from `startS` (Unix seconds) on. Returns what fires in
 * each minute: the slug and the labels as JSON, sorted by name.
 */
export async function playAlerts(
  store: AlertStore,
  startS: number,
  minutes: number,
  quietUntilMs = 0,
): Promise<readonly ReadonlySet<string>[]> {
  const all = Array.from({ length: minutes + 1 }, (_, minute) => minute);
  const firing = await playMinutes(store, startS, all, quietUntilMs);
  return all.map((minute) => firing.get(minute) ?? new Set());
}

/** What fires in some minutes only. Those that each depends on are evaluated as well. */
export async function playAlertsAt(
  store: AlertStore,
  startS: number,
  asked: readonly number[],
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  // A condition that does not hold for one of these minutes clears the alert; then it has to hold for all.
  const before = Math.max(...ALERTS.map(({ forMinutes }) => forMinutes)) + 1;
  const needed = new Set(
    asked.flatMap((minute) => Array.from({ length: before + 1 }, (_, ago) => Math.max(0, minute - ago))),
  );
  return playMinutes(
    store,
    startS,
    [...needed].sort((a, b) => a - b),
    0,
  );
}

async function playMinutes(
  { runAll }: AlertStore,
  startS: number,
  minutes: readonly number[],
  quietUntilMs: number,
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const states = new AlertStates(quietUntilMs);
  const usual = new UsualLoads();
  const firing = new Map<number, Set<string>>();
  for (const minute of minutes) {
    const atMs = (startS + minute * 60) * 1_000;
    states.update(await holding(ALERTS, BigInt(atMs) * 1_000_000n, runAll, usual), atMs);
    const now = states.active.filter(({ firingMs }) => firingMs !== null);
    firing.set(minute, new Set(now.map(({ alert, labels }) => firingKey(alert.slug, labels))));
  }
  return firing;
}

/** Names an alert and its group as `playAlerts` does. */
export function firingKey(slug: string, labels: Readonly<Record<string, string>>): string {
  return `btcdmon-${slug} ${JSON.stringify(Object.fromEntries(Object.entries(labels).sort()))}`;
}
