import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { findProgram, requirement } from './requires';

/** Declares that a test needs dumpcap and the right to capture on the loopback interface. */
export const dumpcap = requirement(
  'dumpcap',
  () => {
    const program = findProgram('dumpcap');
    if (program === null) return null;
    const { stdout, stderr } = spawnSync(program, ['-D'], { encoding: 'utf8' });
    return (stdout + stderr).includes('Loopback') ? program : null;
  },
  'install it where packets may be captured (Debian: apt-get install tshark, and run as root)',
);

/** A capture that is going on. */
export interface RunningCapture {
  /** Ends it. @returns all of its bytes */
  stop(): Promise<Buffer>;
  /** Ends it at once. */
  kill(): void;
}

/**
 * Captures on an interface.
 * @param filter in the language of pcap-filter(7)
 * @param args more of dumpcap's options
 * @param onData called for each chunk of the capture as it comes
 */
export function startCapture(
  program: string,
  { on, filter, args = [] }: { on: string; filter: string; args?: readonly string[] },
  onData: (chunk: Buffer) => void,
): RunningCapture {
  // The kernel may keep so many MB that dumpcap has not read yet: this machine may be busy.
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
    program,
    ['-q', '-B', '128', '-i', on, '-f', filter, '-w', '-', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const chunks: Buffer[] = [];
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    onData(chunk);
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    stop: async () => {
      child.kill('SIGINT');
      const [status] = await closed;
      if (status !== 0 || !/received\/dropped on interface .*: \d+\/0 \(/.test(said))
        throw new Error(`dumpcap lost packets or failed, status ${status}: ${said}`);
      return Buffer.concat(chunks);
    },
    kill: () => child.kill('SIGKILL'),
  };
}
