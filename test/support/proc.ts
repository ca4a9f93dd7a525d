import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

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

/** The state of a process: `R` runs, `S` waits, `T` is stopped. @throws Error where it has ended */
export function stateOf(pid: Pid): string {
  return statOf(pid)[0] ?? '';
}

/** Whether a process is gone, or is a zombie that the first process of a container does not collect. */
export function hasEnded(pid: Pid): boolean {
  try {
    return stateOf(pid) === 'Z';
  } catch {
    return true;
  }
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

/** The state of a socket that listens, in /proc/net/tcp. */
const LISTENS = '0A';

/** The places at which a process listens over TCP: `127.0.0.1:80`, and `[hex]:80` of IPv6. */
export function listeningOf(pid: Pid): readonly string[] {
  const folder = `/proc/${String(pid)}/fd`;
  const own = new Set(readdirSync(folder).map((name) => readlinkSync(`${folder}/${name}`)));
  return ['net/tcp', 'net/tcp6'].flatMap((file) =>
    read(pid, file)
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === LISTENS && own.has(`socket:[${inode ?? ''}]`))
      .map(([, local = '']) => placeOf(local)),
  );
}

/** A place in the hexadecimal form of /proc/net/tcp: an address in the order of the machine, and a port. */
function placeOf(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const host = address.length === 8 ? [...Buffer.from(address, 'hex').reverse()].join('.') : `[${address}]`;
  return `${host}:${Number.parseInt(port, 16)}`;
}
