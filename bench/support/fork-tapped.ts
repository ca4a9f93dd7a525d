import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { NetworkName } from '#dist/wire/networks';

/** A program whose tap leads to a node. */
export interface TappedProgram {
  readonly child: ChildProcess;
  /** The port of the tap. */
  readonly port: number;
  /** Identifies the process of the tap itself, which is a child of the program. */
  readonly pid: number;
}

/** Starts a program with a tap in front of `port` of this machine. */
export async function forkTapped(network: NetworkName, port: number): Promise<TappedProgram> {
  const child = fork(path.join(__dirname, 'tapped-program.ts'), [network, String(port)], {
    execArgv: process.execArgv,
  });
  const [told] = (await once(child, 'message')) as [Omit<TappedProgram, 'child'>];
  return { child, ...told };
}
