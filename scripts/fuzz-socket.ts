// Plays damaged sessions at the socket of a running node, by both transports:
//   node -r tsx/cjs scripts/fuzz-socket.ts [--seconds 3600] [--seed S] [--from I] [--side-by-side 8]
// The node is the built program on regtest with `--listen` and its embedded store. Beside the damaged
// sessions an honest peer sends a ping twice a second. The run fails if the node ends, if its log has an
// error, if the honest peer loses its connection or a pong, if the memory at the end is a quarter above that
// after the first tenth, or if `audit` misses a point. It then prints how to repeat it: session I of seed S
// sends the same.
// Needs dist (npm run build) and Linux (/proc).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { dialListener } from '../test/support/fake-peer';
import { freePort } from '../test/support/free-port';
import { familyOf, memoryOf } from '../test/support/proc';
import { type Program, outputOf, runProgram } from '../test/support/program';
import { until } from '../test/support/until';
import { readCorpus } from './fuzz/corpus';
import { playSession } from './fuzz/session';
import { endAllAtSignal } from './support/end-at-signal';
import { messageOf, positiveNumber, wholeNumber } from './support/options';

const PING_MS = 500;

/** A pong that takes longer counts as lost. */
const LOST_MS = 20_000;

/** How much more memory the node may have at the end than after the first tenth of the time. */
const MOST_GROWTH = 1.25;

/** How long the node has after the last session until its memory is read. */
const SETTLE_MS = 30_000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    'side-by-side': { type: 'string', default: '8' },
  },
});
const seconds = positiveNumber('fuzz-socket', 'seconds', values.seconds);
const seed = wholeNumber('fuzz-socket', 'seed', values.seed, 0);
const from = wholeNumber('fuzz-socket', 'from', values.from, 0);
const sideBySide = wholeNumber('fuzz-socket', 'side-by-side', values['side-by-side'], 1);

/** An honest peer, which notes how long its pings took. */
class Honest {
  readonly pongMs: number[] = [];
  private readonly waiting = new Map<string, number>();
  private sent = 0;

  private constructor(private readonly connection: Awaited<ReturnType<typeof dialListener>>) {}

  static async dial(port: number): Promise<Honest> {
    const honest = new Honest(await dialListener(port, { claims: { userAgent: '/honest:1/' } }));
    await until('the honest handshake', () => honest.connection.commands().includes('verack'));
    return honest;
  }

  /** Sends a ping, and reads the pongs. Says what is wrong; null where nothing is. */
  step(): string | null {
    const { got, socket } = this.connection;
    for (const { command, payload } of got.splice(0)) {
      if (command === 'ping') this.connection.send('pong', payload);
      const at = command === 'pong' ? this.waiting.get(payload.toString('hex')) : undefined;
      if (at === undefined) continue;
      this.pongMs.push(performance.now() - at);
      this.waiting.delete(payload.toString('hex'));
    }
    if (socket.destroyed) return 'the honest peer was disconnected';
    for (const at of this.waiting.values())
      if (performance.now() - at > LOST_MS) return `a pong did not come within ${LOST_MS / 1_000} s`;
    const nonce = Buffer.alloc(8);
    nonce.writeUInt32LE(++this.sent);
    this.waiting.set(nonce.toString('hex'), performance.now());
    this.connection.send('ping', nonce);
    return null;
  }

  /** The time that 99 of 100 pongs took at most, in milliseconds. */
  get p99(): number {
    const sorted = this.pongMs.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
  }

  stop(): void {
    this.connection.socket.destroy();
  }
}

function residentMb(program: Program): number {
  return familyOf(program.pid).reduce((sum, pid) => sum + memoryOf(pid).resident, 0) / 1e6;
}

/** What is wrong with a program: that it has ended, or an error in its log. Null where nothing is. */
function problemOf(program: Program): string | null {
  const ended = program.ended();
  if (ended !== undefined) return ended;
  const line = program
    .log()
    .split('\n')
    .find((text) => text.includes('"level":"error"') || /^\s+at /.test(text));
  return line === undefined ? null : `its log says: ${line}`;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-fuzz-'));
  const store = `duckdb:${path.join(folder, 'fuzz.duckdb')}`;
  const port = await freePort();
  const program = runProgram(
    ['-n', 'regtest', '--listen', `127.0.0.1:${port}`, '--export', store, '--data-dir', folder],
    folder,
    [],
    { BTCDMON_TRANSPORT: 'auto' },
  );
  endAllAtSignal(() => program.kill());
  const corpus = readCorpus();
  const isListening = (): boolean => program.log().includes('"message":"listening"');
  await until('the node to listen', isListening, { giveUp: program.ended });
  const honest = await Honest.dial(port);
  const started = performance.now();
  const isOver = (): boolean => performance.now() - started > seconds * 1_000;
  const tally = { sessions: 0, encrypted: 0, messages: 0 };
  let problem: string | null = null;
  let next = from;
  let earlyMb: number | null = null;

  const play = async (): Promise<void> => {
    while (!isOver() && problem === null) {
      const { isEncrypted, messages } = await playSession(port, corpus, { seed, index: next++ });
      tally.sessions++;
      if (isEncrypted) tally.encrypted++;
      tally.messages += messages;
    }
  };
  const players = Array.from({ length: sideBySide }, play);
  while (!isOver() && problem === null) {
    await sleep(PING_MS);
    problem = problemOf(program) ?? honest.step();
    if (earlyMb === null && performance.now() - started > seconds * 100) earlyMb = residentMb(program);
    if (process.stderr.isTTY)
      process.stderr.write(
        `\r\x1b[K${tally.sessions} sessions, ${tally.messages} messages, ${residentMb(program).toFixed(0)} MB`,
      );
  }
  await Promise.all(players);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

  let lateMb = NaN;
  if (problem === null) {
    for (let waited = 0; waited < SETTLE_MS && problem === null; waited += PING_MS) {
      await sleep(PING_MS);
      problem = problemOf(program) ?? honest.step();
    }
    lateMb = residentMb(program);
    if (earlyMb !== null && lateMb > earlyMb * MOST_GROWTH)
      problem ??= `its memory grew from ${earlyMb.toFixed(0)} to ${lateMb.toFixed(0)} MB`;
  }
  honest.stop();
  const status = await program.stop();
  if (status !== 0) problem ??= `it ended with status ${String(status)}`;
  const audit = await outputOf(['audit', '--store', store], folder).catch((error: unknown) => {
    problem ??= `audit: ${messageOf(error)}`;
    return '';
  });
  rmSync(folder, { recursive: true, force: true });
  console.log(
    `fuzz-socket: ${tally.sessions} sessions (${tally.encrypted} encrypted) with ${tally.messages} damaged messages in ` +
      `${seconds} s; honest pongs ${honest.pongMs.length}, p99 ${honest.p99.toFixed(0)} ms; ` +
      `memory ${earlyMb?.toFixed(0) ?? '-'} MB early, ${lateMb.toFixed(0)} MB at the end; ${audit.trim().split('\n').at(-1) ?? ''}`,
  );
  if (problem === null) return;
  console.error(
    `fuzz-socket: ${problem}\nrepeat: node -r tsx/cjs scripts/fuzz-socket.ts --seed ${seed} --from ${Math.max(from, next - sideBySide)} --seconds 20`,
  );
  process.exitCode = 1;
}

void main();
