import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KIND, readMessage } from '../../src/record/record';
import { FrameReader } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import { Cleanup } from '../support/cleanup';
import { readSession, sharedSession } from '../support/data';
import { FakePeer } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { startPanelRun } from '../support/panel-run';
import { outputOf, runProgram } from '../support/program';
import { readAll } from '../support/recording';
import { openStored } from '../support/stored';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

function folder(): string {
  return cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-replay-')), (name) =>
    rmSync(name, { recursive: true }),
  );
}

/** What `replay` prints with these arguments, also where it ends with a failure. */
async function replayed(home: string, ...args: string[]): Promise<string> {
  try {
    return await outputOf(['replay', ...args], home);
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    return `${stdout}${stderr}`;
  }
}

/** The number of points that `replay --compare` found the same. */
function sameIn(output: string): number {
  expect(output).toMatch(/\d+ points are the same as in the store; none differs/);
  expect(output).not.toMatch(/not what they should be|damaged|dropped/);
  return Number(/(\d+) points are the same/.exec(output)?.[1]);
}

describe('a replay', () => {
  it('makes the points of a run with blocks, forks, conflicts and hostile peers, bit by bit', async () => {
    const home = folder();
    const recording = path.join(home, 'recording');
    const run = await startPanelRun(home, { args: ['--record', recording] }, cleanup);
    await run.source.close();
    await run.program.stop();
    const stored = await openStored(run.store);
    const own = "'btcdmon', 'alerts', 'nodes', 'crawls'";
    const tables = await stored.rows(
      `SELECT table_name AS name FROM duckdb_tables() WHERE table_name NOT IN (${own}) AND table_name IN (SELECT series FROM btcdmon WHERE series IS NOT NULL)`,
    );
    let points = 0;
    for (const { name } of tables)
      points += Number((await stored.rows(`SELECT count(*) AS n FROM "${String(name)}"`))[0]?.['n']);
    stored.close();
    expect(points).toBeGreaterThan(1_000);

    const compared = await replayed(home, recording, '--compare', `duckdb:${run.store}`);
    expect(sameIn(compared)).toBe(points);

    // Into a new store, which is complete by its own account.
    const again = `duckdb:${path.join(home, 'again.duckdb')}`;
    await replayed(home, recording, '--export', again);
    expect(sameIn(await replayed(home, recording, '--compare', again))).toBe(points);
    expect(await outputOf(['audit', '--since', '1h', '--store', again], home)).not.toMatch(
      /missing from|differ/,
    );

    // In its own time, 20 times as fast.
    const fast = await replayed(home, recording, '--speed', '20', '--compare', again);
    expect(sameIn(fast)).toBe(points);

    // A copy without addresses has all points but those of lists of addresses.
    const redacted = path.join(home, 'redacted');
    await outputOf(['frames', recording, '--redact', redacted], home);
    const counted = (text: string): Record<string, unknown>[] =>
      JSON.parse(text) as Record<string, unknown>[];
    const [plain, without] = await Promise.all(
      [recording, redacted].map(async (name) => counted(await replayed(home, name, '--format', 'json'))),
    );
    expect(without).toEqual(plain?.filter(({ series }) => series !== 'peer_labels'));
  }, 900_000);

  it('makes the points of a run with an encrypted peer, bit by bit', async () => {
    const home = folder();
    const recording = path.join(home, 'recording');
    const port = await freePort();
    const common = ['--network', 'regtest', '--transport', 'v2', '--interval', '200ms'];
    const other = runProgram([...common, '--listen', `127.0.0.1:${port}`, '--export', 'stdout:'], home);
    cleanup.add(other, (it) => it.stop());
    const store = `duckdb:${path.join(home, 'points.duckdb')}`;
    const program = runProgram(
      [...common, '--connect', `127.0.0.1:${port}`, '--record', recording, '--export', store],
      home,
    );
    await until(
      'a message by the encrypted transport',
      async () => (await readAll(recording)).records.some(({ kind, form }) => kind === KIND.in && form === 1),
      { giveUp: program.ended },
    );
    await program.stop();
    expect(sameIn(await replayed(home, recording, '--compare', store))).toBeGreaterThan(10);
    const points = JSON.parse(
      await outputOf(['query', 'bandwidth', '--store', store, '--since', '1h', '--format', 'json'], home),
    ) as { readonly handshake_recv: number }[];
    expect(points.at(-1)?.handshake_recv).toBeGreaterThan(0);
  });

  it('tells the first point that differs', async () => {
    const home = folder();
    const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
    const recordings: string[] = [];
    for (const name of ['one', 'other']) {
      const recording = path.join(home, name);
      const args = ['--connect', `127.0.0.1:${peer.port}`, '--network', 'regtest', '--node', 'n'];
      args.push('--interval', '200ms', '--record', recording);
      const program = runProgram([...args, '--export', `duckdb:${recording}.duckdb`], home);
      await until('the handshake', () => peer.connections.at(-1)?.commands().includes('verack'), {
        giveUp: program.ended,
      });
      await program.stop();
      recordings.push(recording);
      peer.connections.length = 0;
    }
    const [one = '', other = ''] = recordings;
    expect(sameIn(await replayed(home, one, '--compare', `duckdb:${one}.duckdb`))).toBeGreaterThan(10);
    const failed: unknown = await outputOf(
      ['replay', one, '--compare', `duckdb:${other}.duckdb`],
      home,
    ).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 1 });
    expect((failed as { readonly stdout: string }).stdout).toMatch(
      /^the first difference, after 0 points that are the same: \w+ at \S+: the (store|replay) lacks this point$/m,
    );
  });

  it('has what was there when the program was killed', async () => {
    const home = folder();
    const recording = path.join(home, 'recording');
    const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
    const program = runProgram(
      [
        '--connect',
        `127.0.0.1:${peer.port}`,
        '--network',
        'regtest',
        '--record',
        recording,
        '--export',
        'stdout:',
      ],
      home,
    );
    const commandsIn = async (): Promise<string[]> =>
      (await readAll(recording)).records.flatMap((record) =>
        record.kind === KIND.in ? [readMessage(record)?.command ?? ''] : [],
      );
    await until('the handshake', () => peer.connections[0]?.commands().includes('verack'), {
      giveUp: program.ended,
    });
    peer.connections[0]?.send('ping', Buffer.alloc(8, 3));
    // Nothing tells the program to write: it does so by itself, twice a second.
    await until('the ping to be on disk', async () => (await commandsIn()).includes('ping'), {
      giveUp: program.ended,
    });
    await program.kill();
    expect(await commandsIn()).toEqual(expect.arrayContaining(['version', 'verack', 'ping']));
    expect(await readdir(recording)).toHaveLength(1);
    expect(await replayed(home, recording)).toMatch(/^\d+ messages .* points\n$/s);
  });
});

sharedSession.describe('a replay of the session with Bitcoin Core 31', (session) => {
  it('makes the points that the listener made, bit by bit', async () => {
    const home = folder();
    const recording = path.join(home, 'recording');
    const { recv } = readSession(session);
    let messages = 0;
    new FrameReader(NETWORKS.regtest.magic, {
      arrived: () => messages++,
      message: () => undefined,
      violation: (reason) => {
        throw new Error(reason);
      },
    }).push(recv);
    const peer = cleanup.add(
      await FakePeer.start({
        onMessage: (connection, { command }) => {
          if (command === 'version') connection.raw(recv);
        },
      }),
      (it) => it.stop(),
    );
    const store = `duckdb:${path.join(home, 'core.duckdb')}`;
    const args = ['--connect', `127.0.0.1:${peer.port}`, '--network', 'regtest', '--interval', '200ms'];
    const program = runProgram([...args, '--record', recording, '--export', store], home);
    const came = async (): Promise<boolean> => {
      const { records } = await readAll(recording).catch(() => ({ records: [] }));
      return records.filter(({ kind }) => kind === KIND.in).length >= messages;
    };
    await until('the whole session', came, { giveUp: program.ended });
    // A machine that is too busy to store the last points in time would show a difference that is none: the
    // program says which were dropped, or is killed at the end of its 4.8 seconds.
    expect(await program.stop()).toBe(0);
    expect(program.log()).not.toContain('points dropped');
    const output = await replayed(home, recording, '--compare', store);
    expect(sameIn(output)).toBeGreaterThan(50);
  });
});
