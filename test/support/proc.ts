import { readFileSync } from 'node:fs';

/** A tick of /proc is 10 ms on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** A process's id, as `ChildProcess.pid` has it. */
type Pid = number | undefined;

function read(pid: Pid, file: string): string {
  return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
}

/** Bytes of a line `Name:  123 kB` of a file in /proc/PID; 0 where there is none. */
function bytesOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) * 1_024;
}

/** The fields of /proc/PID/stat behind the name of the program, which may have blanks in it. */
function statOf(pid: Pid): readonly string[] {
  return read(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
}

/**
 * Memory of a process in bytes: all that is resident, and of that what belongs to no file.
 * @throws Error where the process has ended
 */
export function memoryOf(pid: Pid): { readonly resident: number; readonly anonymous: number } {
  const status = read(pid, 'status');
  return { resident: bytesOf(status, 'VmRSS'), anonymous: bytesOf(status, 'RssAnon') };
}

/** Resident memory in bytes; what several processes share is divided among them. */
export function proportionalBytesOf(pid: Pid): number {
  return bytesOf(read(pid, 'smaps_rollup'), 'Pss');
}

/** Processor time in seconds that a process has used so far. */
export function cpuSecondsOf(pid: Pid): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** A process and all that it started, by their ids; those that have ended meanwhile are left out. */
export function familyOf(pid: Pid): readonly number[] {
  if (pid === undefined) return [];
  try {
    const children = read(pid, `task/${pid}/children`).split(' ').filter(Boolean);
    return [pid, ...children.flatMap((child) => familyOf(Number(child)))];
  } catch {
    return [];
  }
}
