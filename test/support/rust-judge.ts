import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { NetworkName } from '../../src/wire/networks';
import type { Tally } from './recorder';
import { findProgram, requirement } from './requires';

const SOURCE = path.join(__dirname, 'rust-judge');

/** The networks that the judge knows. */
type JudgeNetwork = NetworkName & ('mainnet' | 'regtest');

/** Declares that a test file needs Rust, which compiles the judge of the encrypted transport. */
export const rust = requirement(
  'Rust',
  () => findProgram('cargo', [path.join(os.homedir(), '.cargo', 'bin')]),
  'install Rust 1.74 or newer with a C compiler (https://rustup.rs)',
);

/** What the judge counted in one direction of a connection; bytes are those of the socket. */
export interface JudgedBytes {
  readonly total: number;
  readonly handshake: number;
  /** Bytes of garbage; they are a part of the handshake. */
  readonly garbage: number;
  readonly decoys: number;
  readonly decoyBytes: number;
  readonly messages: Readonly<Record<string, Tally>>;
}

/** Both directions of a connection, from the judge's side. */
interface JudgedConnection {
  readonly in: JudgedBytes;
  readonly out: JudgedBytes;
}

/** A connection whose messages the judge returned. */
export interface EchoedConnection extends JudgedConnection {
  /** The session's id in hexadecimal. */
  readonly session: string;
}

/** Connections between which the judge stands: with who dialled it, and with whom it dialled then. */
export interface PassedConnection {
  readonly near: JudgedConnection;
  readonly far: JudgedConnection;
}

/**
 * Compiles the judge, a small program on the crate `bip324`, and returns its path. The first time cargo
 * fetches and compiles that crate, whose hash Cargo.lock pins: a minute.
 */
export function buildRustJudge(cargo: string): string {
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
  const target = path.join(cacheHome, 'btcdmon-node', 'rust-judge');
  execFileSync(cargo, ['build', '--release', '--locked', '--quiet', '--target-dir', target], {
    cwd: SOURCE,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return path.join(target, 'release', 'rust-judge');
}

/** A judge that runs, and the connections that have ended. */
export interface RunningJudge<Report> {
  readonly reports: readonly Report[];
  /** Why connections failed. */
  readonly errors: readonly string[];
  /** Settles when it has ended by itself. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

/** One that listens. */
export interface ListeningJudge<Report> extends RunningJudge<Report> {
  /** Its port on 127.0.0.1. */
  readonly port: number;
}

/** Starts a judge that returns each message of whoever dials it. */
export function startAnswering(
  judge: string,
  network: JudgeNetwork,
): Promise<ListeningJudge<EchoedConnection>> {
  return listening(judge, ['answer', network]);
}

/** Starts a judge that dials a port of 127.0.0.1 `count` times, and returns each message. */
export function startDialling(
  judge: string,
  network: JudgeNetwork,
  port: number,
  count: number,
): RunningJudge<EchoedConnection> {
  return run<EchoedConnection>(judge, ['dial', network, String(port), String(count)]);
}

/** Starts a judge that dials a port of 127.0.0.1 for whoever dials it, and passes messages on. */
export function startBetween(
  judge: string,
  network: JudgeNetwork,
  port: number,
): Promise<ListeningJudge<PassedConnection>> {
  return listening(judge, ['between', network, String(port)]);
}

async function listening<Report>(judge: string, args: readonly string[]): Promise<ListeningJudge<Report>> {
  let heard: (port: number) => void = () => undefined;
  const port = new Promise<number>((resolve) => (heard = resolve));
  const running = run<Report>(judge, args, (line) => heard(Number(line)));
  return { ...running, port: await port };
}

/** Runs the judge. `onFirst` takes its first line; the others are reports. */
function run<Report>(
  judge: string,
  args: readonly string[],
  onFirst?: (line: string) => void,
): RunningJudge<Report> {
  const child = spawn(judge, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const killOnExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const ended = once(child, 'close').finally(() => process.off('exit', killOnExit));
  const reports: Report[] = [];
  const errors: string[] = [];
  let first = onFirst;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (first !== undefined) {
      first(line);
      first = undefined;
      return;
    }
    const report = JSON.parse(line) as Report | { readonly error: string };
    if (typeof report === 'object' && report !== null && 'error' in report) errors.push(report.error);
    else reports.push(report);
  });
  return {
    reports,
    errors,
    ended,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
