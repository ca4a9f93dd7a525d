import { type Section, line } from './layout';
import { SORTS } from './view';

const TEXT = [
  'q, Ctrl-C       quit',
  'p, space        pause, resume',
  's               next order of peers:',
  `                ${SORTS.join(', ')}`,
  'n, N            the next node of the store, the previous one',
  'up, down, k, j  scroll the peers by one',
  'PgUp, PgDn      by ten; Home, End: to the first, to the last',
  'h, ?            this page',
  '',
  'net, v          network of the address (local: not publicly routable); v2: encrypted',
  'in, out         bytes of the connection so far, counted at the socket',
  'last            since its last message; msg/s: messages it sends, over a minute',
  'least           the least round trip in ms; ping: the last one',
  'check ms        how long judging a block took',
  'acked           points that the receiver confirmed (never over UDP)',
  'spooled         points that wait on disk; queued: in memory',
  'dropped         points given up; lost for that receiver',
];

/** Explains the keys and the columns. */
export function helpSection(): Section {
  return {
    head: () => [line('HELP', 'title')],
    headLines: 1,
    rows: TEXT.map((text) => line(text)),
    least: TEXT.length,
  };
}
