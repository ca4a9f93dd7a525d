import { ALERTS } from '../../src/alerts/alerts';
import type { AlertName } from '../../src/alerts/alert';
import type { FiringAlert } from '../../src/alerts/states';

/** The time at which alerts of tests began to fire. */
export const FIRED_MS = 1_700_000_000_000;

/** An alert that fires about a node. */
export function firingOf(name: AlertName, node: string): FiringAlert {
  const alert = ALERTS.find((one) => one.name === name);
  if (alert === undefined) throw new Error(`there is no alert ${name}`);
  const labels = { node, network: 'signet' };
  return {
    ...{ alert, labels, sinceMs: FIRED_MS - 60_000, firingMs: FIRED_MS },
    reason: `${alert.title} at ${node}: 0 of <all> & "more"`,
  };
}
