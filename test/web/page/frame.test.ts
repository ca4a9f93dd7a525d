import {
  byNumber,
  eventful,
  factsOf,
  fewLines,
  inOrder,
  isDrawable,
  isolated,
  silenceOf,
  stack,
  toFrame,
} from '../../../src/web/page/frame';
import type { AnswerRows, Column } from '../../../src/web/page/api-types';

const column = (name: string, type: Column['type']): Column => ({ name, type });
const answer = (columns: readonly Column[], rows: AnswerRows['rows']): AnswerRows => ({
  columns,
  rows,
  tookMs: 0,
});
const MINUTE = 60_000;

describe('frames', () => {
  const sizes = answer(
    [column('time', 'time'), column('mean', 'float'), column('max', 'int')],
    [
      [MINUTE, 1.5, 3],
      [3 * MINUTE, 0, null],
    ],
  );

  it('has a gap, not a zero, if a bucket is missing', () => {
    const frame = toFrame(sizes, { sinceMs: MINUTE + 5, untilMs: 4 * MINUTE, bucketMs: MINUTE });
    expect(frame).toEqual({
      times: [MINUTE, 2 * MINUTE, 3 * MINUTE],
      lines: [
        { label: 'mean', values: [1.5, null, 0] },
        { label: 'max', values: [3, null, null] },
      ],
      bucketMs: MINUTE,
    });
  });

  it('has 0 for what adds up where the store has points, and a gap elsewhere', () => {
    const span = { sinceMs: 0, untilMs: 6 * MINUTE, bucketMs: MINUTE };
    const zeros = { columns: ['max'], fromMs: MINUTE + 5, toMs: 4 * MINUTE };
    const { lines } = toFrame(sizes, span, zeros);
    expect(lines).toEqual([
      { label: 'mean', values: [null, 1.5, null, 0, null, null] },
      { label: 'max', values: [null, 3, 0, 0, 0, null] },
    ]);
  });

  it('is divided by its numbers, which may have different units', () => {
    const parts = byNumber(sizes);
    expect(parts.map(({ columns }) => columns.map(({ name }) => name))).toEqual([
      ['time', 'mean'],
      ['time', 'max'],
    ]);
    expect(parts[1]?.rows).toEqual([
      [MINUTE, 3],
      [3 * MINUTE, null],
    ]);
  });

  it('has the times of its rows if there are no buckets, ascending', () => {
    const frame = toFrame({ ...sizes, rows: sizes.rows.toReversed() });
    expect(frame.times).toEqual([MINUTE, 3 * MINUTE]);
    expect(frame.lines[0]?.values).toEqual([1.5, 0]);
  });

  it('has a line for each group, named by the column and the group, or only by the group', () => {
    const rows: AnswerRows['rows'] = [
      [0, 'tx', 1],
      [0, 'block', 2],
      [MINUTE, null, 3],
    ];
    const named = toFrame(
      answer([column('time', 'time'), column('kind', 'string'), column('p50', 'float')], rows),
    );
    expect(named.lines).toEqual([
      { label: 'p50 tx', values: [1, null] },
      { label: 'p50 block', values: [2, null] },
      { label: 'p50 (none)', values: [null, 3] },
    ]);
    const unnamed = toFrame(
      answer([column('time', 'time'), column('kind', 'string'), column('value', 'float')], rows),
    );
    expect(unnamed.lines.map(({ label }) => label)).toEqual(['tx', 'block', '(none)']);
  });

  it('accepts integers that came as text, and nothing that is not a number', () => {
    const frame = toFrame(
      answer(
        [column('time', 'time'), column('n', 'int')],
        [
          [0, '9007199254740993'],
          [1, 'NaN'],
          [2, true],
        ],
      ),
    );
    expect(frame.lines[0]?.values).toEqual([9007199254740992, null, null]);
  });

  it('need not be drawn without values, or if all are 0: nothing happened, or what was measured was 0', () => {
    const lines = { plot: 'lines', sums: ['count'] } as const;
    const of = (...values: readonly (number | null)[]): AnswerRows =>
      answer([column('time', 'time'), column('gauge', 'float'), column('count', 'int')], [[0, ...values]]);
    expect(silenceOf(of(null, null), lines)).toBe('nothing');
    expect(silenceOf(of(null, 0), lines)).toBe('nothing');
    expect(silenceOf(of(0, 0), lines)).toBe('zero');
    expect(silenceOf(of(0, 1), lines)).toBeNull();
    expect(silenceOf(of(-1, 0), lines)).toBeNull();
    expect(silenceOf(of(0, 0), { plot: 'stacked', sums: [] })).toBe('nothing');
    // The names in the rows of a table say something.
    expect(silenceOf(of(0, 0), { plot: 'table', sums: [] })).toBeNull();
  });

  it('knows which answers can be drawn', () => {
    expect(isDrawable(sizes)).toBe(true);
    expect(isDrawable({ ...sizes, rows: [] })).toBe(false);
    expect(isDrawable(answer([column('user_agent', 'string'), column('n', 'int')], [['a', 1]]))).toBe(false);
  });
});

describe('lines', () => {
  const lines = [
    { label: 'a', values: [1, null, null, 4] },
    { label: 'b', values: [10, 20, null, null] },
    { label: 'c', values: [0, null, null, 0] },
  ];

  it('stacks visible lines; a gap in all is a gap', () => {
    expect(stack(lines, new Set())).toEqual([
      [1, 0, null, 4],
      [11, 20, null, 4],
      [11, 20, null, 4],
    ]);
    expect(stack(lines, new Set(['a']))).toEqual([
      [null, null, null, null],
      [10, 20, null, 0],
      [10, 20, null, 0],
    ]);
  });

  it('leaves out lines without a value where all others are 0', () => {
    const [known, none] = [
      { label: 'banned', values: [0, 0] },
      { label: 'known', values: [null, null] },
    ];
    expect(eventful([none, known])).toEqual([known]);
    expect(eventful([none])).toEqual([none]);
  });

  it('leaves out lines of zeros', () => {
    expect(eventful(lines).map(({ label }) => label)).toEqual(['a', 'b']);
    expect(eventful(lines.slice(2)).map(({ label }) => label)).toEqual(['c']);
  });

  it('puts the largest first, and keeps the places of known lines', () => {
    const known: string[] = [];
    expect(inOrder(lines, known).map(({ label }) => label)).toEqual(['b', 'a', 'c']);
    const later = [...lines, { label: 'd', values: [100, null, null, null] }];
    expect(inOrder(later, known).map(({ label }) => label)).toEqual(['b', 'a', 'c', 'd']);
  });

  it('become seven and the sum of the others where they are more', () => {
    const ten = Array.from({ length: 10 }, (_, at) => ({ label: String(at), values: [at, null] }));
    expect(fewLines(ten, true).map(({ label }) => label)).toEqual([
      ...['0', '1', '2', '3', '4', '5', '6', 'other (3)'],
    ]);
    expect(fewLines(ten, true).at(-1)?.values).toEqual([7 + 8 + 9, null]);
    expect(fewLines(ten, false)).toHaveLength(7);
    expect(fewLines(ten.slice(0, 7), true)).toHaveLength(7);
  });

  it('have a last value, a mean and a greatest, and values between gaps', () => {
    expect(factsOf([1, 3, 2, null])).toEqual({ last: 2, mean: 2, max: 3 });
    expect(factsOf([null])).toBeNull();
    expect(isolated([1, null, 2, 3, null, 4])).toEqual([0, 5]);
  });
});
