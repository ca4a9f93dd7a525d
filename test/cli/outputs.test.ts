import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { BIN } from '../support/program';
import { queryPoints } from '../support/query-points';
import { messageCame, openTestRecording, recordedPeer, tell } from '../support/recording';
import { until } from '../support/until';

const cleanup = new Cleanup();
let home = '';
beforeAll(async () => {
  home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-outputs-')), (name) =>
    rmSync(name, { recursive: true }),
  );
  const exporter = new StoreWriter({ path: path.join(home, 'store.duckdb') });
  await exporter.open();
  await exporter.write(queryPoints());
  await exporter.close();
  const { recorder, close } = await openTestRecording(path.join(home, 'recording'));
  const peer = recordedPeer(1);
  tell(recorder, 'opened', { peer });
  for (let i = 0; i < 5_000; i++) messageCame(recorder, peer, 'ping', Buffer.alloc(8));
  await close();
});
afterAll(() => cleanup.run());

const env = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: home, NODE: process.execPath, BIN });

/** Runs the program in a shell, and what the shell does to its outputs; those of the shell are looked at. */
function run(command: string, outputs: string): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', `set -o pipefail; "$NODE" "$BIN" ${command} ${outputs}`],
    { env: env(), encoding: 'utf8', cwd: home, timeout: 240_000 },
  );
  return { status, text: `${stdout}${stderr}` };
}

const STORE = '--from duckdb:store.duckdb';

/**
 * Ways to print, by what does it, and the status that each ends with. The first of a way meets all that is
 * done to outputs.
 */
const WAYS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'text of its own': {
    '--help': 0,
    '--version': 0,
    series: 0,
    'series tx': 0,
    queries: 0,
    'queries @mempool-size': 0,
    'series --format csv': 0,
    'queries --format json': 0,
  },
  'an answer': {
    [`query --raw 'SELECT * FROM range(30000)' --format ndjson ${STORE}`]: 0,
    [`query tx --since 2020-01-01 ${STORE}`]: 0,
    [`query tx --since 2020-01-01 --format csv ${STORE}`]: 0,
    [`query @mempool-size --since 2020-01-01 ${STORE}`]: 0,
    [`query tx --since 2020-01-01 --format parquet ${STORE}`]: 0,
    [`alerts ${STORE}`]: 0,
    [`peers ${STORE}`]: 0,
    [`why 1 --format json ${STORE}`]: 0,
    'crawl list': 0,
  },
  'a recording': {
    'frames recording': 0,
    'frames recording --format csv': 0,
    'frames recording --follow 1': 0,
    'replay recording --log-level error': 0,
  },
  'a picture': { [`top --once ${STORE}`]: 0, [`top --once --format json ${STORE}`]: 0 },
  'a report that ends with a failure': { [`audit --since 2020-01-01 ${STORE}`]: 1 },
  'a failure': {
    'serve --store duckdb:missing.duckdb': 1,
    'backup copy --store duckdb:missing.duckdb': 1,
    [`why abcd ${STORE}`]: 1,
    'frames missing': 1,
    'replay missing': 1,
  },
  'a usage error': {
    bogus: 2,
    backup: 2,
    frames: 2,
    why: 2,
    'replay x --speed fast': 2,
    'collect --listen nonsense': 2,
    'demo --seconds nonsense': 2,
    'crawl nonsense': 2,
    'setup influx': 2,
    'query nonsense': 2,
    '--conect x': 2,
  },
};

/** What is done to outputs: closed, full, gone after a line or before it. */
const CLOSED = ['>&-', '2>&-', '<&-', '>&- 2>&-', '2>/dev/full', '2> >(true)'];
const READERS = ['| true', '| head -1'];
const FULL = '>/dev/full';
const OUTPUTS = [...CLOSED, ...READERS, FULL];

let turned = 0;

/**
 * The first command of each way with every output; the others with two each in turn, so that every output
 * meets some of them.
 */
const CASES = Object.values(WAYS).flatMap((way) => {
  const [first, ...others] = Object.entries(way);
  const all = OUTPUTS.map((outputs) => [...(first ?? ['', 0]), outputs] as const);
  return [
    ...all,
    ...others.flatMap(([command, status]) => turn().map((outputs) => [command, status, outputs] as const)),
  ];
}) as readonly (readonly [string, number, string])[];

/** The next two outputs. */
function turn(): readonly string[] {
  turned += 1;
  return [OUTPUTS[(2 * turned) % OUTPUTS.length] ?? '', OUTPUTS[(2 * turned + 1) % OUTPUTS.length] ?? ''];
}

describe('a command that prints', () => {
  it('meets every output, whatever its way', () => {
    expect(new Set(CASES.map(([command]) => command)).size).toBe(
      Object.values(WAYS).flatMap((way) => Object.keys(way)).length,
    );
    for (const outputs of OUTPUTS)
      expect(CASES.filter(([, , it]) => it === outputs).length).toBeGreaterThan(Object.keys(WAYS).length);
  });

  it.each(CASES)(
    '%s (status %i) with %s ends as it should, without a stack trace',
    (command, status, outputs) => {
      const ended = run(command, outputs);
      expect(ended.text).not.toMatch(/^\s+at |node:internal/m);
      if (READERS.includes(outputs)) expect(ended.text).not.toMatch(/EPIPE/);
      if (outputs !== FULL) {
        expect(ended.status).toBe(status);
        return;
      }
      if (status === 0) {
        expect(ended.status).toBe(1);
        // A panel of a store with several nodes says first which of them it shows, a list of alerts its time.
        expect(ended.text).toMatch(
          /^((of|evaluated at) [^\n]*\n)?btcdmon-node: the (output|answer) can't be written: ENOSPC[^\n]*\n$/,
        );
      } else expect([1, status]).toContain(ended.status);
    },
  );
});

describe('a monitor', () => {
  /** Waits until a monitor is at work: from then on it catches SIGHUP, which Node.js alone does not. */
  const listening = (child: ChildProcess): Promise<boolean> =>
    until('the monitor to be at work', () => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`);
      const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
      return (BigInt(`0x${/SigCgt:\s*(\w+)/.exec(status)?.[1] ?? '0'}`) & 1n) === 1n;
    });
  const start = async (shell: string) => {
    const [peer, collector] = [await freePort(), await freePort()];
    const commands = {
      node: `-n regtest -c 127.0.0.1:${peer} --http off --interval 100ms --log-level debug -e duckdb:node.duckdb`,
      collect: `collect -l tcp://127.0.0.1:${collector} --http off --log-level debug -e duckdb:collect.duckdb`,
    };
    return Object.entries(commands).map(([name, command]) => {
      const child = spawn('bash', ['-c', shell.replace('RUN', `exec "$NODE" "$BIN" ${command}`)], {
        env: env(),
        cwd: home,
        stdio: ['ignore', 'ignore', 'ignore'],
      });
      cleanup.add(child, (it) => it.kill('SIGKILL'));
      return { name, child };
    });
  };

  it.each(['RUN 2>/dev/full', 'RUN 2>&-', 'RUN 2> >(head -1 >/dev/null)', 'RUN 2> >(true)'])(
    'with %s goes on, and ends with status 0 when it is told to',
    async (shell) => {
      for (const { name, child } of await start(shell)) {
        await listening(child);
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect([name, child.exitCode, child.signalCode]).toEqual([name, null, null]);
        child.kill('SIGTERM');
        expect([name, (await once(child, 'exit'))[0]]).toEqual([name, 0]);
      }
    },
  );

  it('counts in its data the lines of its log that could not be written', async () => {
    const [{ child } = { child: null }] = await start('RUN 2>/dev/full');
    if (child === null) throw new Error('no monitor');
    await listening(child);
    const most = 'query btcdmon --agg max log_dropped --format csv --store duckdb:node.duckdb';
    await until('lines that were counted', () => Number(run(most, '').text.trim().split('\n').at(-1)) > 0, {
      giveUp: () => (child.exitCode === null ? undefined : `it ended with ${child.exitCode}`),
    });
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('ends when it is told to, though nobody reads what it logs', async () => {
    const reader = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
    cleanup.add(reader, (it) => it.kill('SIGKILL'));
    reader.kill('SIGSTOP');
    const args = ['-n', 'regtest', '-c', `127.0.0.1:${await freePort()}`, '--http', 'off', '-e', 'stdout:'];
    const child = spawn(process.execPath, [BIN, ...args, '--interval', '100ms'], {
      env: env(),
      cwd: home,
      stdio: ['ignore', 'pipe', reader.stdin],
    });
    cleanup.add(child, (it) => it.kill('SIGKILL'));
    child.stdout.pause();
    await listening(child);
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill('SIGTERM');
    // Of the points that nobody takes either, the program lets go after four seconds.
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});
