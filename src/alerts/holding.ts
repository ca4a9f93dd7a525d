import type { Query } from '../query/model';
import { type Result, type Row, allRows } from '../query/result';
import type { Alert } from './alert';
import { type Answer, answerOf, groupKey, storeQueries } from './ask';
import { type Values, parseCondition } from './condition';

/** What an alert is about: a node on a network, or one of its exporters. Empty: that there is no data. */
export type Labels = Readonly<Record<string, string>>;

/** An alert whose condition holds for a group. */
export interface Holding {
  readonly alert: Alert;
  readonly labels: Labels;
  /** The values of its queries by letter; none if there is no data. */
  readonly values: Values;
}

/** Answers queries in their order, as `Asked.runAll` does. */
export type RunAll = (queries: readonly Query[]) => AsyncIterable<Result>;

/**
 * Evaluates alerts at a time (Unix nanoseconds): for which groups their conditions hold. An alert has a
 * verdict on a group only if all of its queries have a value for it. How long a condition has held is not
 * considered; see `AlertStates`.
 */
export async function holding(
  alerts: readonly Alert[],
  atNs: bigint,
  runAll: RunAll,
): Promise<readonly Holding[]> {
  const asked = alerts.flatMap(({ queries }) =>
    Object.values(queries).map((query) => ({ query, store: storeQueries(query, atNs) })),
  );
  // Several alerts ask the same, such as whether the run is still the same one.
  const distinct = new Map<string, Query>();
  for (const { store } of asked) for (const query of store) distinct.set(textOf(query), query);
  const rows = await rowsOf(distinct, runAll);
  const answers = new Map(
    asked.map(({ query, store }) => [
      query,
      answerOf(
        query,
        store.map((one) => rows.get(textOf(one)) ?? []),
      ),
    ]),
  );
  return alerts.flatMap((alert) =>
    held(
      alert,
      Object.entries(alert.queries).flatMap(([letter, query]) => {
        const answer = answers.get(query);
        return answer === undefined ? [] : [[letter, answer] as const];
      }),
    ),
  );
}

async function rowsOf(
  distinct: ReadonlyMap<string, Query>,
  runAll: RunAll,
): Promise<ReadonlyMap<string, readonly Row[]>> {
  const rows = new Map<string, readonly Row[]>();
  const keys = [...distinct.keys()];
  for await (const result of runAll([...distinct.values()])) {
    const key = keys[rows.size];
    if (key !== undefined) rows.set(key, await allRows(result));
  }
  return rows;
}

function held(alert: Alert, answers: readonly (readonly [string, Answer])[]): readonly Holding[] {
  if (alert.noData === 'Alerting' && answers.every(([, { values }]) => values.size === 0))
    return [{ alert, labels: {}, values: {} }];
  const holds = parseCondition(alert.condition);
  // The groups are those of the queries with the most labels. The value of a network belongs to each of its
  // nodes.
  const most = Math.max(...answers.map(([, { labels }]) => labels.length));
  const found = new Map<string, Holding>();
  for (const [, { labels: names, values: groups }] of answers)
    if (names.length === most)
      for (const key of groups.keys()) {
        const texts = JSON.parse(key) as readonly string[];
        const labels = Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
        const values = valuesFor(labels, answers);
        if (values !== null && holds(values)) found.set(key, { alert, labels, values });
      }
  return [...found.values()];
}

/** The values of all queries for a group; null if one has none. */
function valuesFor(labels: Labels, answers: readonly (readonly [string, Answer])[]): Values | null {
  const values: Record<string, number> = {};
  for (const [letter, answer] of answers) {
    const value = answer.values.get(groupKey(answer.labels.map((name) => labels[name])));
    if (value === undefined) return null;
    values[letter] = value;
  }
  return values;
}

function textOf(query: Query): string {
  return JSON.stringify(query, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
