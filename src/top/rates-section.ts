import type { Flow, Rates, TopData } from './data';
import { type Section, line } from './layout';
import { table } from './table';
import { cut, short } from './text';

/** Separates received from sent messages. */
const GAP = '   ';

/** A wider side would only move the numbers away from their names. */
const WIDEST_SIDE = 38;

/**
 * Messages and bytes per second by command, the most frequent first: received on the left, sent on the right.
 */
export function ratesSection({ rates }: TopData, width: number): Section {
  if (rates === null)
    return {
      head: () => [line('MESSAGES: none in the last minutes', 'title')],
      headLines: 1,
      rows: [],
      least: 0,
    };
  const half = Math.min(WIDEST_SIDE, Math.floor((width - GAP.length) / 2));
  const [recv, sent] = [side('received', rates.recv, half), side('sent', rates.sent, half)];
  const both = Array.from({ length: Math.max(recv.length, sent.length) }, (_, i) =>
    line(`${(recv[i] ?? '').padEnd(half)}${GAP}${sent[i] ?? ''}`.trimEnd(), i === 0 ? 'faint' : 'plain'),
  );
  const [titles = line(''), ...rows] = both;
  return {
    head: () => [line(`MESSAGES per second, over ${Math.round(rates.seconds)} s`, 'title'), titles],
    headLines: 2,
    rows,
    least: 4,
  };
}

function side(title: string, flows: Rates['recv'], width: number): readonly string[] {
  const sorted = Object.entries(flows).sort(([, a], [, b]) => b.messages - a.messages || b.bytes - a.bytes);
  const all = sorted.reduce(
    (sum, [, { messagesPerS, bytesPerS }]) => ({
      messagesPerS: sum.messagesPerS + messagesPerS,
      bytesPerS: sum.bytesPerS + bytesPerS,
    }),
    { messagesPerS: 0, bytesPerS: 0 },
  );
  const cells = (name: string, flow: Pick<Flow, 'messagesPerS' | 'bytesPerS'>): readonly string[] => [
    name.padEnd(COMMAND_WIDTH),
    short(flow.messagesPerS).padStart(NUMBER_WIDTH),
    short(flow.bytesPerS).padStart(NUMBER_WIDTH),
  ];
  return table(
    [
      { title, least: 4 },
      { title: 'msg/s', right: true },
      { title: 'bytes/s', right: true },
    ],
    [cells('all', all), ...sorted.map(([command, flow]) => cells(command, flow))],
    width,
  ).map((text) => cut(text, width));
}

/** Fixed, so that the columns do not move when the commands change. */
const COMMAND_WIDTH = 12;
const NUMBER_WIDTH = 8;
