import type { ClockStep } from './data';
import { longAge, nameOf, whole } from './text';
import type { Picture } from './view';

/** Points are late if none has come for this many intervals, and for longer than a writer may wait. */
const LATE_INTERVALS = 3;
const LATE_MS = 15_000;

/** Alerts, one line each, the most urgent first. */
export function alertsOf({ data, nowMs, trouble }: Omit<Picture, 'view' | 'everyMs'>): readonly string[] {
  const alerts: string[] = [];
  if (trouble !== null) alerts.push(`${trouble}; the data shown is ${longAge(nowMs - data.atMs)} old`);
  for (const { severity, firingMs, reason, isSilenced } of data.firing)
    alerts.push(`${severity}, for ${longAge(nowMs - firingMs)}: ${reason}${isSilenced ? ' (silenced)' : ''}`);
  if (data.nodeLost) alerts.push('the node is gone: its store is shown until it is back');
  if (data.newestMs === null) alerts.push('the store holds no points yet');
  else if (nowMs - data.newestMs > Math.max(LATE_MS, LATE_INTERVALS * (data.intervalMs ?? 0)))
    alerts.push(`data is ${longAge(nowMs - data.newestMs)} old: no points arrived since`);
  for (const { node, name, droppedNow } of data.exporters)
    if (droppedNow > 0) alerts.push(`LOSS: ${name} of ${node} dropped ${whole(droppedNow)} points lately`);
  for (const { node, name, damaged = 0 } of data.exporters)
    if (damaged > 0)
      alerts.push(
        `LOSS: at least ${whole(damaged)} points on disk: files of ${name} of ${node} were damaged`,
      );
  for (const node of data.nodes)
    if (node.silentMs > 0) alerts.push(`no points of ${nameOf(node)} for ${longAge(node.silentMs)}`);
  if (data.clockStep !== null) alerts.push(stepText(data.clockStep));
  return alerts;
}

/** What the page says as well, within the 80 columns of a terminal. */
function stepText({ node, ms, timeMs, steps }: ClockStep): string {
  const how = `${ms < 0 ? 'back' : 'forward'} by ${longAge(Math.abs(ms))}`;
  const when = new Date(timeMs).toISOString().replace('T', ' ').slice(0, 16);
  const times = steps === 1 ? '' : `, ${steps} times in a day`;
  return `clock set ${how} at ${when}Z: ${node}${times}`;
}
