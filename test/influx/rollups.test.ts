import { RESOLUTIONS, ROLLUPS, continuousStatement, fillStatement } from '../../src/influx/rollups';
import { SERIES_NAMES, tagNames } from '../../src/metrics/schema';

const place = { database: 'a "b"', policy: 'raw' };
const [minute, hour] = RESOLUTIONS;
if (minute === undefined || hour === undefined) throw new Error('no resolutions');

describe('the rollups of series', () => {
  it('exist for every series, with unique names', () => {
    expect(new Set(ROLLUPS.map(({ series }) => series))).toEqual(new Set(SERIES_NAMES));
    expect(new Set(ROLLUPS.map(({ name }) => name)).size).toBe(ROLLUPS.length);
    for (const series of SERIES_NAMES) {
      const statements = ROLLUPS.filter((rollup) => rollup.series === series);
      const names = statements.flatMap(({ fields }) =>
        [...fields.matchAll(/ AS "([^"]+)"/g)].map(([, name]) => name),
      );
      expect(names.length).toBeGreaterThan(0);
      // A column of the rollups must not hide a tag either.
      expect(new Set([...names, ...tagNames(series)]).size).toBe(names.length + tagNames(series).length);
    }
  });

  it('fit into the metadata of a backup that influxd can restore', () => {
    const usual = { database: 'btcdmon', policy: 'autogen' };
    const sizes = RESOLUTIONS.flatMap((resolution) =>
      ROLLUPS.map((rollup) => {
        // InfluxDB keeps names without quotes, within 100 bytes that say when each statement runs.
        const statement = continuousStatement(rollup, usual, resolution).replaceAll('"', '');
        return statement.length + rollup.name.length + 100;
      }),
    );
    // Users, databases and the shards of years take the rest.
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(0.95 * 128 * 1_024);
  });

  it('are one statement each', () => {
    const flag = ROLLUPS.find(({ name }) => name === 'tx_outputs_is_dust');
    if (flag === undefined) throw new Error('no such statement');
    expect(continuousStatement(flag, place, minute)).toBe(
      'SELECT count("is_dust") AS "is_dust_true" INTO "a \\"b\\""."1m"."tx_outputs" FROM "a \\"b\\""."raw"."tx_outputs" ' +
        'WHERE "is_dust" = true GROUP BY time(1m), "node", "network", "script_type" fill(none)',
    );
    expect(fillStatement(flag, place, hour, { since: 1, until: 2 })).toBe(
      'SELECT count("is_dust") AS "is_dust_true" INTO "a \\"b\\""."1h"."tx_outputs" FROM "a \\"b\\""."raw"."tx_outputs" ' +
        'WHERE time >= 1ms AND time < 2ms AND "is_dust" = true GROUP BY time(1h), "node", "network", "script_type" fill(none)',
    );
  });
});
