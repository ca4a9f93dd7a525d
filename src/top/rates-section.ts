import type { Flow, Rates, TopData } from './data';
import { type Section, line } from './layout';
import { table } from './table';
import { cut, short } from './text';

/** Between the messages that came and those that were sent. */
const GAP = '   ';

/** More room than that would only tear them apart. */
const WIDEST_SIDE = 38;

/** Messages and bytes a second by command, the most frequent first: those that came on the left, those sent on the right. */
export function ratesSection({ rates }: TopData, width: number): Section {
  if (rates === null)
    return {
      head: () => [line('MESSAGES: none were counted in the last minutes', 'title')],
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
    head: () => [line(`MESSAGES a second, over ${Math.round(rates.seconds)} s`, 'title'), titles],
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

/** Both sides stand still, whatever the commands. */
const COMMAND_WIDTH = 12;
const NUMBER_WIDTH = 8;
