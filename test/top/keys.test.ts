import { keysOf, press } from '../../src/top/keys';
import { SORTS, type View } from '../../src/top/view';

const VIEW: View = { sort: 'direction', scroll: 0, paused: false, help: false };

function after(input: string, last = 30, view = VIEW): unknown {
  return keysOf(input).reduce<ReturnType<typeof press>>(
    (current, key) => (typeof current === 'string' ? current : press(current, key, last)),
    view,
  );
}

it('separates keys that arrive together', () => {
  expect(keysOf('s\x1b[A\x1bOB\x1b[6~\x1b\x03')).toEqual([
    's',
    '\x1b[A',
    '\x1bOB',
    '\x1b[6~',
    '\x1b',
    '\x03',
  ]);
});

it.each(['q', 'Q', '\x03', 'hq', 'psq'])('quits at %j', (input) => expect(after(input)).toBe('quit'));

it('suspends at Ctrl-Z', () => expect(after('\x1a')).toBe('suspend'));

it.each([
  ['\x1b[B\x1b[B\x1b[A', 1],
  ['jj\x1bOBk', 2],
  ['\x1b[6~\x1b[6~', 20],
  ['\x1b[6~\x1b[6~\x1b[6~\x1b[6~', 30],
  ['\x1b[F\x1b[A', 29],
  ['\x1b[4~\x1b[5~', 20],
  ['\x1b[F\x1b[H\x1b[A', 0],
])('scrolls at %j to %d', (input, scroll) => expect(after(input)).toEqual({ ...VIEW, scroll }));

it('does not scroll if there is room for all', () => expect(after('\x1b[B\x1b[F', 0)).toEqual(VIEW));

it('pauses and resumes', () => {
  expect(after('p')).toEqual({ ...VIEW, paused: true });
  expect(after('p ')).toEqual(VIEW);
});

it('cycles through all orders, each from the first peer on', () => {
  expect(after('jjs')).toEqual({ ...VIEW, sort: SORTS[1] });
  expect(after('s'.repeat(SORTS.length))).toEqual(VIEW);
});

it('shows the help until the next key, which does nothing else', () => {
  expect(after('h')).toEqual({ ...VIEW, help: true });
  expect(after('?p')).toEqual(VIEW);
});

it('goes to the next node and back', () => {
  expect(after('jjn')).toBe('next node');
  expect(after('N')).toBe('previous node');
  expect(after('hn')).toEqual(VIEW);
});

it('ignores other keys', () => expect(after('x\x1b[C\x1b\x00')).toEqual(VIEW));
