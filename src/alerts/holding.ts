import type { Alert } from './alert';
import { type Answer, answerOf, groupKey, storeQueries } from './ask';
import { type Values, parseCondition } from './condition';
import { type RunAll, rowsOf } from './run-all';
import type { UsualLoads } from './usual-loads';

/** What an alert is about: a node on a network, or one of its exporters. Empty: that there is no data. */
export type Labels = Readonly<Record<string, string>>;

/** An alert whose condition holds for a group. */
export interface Holding {
  readonly alert: Alert;
  readonly labels: Labels;
  /** The values of its queries by letter; none if there is no data. */
  readonly values: Values;
}

/**
 * Evaluates alerts at a time (Unix nanoseconds): for which groups their conditions hold. An alert has a
 * verdict on a group only if all of its queries have a value for it. This ignores how long a condition has
 * held; see `AlertStates`.
 * @param usual the usual values of nodes, for alerts that compare with them
 */
export async function holding(
  alerts: readonly Alert[],
  atNs: bigint,
  runAll: RunAll,
  usual?: UsualLoads,
): Promise<readonly Holding[]> {
  await usual?.load(alerts, atNs, runAll);
  const asked = alerts.flatMap(({ queries }) =>
    Object.values(queries).map((query) => ({ query, store: storeQueries(query, atNs) })),
  );
  const rows = await rowsOf(
    asked.flatMap(({ store }) => store),
    runAll,
  );
  const answers = new Map(
    asked.map(({ query, store }) => [
      query,
      answerOf(
        query,
        store.map((one) => rows.get(one) ?? []),
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
      usual,
    ),
  );
}

function held(
  alert: Alert,
  answers: readonly (readonly [string, Answer])[],
  usual: UsualLoads | undefined,
): readonly Holding[] {
  if (alert.noData === 'Alerting' && answers.every(([, { values }]) => values.size === 0))
    return [{ alert, labels: {}, values: {} }];
  const holds = parseCondition(alert.condition);
  const rule = alert.usual;
  const holdsByUsual = rule === undefined ? holds : parseCondition(rule.condition);
  // The groups are those of the query with the most labels. The value of a network counts for each of its
  // nodes.
  const most = Math.max(...answers.map(([, { labels }]) => labels.length));
  const found = new Map<string, Holding>();
  for (const [, { labels: names, values: groups }] of answers)
    if (names.length === most)
      for (const key of groups.keys()) {
        const texts = JSON.parse(key) as readonly string[];
        const labels = Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
        const own = valuesFor(labels, answers);
        const U = rule === undefined ? undefined : usual?.of(rule, key);
        const values = own === null || U === undefined ? own : { ...own, U };
        if (values !== null && (U === undefined ? holds : holdsByUsual)(values))
          found.set(key, { alert, labels, values });
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
