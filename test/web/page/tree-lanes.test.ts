import type { LiveTreeBlock } from '../../../src/live/live';
import { treeRows } from '../../../src/web/page/tree-lanes';

/** A block that stands on another, by names such as `1:40`: its branch and its height. */
function blockOf(name: string, below: string | null, notDrawn = 0): LiveTreeBlock {
  const [branch = 0, height = 0] = name.split(':').map(Number);
  return {
    ...{ sha: name, height, branch, below, notDrawn, timeMs: 0, status: 'active', isTip: false },
    ...{ reason: null, pool: null, firstFrom: null, peers: null, connected: null },
  };
}

/** Rows as text: `|` is a line, `*` the block, `:` blocks that are left out, `/` a branch that leaves. */
function drawn(blocks: readonly LiveTreeBlock[]): readonly string[] {
  const { rows, lanes } = treeRows(blocks);
  return rows.map((row) => {
    const signs = Array<string>(lanes).fill(' ');
    for (const lane of row.passing) signs[lane] = '|';
    for (const lane of row.leaving) signs[lane] = '/';
    signs[row.lane] = row.leftOut > 0 ? ':' : '*';
    const ends = `${row.goesUp ? '^' : '-'}${row.goesDown ? 'v' : '-'}`;
    return `${signs.join('')} ${ends} ${row.leftOut > 0 ? row.leftOut : row.block.sha}`;
  });
}

it('has one lane for a chain without branches', () => {
  expect(treeRows([])).toEqual({ rows: [], lanes: 1 });
  expect(drawn([blockOf('0:3', '0:2'), blockOf('0:2', '0:1'), blockOf('0:1', null)])).toEqual([
    '* -v 0:3',
    '* ^v 0:2',
    '* ^- 0:1',
  ]);
});

it('draws branches beside the chain, from their ends to the block that they left', () => {
  expect(
    drawn([
      ...[blockOf('0:9', '0:8'), blockOf('1:9', '1:8'), blockOf('0:8', '0:7'), blockOf('1:8', '0:7')],
      ...[blockOf('2:8', '0:7'), blockOf('0:7', '0:3', 3), blockOf('0:3', '0:2'), blockOf('3:3', '0:2')],
      blockOf('0:2', null),
    ]),
  ).toEqual([
    '*   -v 0:9',
    '|*  -v 1:9',
    '*|  ^v 0:8',
    '|*  ^v 1:8',
    '||* -v 2:8',
    '*// ^v 0:7',
    ':   ^v 3',
    '*   ^v 0:3',
    // The lane is free again.
    '|*  -v 3:3',
    '*/  ^- 0:2',
  ]);
});

it('draws a branch of a branch, one that is higher than the chain, and blocks that are left out of one', () => {
  expect(
    drawn([
      ...[blockOf('1:5', '1:4'), blockOf('0:4', '0:3'), blockOf('1:4', '1:3'), blockOf('2:4', '1:3')],
      ...[blockOf('0:3', '0:1', 1), blockOf('1:3', '0:1', 1), blockOf('0:1', null)],
    ]),
  ).toEqual([
    ' *  -v 1:5',
    '*|  -v 0:4',
    '|*  ^v 1:4',
    '||* -v 2:4',
    '*|| ^v 0:3',
    ':|| ^v 1',
    '|*/ ^v 1:3',
    '|:  ^v 1',
    '*/  ^- 0:1',
  ]);
});
