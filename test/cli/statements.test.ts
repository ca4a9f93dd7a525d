import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { outputOf, runProgram } from '../support/program';
import { until } from '../support/until';

/** Goes on for hours, and DuckDB can't interrupt it. */
const ENDLESS = "SELECT strpos(repeat('a', 60000000), repeat('a', 30000000) || 'b')";

/** Statements that crashed the program or took all memory; which of both differs from system to system. */
const FATAL = [
  "SELECT * FROM check_peg_parser(repeat('(', 20000))",
  `SELECT ${'['.repeat(800)}1${']'.repeat(800)}`,
  'SELECT len(range(500000000))',
  "SELECT length(format('{:>2000000000}', 'x'))",
  'SELECT len(list_resize([1], 2000000000))',
  'SELECT len(repeat([1], 1000000000))',
];

const cleanup = new Cleanup();
let home: string;
beforeEach(async () => {
  home = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-statements-')), (name) =>
    rm(name, { recursive: true }),
  );
});
afterEach(() => cleanup.run());

function ask(url: string, raw: string): Promise<string> {
  return fetch(`${url}/api/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ raw }),
  }).then(
    (response) => response.text(),
    (error: unknown) => String(error),
  );
}

async function node(): Promise<{ readonly program: ReturnType<typeof runProgram>; readonly url: string }> {
  const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const port = await freePort();
  const program = cleanup.add(
    runProgram(
      [
        ...['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '--interval', '100ms'],
        ...['--http', `127.0.0.1:${port}`],
      ],
      home,
    ),
    (it) => it.kill(),
  );
  await until('a handshake', () => program.log().includes('peer connected'), { giveUp: program.ended });
  return { program, url: `http://127.0.0.1:${port}` };
}

it('a node goes on, answers and stores everything, whatever statement ends its store', async () => {
  const { program, url } = await node();
  for (const statement of FATAL) {
    expect(JSON.parse(await ask(url, statement))).toHaveProperty('error');
    const panel = await fetch(`${url}/api/panels/chain-height?since=15m`);
    expect(panel.status).toBe(200);
    expect(program.ended()).toBeUndefined();
  }
  expect(await program.stop()).toBe(0);
  expect(await outputOf(['audit'], home)).toMatch(/the store holds every one/);
});

it('a node goes on, and answers panels, whatever statement comes through the command query', async () => {
  const { program, url } = await node();
  for (const statement of FATAL) {
    const asked = await outputOf(['query', '--raw', statement], home).catch((error: unknown) => {
      const { code, stderr } = error as { readonly code: unknown; readonly stderr: string };
      return `${String(code)} ${stderr}`;
    });
    expect(asked).toMatch(/^1 btcdmon-node: [^\n]+\n$/);
    expect((await fetch(`${url}/api/panels/chain-height?since=15m`)).status).toBe(200);
    expect(program.ended()).toBeUndefined();
  }
  expect(await program.stop()).toBe(0);
  expect(await outputOf(['audit'], home)).toMatch(/the store holds every one/);
});

it('serve goes on and answers panels, whatever statement ends its store, and ends when it is told to', async () => {
  const first = await node();
  await until('points', () => first.program.log().includes('listening'));
  expect(await first.program.stop()).toBe(0);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const shown = runProgram(['serve', '--http', `127.0.0.1:${port}`], home, [], { BTCDMON_HTTP: undefined });
  cleanup.add(shown, (it) => it.kill());
  await until('the page', () => shown.log().includes('showing'), { giveUp: shown.ended });
  for (const statement of FATAL) {
    expect(JSON.parse(await ask(url, statement))).toHaveProperty('error');
    expect((await fetch(`${url}/api/panels/chain-height?since=15m`)).status).toBe(200);
    expect(shown.ended()).toBeUndefined();
  }
  const stuck = [ask(url, ENDLESS), ask(url, ENDLESS)];
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  // Its own watchdog (src/cli/signals.ts) kills it after 4.8 s: then there is no status.
  expect(await shown.stop()).toBe(0);
  await Promise.all(stuck);
});

it('a node ends within 5 seconds and stores all points while statements run that can’t be interrupted', async () => {
  const { program, url } = await node();
  const stuck = [ask(url, ENDLESS), ask(url, ENDLESS)];
  // Where there is no /proc, a moment does.
  if (process.platform === 'linux') {
    const before = busySeconds(program.pid ?? 0);
    await until('the statements to run', () => busySeconds(program.pid ?? 0) > before + 0.5);
  } else await new Promise((resolve) => setTimeout(resolve, 2_000));
  // Its own watchdog (src/cli/signals.ts) kills it after 4.8 s: then there is no status.
  expect(await program.stop()).toBe(0);
  await Promise.all(stuck);
  expect(await outputOf(['audit'], home)).toMatch(/the store holds every one/);
});

it('a command that reads a file ends at a signal, whatever runs', async () => {
  const { program } = await node();
  await until('points', () => program.log().includes('listening'));
  expect(await program.stop()).toBe(0);
  const query = runProgram(['query', '--raw', ENDLESS], home);
  cleanup.add(query, (it) => it.kill());
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(query.ended()).toBeUndefined();
  expect(await query.stop()).toBeNull();
});

/** Processor time that the processes which a program started have taken, in seconds. */
function busySeconds(pid: number): number {
  let ticks = 0;
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      if (Number(fields[1]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // Gone meanwhile.
    }
  return ticks / 100;
}
