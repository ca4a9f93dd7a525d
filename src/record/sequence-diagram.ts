import { cleanText, describeFrame } from './describe-frame';
import type { ListedFrame } from './frame-list';

/** Width of an arrow with its words. */
const ARROW = 34;

/** The heading of the diagram of one connection. */
export function diagramHead({ peer, address, outbound }: ListedFrame): string {
  const who = outbound ? 'we dialled it' : 'it dialled us';
  return (
    `connection ${peer}, ${address === null ? 'address not known' : cleanText(address)}, ${who}\n` +
    `${'time (UTC)'.padEnd(17)}${'us'.padEnd(ARROW)}peer\n`
  );
}

/** A line of the diagram: the time, an arrow from the sender with the command and its bytes, what it held. */
export function diagramLine(frame: ListedFrame): string {
  const { timeNs, direction, bytes } = frame;
  const command = cleanText(frame.command);
  const time = new Date(Number(timeNs / 1_000_000n)).toISOString().slice(11, 23);
  const words = direction === 'event' ? ` ${command} ` : ` ${command} ${bytes} B `;
  const line = '-'.repeat(Math.max(2, ARROW - 2 - words.length));
  const half = Math.ceil(line.length / 2);
  const middle = `${line.slice(0, half)}${words}${line.slice(half)}`;
  const drawn =
    direction === 'in'
      ? `<${middle} `
      : direction === 'out'
        ? ` ${middle}>`
        : ` ${middle.replaceAll('-', ' ')} `;
  return `${time}  | ${drawn} |  ${describeFrame(frame)}`.trimEnd() + '\n';
}
