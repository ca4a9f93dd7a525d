// What Linux says of a process.
import { readFileSync } from 'node:fs';

/** A tick of /proc is 10 ms on every Linux that Node runs on. */
const TICKS = 100;

/** Resident memory in MB, and of that what belongs to no file. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name) => (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) * 1_024) / 1e6;
  return { rss: megabytes('VmRSS'), anonymous: megabytes('RssAnon') };
}

/** Processor time used so far, in seconds. */
export function cpuSecondsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
