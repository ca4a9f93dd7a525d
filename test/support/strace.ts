import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { findProgram, requirement } from './requires';

/** Declares that a test needs strace, which shows what a program sends where. */
export const strace = requirement(
  'strace',
  () => {
    const program = findProgram('strace');
    // It may be installed and not be allowed to trace.
    const traces = program !== null && spawnSync(program, ['-o', '/dev/null', 'true']).status === 0;
    return traces ? program : null;
  },
  'install strace (Debian: apt-get install strace) where processes may be traced',
);

/** The command that runs another one under strace, which writes every call with an address to `file`. */
export function traced(program: string, file: string): string[] {
  // -D: the traced program keeps the process id, and so gets the signals that are sent to it.
  return [program, '-D', '-f', '-qq', '-A', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', file];
}

/**
 * The IP addresses and ports that a traced program connected to or sent a datagram to. The kernel tells:
 * connections that failed are included, and so are those that the program has no record of.
 */
export function addressesOf(file: string): Set<string> {
  const addresses = new Set<string>();
  if (!existsSync(file)) return addresses;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const port = /sin6?_port=htons\((\d+)\)/.exec(line)?.[1];
    const ip = /sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(line);
    if (port !== undefined && ip !== null) addresses.add(`${ip[1] ?? ip[2] ?? ''}:${port}`);
  }
  return addresses;
}

/** The system calls that write a file. */
export const WRITES = 'write,pwrite64,writev,pwritev';

/**
 * The options of strace by which system calls on some files fail, in all threads and processes.
 * @param calls their names, with commas
 * @param code the name of the error, such as `EIO`
 */
export function failing(files: readonly string[], calls: string, code: string): string[] {
  const named = files.flatMap((file) => ['-P', file]);
  const fails = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=${code}`];
  return ['-f', '-qq', '-o', '/dev/null', ...named, ...fails];
}
