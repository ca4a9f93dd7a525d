import { grouped } from '../lib/grouped';
import type { Alert } from './alert';
import type { Values } from './condition';
import type { Labels } from './holding';

/** Why an alert fires, in one line: what is wrong with which node, and what was measured. */
export function reasonOf(alert: Alert, labels: Labels, values: Values): string {
  if (Object.keys(values).length === 0) return 'the store has no points of the last hours';
  const told = alert.summary.replace(/\{(\w+)\}/g, (_, name: string) => labels[name] ?? '');
  const { measured: text } = values['U'] === undefined ? alert : (alert.usual ?? alert);
  const measured = text.replace(/\{([A-Z])\}/g, (_, letter: string) => grouped(values[letter] ?? NaN, 1));
  return `${told}: ${measured}`;
}
