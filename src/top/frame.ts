import { alertsOf } from './alerts';
import { blocksSection } from './blocks-section';
import type { TopData } from './data';
import { exportersSection, mempoolSection } from './exporters-section';
import { helpSection } from './help-section';
import { type TextLine, type Section, layOut, line } from './layout';
import { peersSection } from './peers-section';
import { ratesSection } from './rates-section';
import { clean, cut, cutMiddle, longAge, nameOf } from './text';
import { verdictLines } from './verdict-lines';
import type { Picture } from './view';

const MAX_ALERTS = 3;

/** The space for a frame; without a height it takes as many lines as it needs. */
export interface Size {
  readonly width: number;
  readonly height: number | null;
}

export interface Frame {
  /** Printable ASCII. No line is wider than the space, and their number is exactly its height. */
  readonly lines: readonly TextLine[];
  /** How many peers fit. */
  readonly peersShown: number;
}

/** Draws a picture as lines. */
export function frame(picture: Picture, { width, height }: Size): Frame {
  const { data, view } = picture;
  const alerts = alertLines(alertsOf(picture));
  const top = [
    ...headerLines(picture, width),
    ...verdictLines(data.verdicts, { width, height: height ?? Infinity }),
    ...alerts,
  ];
  const sections: readonly Section[] = view.help
    ? [helpSection()]
    : [
        peersSection(picture, width),
        ratesSection(data, width),
        mempoolSection(data),
        blocksSection(picture, width),
        exportersSection(data, width),
      ];
  const fitted = ({ text, style }: TextLine): TextLine => line(clean(cut(text, width)), style);
  const room = height === null ? Infinity : Math.max(0, height - top.length - 1);
  const { lines: laid, shown } = layOut(sections, room);
  const peersShown = shown[0] ?? 0;
  if (height === null) return { lines: [...top, ...laid].map(fitted), peersShown };
  const lines = [...top, ...laid].slice(0, height - 1);
  while (lines.length < height - 1) lines.push(line(''));
  return { lines: [...lines, line(footer(picture), 'faint')].map(fitted), peersShown };
}

/** The most urgent alerts; a fleet in trouble must not push everything else off the screen. */
function alertLines(alerts: readonly string[]): readonly TextLine[] {
  const more = alerts.length - MAX_ALERTS;
  const shown = more > 0 ? [...alerts.slice(0, MAX_ALERTS), `and ${more} more like these`] : alerts;
  return shown.map((text) => line(`!! ${text}`, 'alert'));
}

function headerLines({ data, nowMs, view }: Picture, width: number): readonly TextLine[] {
  const { version, startedMs, newestMs, nodes, source } = data;
  // A store does not show whether its node continued after the newest point.
  const endMs = version === null ? (newestMs ?? nowMs) : nowMs;
  const up = startedMs === null ? '' : `  up ${longAge(endMs - startedMs)}`;
  const [first] = nodes;
  const who =
    first === undefined ? '' : nodes.length === 1 ? `  ${nameOf(first)}` : `  ${nodes.length} nodes`;
  const left = `btcdmon-node${version === null ? '' : ` ${version}`}${who}${up}`;
  const clock = `${view.paused ? 'PAUSED ' : ''}${new Date(nowMs).toTimeString().slice(0, 8)}`;
  const kind = sourceKind(data, nowMs);
  return [
    line(`${cut(left, width - clock.length - 1).padEnd(width - clock.length)}${clock}`, 'title'),
    line(`${cutMiddle(source, Math.max(0, width - kind.length - 2))}, ${kind}`, 'faint'),
    ...data.notes.map((note) => line(note, 'faint')),
  ];
}

function sourceKind({ version, newestMs }: TopData, nowMs: number): string {
  const kind = version === null ? 'a store' : 'a running node';
  return newestMs === null ? kind : `${kind}; newest points ${longAge(nowMs - newestMs)} old`;
}

function footer({ data, view, everyMs }: Picture): string {
  if (view.help) return 'any key: back';
  const nodes = data.choices > 1 ? '  n node' : '';
  return `q quit  p ${view.paused ? 'resume' : 'pause'}  s sort${nodes}  up/down scroll  h help  every ${everyMs / 1_000} s`;
}
