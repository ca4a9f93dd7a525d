import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { PERCENTS, candidatesSql, indexSql, modeSql, percentileSql } from '../../src/store/rank-sql';

describe('ranks in SQL', () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;

  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
  });
  afterAll(() => {
    connection.closeSync();
    instance.closeSync();
  });

  async function rows(sql: string): Promise<unknown[][]> {
    return (await connection.runAndReadAll(sql)).getRowsJS();
  }

  /** The definition of the rank: the value at floor(n * percent / 100 + 1/2) of the sorted values. */
  const definition = (percent: number): string =>
    `list_sort(list(v) FILTER (v IS NOT NULL))[CAST(floor(count(v) * ${percent}::DOUBLE / 100 + 0.5::DOUBLE) AS BIGINT)]`;

  it.each(Object.entries(PERCENTS))(
    '%s is the value at the rank, of 1 to 500 values and of many',
    async (_, percent) => {
      await connection.run(
        `CREATE OR REPLACE TABLE v AS SELECT n, CASE WHEN hash(n, i) % 9 = 0 THEN NULL ELSE (hash(i, n) % (n + 3))::BIGINT END AS v
       FROM range(1, 501) a(n), range(n) b(i)
       UNION ALL SELECT n, hash(i, n) % 1000000 FROM (VALUES (65535), (65536), (65537), (99999), (131072)) a(n), range(n) b(i)`,
      );
      const wrong = await rows(
        `SELECT n FROM v GROUP BY n HAVING ${percentileSql('v', percent)} IS DISTINCT FROM ${definition(percent)}`,
      );
      expect(wrong).toEqual([]);
      const percents = Object.values(PERCENTS);
      const [[count, several] = []] = await rows(
        `SELECT count(*), count(*) FILTER (a IS NOT DISTINCT FROM list[${indexSql('c', percent, percents)}]) FROM
       (SELECT ${definition(percent)} AS a, ${candidatesSql('v', percents)} AS list, count(v) AS c FROM v GROUP BY n)`,
      );
      expect(count).toBeGreaterThan(500n);
      expect(several).toBe(count);
    },
  );

  it.each([1, 2, 5, 10, 25, 29, 33, 49, 51, 75, 95, 98])(
    'p%i is the value at the rank as well, of 1 to 500 values; none where the rank is 0',
    async (percent) => {
      await connection.run(
        `CREATE OR REPLACE TABLE v AS SELECT n, CASE WHEN hash(n, i) % 9 = 0 THEN NULL ELSE (hash(i, n) % (n + 3))::BIGINT END AS v
         FROM range(1, 501) a(n), range(n) b(i)`,
      );
      const wrong = await rows(
        `SELECT n FROM v GROUP BY n HAVING ${percentileSql('v', percent)} IS DISTINCT FROM ${definition(percent)}`,
      );
      expect(wrong).toEqual([]);
    },
  );

  it('is exact for floats, and for integers far beyond what a float can hold', async () => {
    const [[float, big] = []] = await rows(
      `SELECT ${percentileSql('v', 90)}, ${percentileSql('w', 50)} FROM
       (VALUES (0.1, 9007199254740993), (0.2, 9007199254740995), (-1.5, 9007199254740997)) t(v, w)`,
    );
    expect([Number(float), big]).toEqual([0.2, 9007199254740995n]);
  });

  it('has no value where there are no values', async () => {
    expect(
      await rows(`SELECT ${percentileSql('v', 99)}, ${modeSql('v')} FROM (SELECT NULL::BIGINT AS v)`),
    ).toEqual([[null, null]]);
  });

  it('takes the least of equally frequent values', async () => {
    expect(
      await rows(`SELECT ${modeSql('v')} FROM (VALUES (7), (5), (9), (5), (7), (NULL), (NULL), (NULL)) t(v)`),
    ).toEqual([[5]]);
  });
});
