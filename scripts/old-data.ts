// Makes the data directory of an earlier release for test/cli/upgrade, with that release's own program: its
// listener beside its demo's network, for some minutes. The files are compressed, and the answers of that
// program about them are kept beside them. It was run so, where ../old is a checkout of the release:
//   (cd ../old && npm ci && npm run build)
//   node -r tsx/cjs scripts/old-data.ts ../old/bin/btcdmon-node test/cli/releases/0.1.0 [--seconds 150]
// 0.1.0 has no tag: it is 60c11090, the last commit whose stores are of version 1. 0.2.0 is 290fa6b3.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import { Cleanup } from '../test/support/cleanup';
import { listeningOf } from '../test/support/proc';
import { until } from '../test/support/until';
import { endAllAtSignal } from './support/end-at-signal';
import { positiveNumber, usageError } from './support/options';

/** Peers of the demo's network. */
const PEERS = 4;

/** What the release is asked about its store, between two times. */
const QUESTIONS: readonly (readonly string[])[] = [
  ['tx', '--agg', 'count', '--every', '1m'],
  ['tx', '--agg', 'p90', 'tx_size'],
  ['tx_outputs', '--agg', 'sum', 'value', '--by', 'script_type'],
  ['tx_inputs', '--agg', 'count', '--every', '1h'],
  ['blocks', '--agg', 'max', 'best_height', '--every', '1m'],
  ['msg_recv', '--agg', 'sum', 'inv', '--every', '1m'],
  ['msg_sent_bytes', '--agg', 'sum', 'getdata', '--every', '1h'],
  ['bandwidth', '--agg', 'sum', 'bytes_recv', '--every', '1h'],
  ['peers', '--agg', 'count', 'version', '--by', 'user_agent'],
  ['mempool', '--agg', 'max', 'num_tx', '--every', '10m'],
  ['propagation', '--agg', 'count', '--by', 'kind'],
];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '150' } },
});
const [program, out] = positionals;
const seconds = positiveNumber('old-data', 'seconds', values.seconds);

/** Ends a program as Ctrl-C does. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  await exited;
}

async function main(old: string, folder: string): Promise<void> {
  const cleanup = new Cleanup();
  endAllAtSignal(() => cleanup.run());
  const home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-old-')), (name) =>
    rmSync(name, { recursive: true, force: true }),
  );
  const env = { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off' };
  const start = (...args: readonly string[]): ChildProcess =>
    cleanup.add(
      spawn(process.execPath, [old, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }),
      stop,
    );
  const data = path.join(home, '.btcdmon');
  const store = `duckdb:${path.join(data, 'btcdmon.duckdb')}`;
  const ask = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [old, ...args, '--from', store], { env, encoding: 'utf8' });
  try {
    const demo = start('demo', '--seconds', '0', '--data-dir', path.join(home, 'demo'));
    const peers = await until('the network', () => {
      const places = listeningOf(demo.pid);
      return places.length === PEERS && places;
    });
    const since = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString();
    const named = peers.flatMap((place) => ['--connect', place]);
    const listener = start('--network', 'regtest', '--node', 'alice', ...named);
    await sleep(seconds * 1_000);
    await stop(listener);
    const range = ['--since', since, '--until', new Date().toISOString()];
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(data, { recursive: true, encoding: 'utf8' })) {
      if (!/\.\w+$/.test(name)) continue;
      const packed = brotliCompressSync(readFileSync(path.join(data, name)));
      writeFileSync(path.join(folder, `${path.basename(name)}.br`), packed);
      console.log(`${name}: ${packed.length} bytes`);
    }
    const answers = QUESTIONS.map((question) => ({
      question: [...question, ...range],
      answer: JSON.parse(ask('query', ...question, ...range, '--format', 'json')) as unknown,
    }));
    const audit = ask('audit', '--since', since).trim().split('\n').at(-1);
    const text = JSON.stringify({ since, audit, answers }, null, 2);
    writeFileSync(path.join(folder, 'answers.json'), `${text}\n`);
  } finally {
    await cleanup.run();
  }
}

if (program === undefined || out === undefined) usageError('old-data', 'give a program and a folder');
void main(path.resolve(program), out);
