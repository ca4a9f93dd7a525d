import { durationText } from './times';
import type { PolicyVerdict, StoredPoint, WhyAnswer, WhyFact, WhyStep } from './why-answer';

/** Characters that control a terminal, and marks that change the direction of text. */
// eslint-disable-next-line no-control-regex -- these are the characters to find
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** An answer for a person: what it is, what happened to it, what the store has, and what is not known. */
export function whyText({ kind, id, facts, timeline, policies, stored, notKnown }: WhyAnswer): string {
  const parts = [
    `${kind ?? 'unknown'} ${id}`,
    ...section('', factLines(facts)),
    ...section('What happened', stepLines(timeline)),
    ...section('Relay policies', policyLines(policies)),
    ...section('In the store', stored.map(pointLine)),
    ...section('Not known', notKnown),
  ];
  return `${parts.join('\n')}\n`.replace(UNPRINTABLE, (it) => (it === '\n' ? it : '?'));
}

function section(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  return ['', ...(title === '' ? [] : [title]), ...lines.map((line) => `  ${line}`)];
}

function factLines(facts: readonly WhyFact[]): readonly string[] {
  const width = Math.max(0, ...facts.map(({ name }) => name.length));
  return facts.map(({ name, value, unit }) => `${name.padEnd(width)}  ${String(value)}${unit && ` ${unit}`}`);
}

function stepLines(steps: readonly WhyStep[]): readonly string[] {
  const first = steps[0]?.timeMs ?? 0;
  return steps.map(({ timeMs, what, peer, about }) =>
    [
      new Date(timeMs).toISOString(),
      `+${durationText(timeMs - first)}`.padStart(11),
      ` ${what}${peer === null ? '' : `, ${peer}`}${about === null ? '' : `: ${about}`}`,
    ].join(' '),
  );
}

/**
 * A line for each policy with the rules that it finds broken or cannot judge, and the value and limit of
 * each.
 */
function policyLines(policies: readonly PolicyVerdict[]): readonly string[] {
  const width = Math.max(0, ...policies.map(({ program }) => program.length));
  return policies.map(({ program, refusedBy, rules }) => {
    const told = rules
      .filter(({ outcome }) => outcome !== 'kept')
      .map(({ rule, value, limit, unit }) =>
        value === null
          ? `${rule} not known: ${limit} ${unit}`
          : `${rule}: ${value} ${unit}, allowed: ${limit}`.replace(' ,', ','),
      );
    const verdict = refusedBy === null ? 'relays it' : 'refuses it';
    return `${program.padEnd(width)}  ${verdict}${told.length === 0 ? `, ${rules.length} rules kept` : ` (${told.join('; ')})`}`;
  });
}

function pointLine({ series, timeMs, node, values }: StoredPoint): string {
  const columns = Object.entries(values).map(([name, value]) => `${name}=${String(value)}`);
  const time = timeMs === null ? '' : ` ${new Date(timeMs).toISOString()}`;
  return `${series}${time} node=${node} ${columns.join(' ')}`;
}
