// Measures the memory and the processor time of an idle sidecar: the built program with a peer that only
// pings, or without a peer (the default). Usage:
//   node -r tsx/cjs scripts/idle.ts [--seconds 60] [--connect host:port --network name]
// With `--watch` it starts a btcd itself (regtest), which the program listens to and watches by its RPC, and
// ends with status 1 above 160 MB or 3 % of a core:
//   node -r tsx/cjs scripts/idle.ts --watch [--seconds 60]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Btcd, btcd } from '../test/support/btcd';
import { cpuSecondsOf, familyOf, memoryOf, proportionalBytesOf } from '../test/support/proc';
import { BIN } from '../test/support/program';
import { residentOnceOf } from '../test/support/resident';
import { endAllAtSignal } from './support/end-at-signal';
import { positiveNumber, usageError } from './support/options';

const MIB = 1_024 * 1_024;

/** What a sidecar that watches an idle btcd may take. */
const MOST_BYTES = 160e6;
const MOST_BUSY = 0.03;

/** The start is over by then. A watched node has then answered everything that is asked once a minute. */
const START_S = 5;
const WATCHED_START_S = 75;

/**
 * How often memory is read, once a second. That covers two intervals of the program: for half a second after
 * points were written it takes 8 MB more.
 */
const LOOKS = 10;

/** As config/systemd and the Dockerfile start it. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1', GLIBC_TUNABLES: 'glibc.malloc.tcache_count=0' };

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    connect: { type: 'string', default: '127.0.0.1:1' },
    network: { type: 'string', default: 'regtest' },
    watch: { type: 'boolean', default: false },
  },
});
const seconds = positiveNumber('idle', 'seconds', values.seconds);

/** What the program is given, beside where it writes. */
interface Scene {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly startSeconds: number;
  stop(): Promise<void>;
}

async function sceneOf(): Promise<Scene> {
  if (!values.watch)
    return {
      args: ['-n', values.network, '-c', values.connect],
      env: {},
      startSeconds: START_S,
      stop: () => Promise.resolve(),
    };
  if (btcd.path === null) return usageError('idle', '--watch needs btcd; name one with BTCD_BIN');
  const node = await Btcd.start(btcd.path, { tls: true });
  const url = `https://${node.user}@127.0.0.1:${node.rpcPort}?ca-file=${node.certificateFile}`;
  return {
    args: ['-n', 'regtest', '-c', `127.0.0.1:${node.p2pPort}`, '--watch', url],
    env: { BTCDMON_WATCH_PASSWORD: node.password },
    startSeconds: WATCHED_START_S,
    stop: () => node.stop(),
  };
}

async function main(): Promise<void> {
  const scene = await sceneOf();
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-idle-'));
  const args = [...scene.args, '--data-dir', folder, '--log-level', 'error', '--http', '127.0.0.1:0'];
  const started = performance.now();
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...ENVIRONMENT, ...scene.env },
  });
  /** Sums a value over the program and the processes that it started, one for each embedded store. */
  const sum = (valueOf: (pid: number) => number): number =>
    familyOf(child.pid).reduce((total, pid) => total + valueOf(pid), 0);
  try {
    await sleep(scene.startSeconds * 1_000);
    const warm = { cpu: sum(cpuSecondsOf), at: performance.now() };
    await sleep(seconds * 1_000);
    const busy = (sum(cpuSecondsOf) - warm.cpu) / ((performance.now() - warm.at) / 1_000);
    const looks: number[] = [];
    for (let look = 0; look < LOOKS; look++) {
      looks.push(residentOnceOf(familyOf(child.pid)));
      await sleep(1_000);
    }
    const bytes = looks.reduce((total, look) => total + look, 0) / LOOKS;
    const resident = sum((pid) => memoryOf(pid).resident) / MIB;
    const proportional = sum(proportionalBytesOf) / 1e6;
    console.log(
      `resident ${resident.toFixed(0)} MiB in ${familyOf(child.pid).length} processes, ` +
        `${(bytes / MIB).toFixed(0)} MiB (${(bytes / 1e6).toFixed(0)} MB) with shared memory counted once, ` +
        `${(Math.min(...looks) / 1e6).toFixed(0)} to ${(Math.max(...looks) / 1e6).toFixed(0)} MB; ` +
        `${proportional.toFixed(0)} MB by Pss, of which other programs with this Node.js take a part; ` +
        `processor ${(busy * 100).toFixed(2)} % of a core, ${(busy * 3_600).toFixed(0)} s an hour`,
    );
    console.log(
      `start-up and first ${scene.startSeconds} s: ${warm.cpu.toFixed(2)} s of processor time; ` +
        `ran ${((performance.now() - started) / 1_000).toFixed(0)} s`,
    );
    if (child.exitCode !== null) throw new Error('the program has ended; see its error above');
    if (values.watch && (bytes > MOST_BYTES || busy > MOST_BUSY)) {
      console.error(`idle: more than ${MOST_BYTES / 1e6} MB or ${MOST_BUSY * 100} % of a core`);
      process.exitCode = 1;
    }
  } finally {
    if (child.exitCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    }
    await scene.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

endAllAtSignal();
void main();
