import { readFileSync } from 'node:fs';
import path from 'node:path';
import { seriesDocument } from '../../src/metrics/describe';
import { columnNames, SERIES_NAMES, seriesOf, tagNames } from '../../src/metrics/schema';

describe('the schema', () => {
  it.each(SERIES_NAMES)(
    '%s has names that need no escaping in any language, and anchors that exist',
    (name) => {
      const { columns, anchors } = seriesOf(name);
      for (const text of [name, ...columnNames(name), ...tagNames(name)])
        expect(text).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(anchors.length).toBeGreaterThan(0);
      for (const anchor of anchors) expect(columns).toHaveProperty(anchor);
      expect(new Set([...columnNames(name), ...tagNames(name), 'time']).size).toBe(
        columnNames(name).length + tagNames(name).length + 1,
      );
    },
  );

  it('is the source of docs/series.md', () => {
    const file = path.join(__dirname, '..', '..', 'docs', 'series.md');
    expect(readFileSync(file, 'utf8')).toBe(seriesDocument());
  });
});
