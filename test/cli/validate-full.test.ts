import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Miner, OP_TRUE, specOf, SUBSIDY } from '../chain/full/spend';
import { ChainPeer } from '../support/chain-peer';
import { Cleanup } from '../support/cleanup';
import { type Program, runProgram } from '../support/program';
import { findProgram, requirement } from '../support/requires';
import { openStored } from '../support/stored';
import { until } from '../support/until';

const prlimit = requirement(
  'prlimit',
  () => findProgram('prlimit'),
  'install util-linux (Linux alone has it)',
);

/** As a signature script it fails whatever it is to open. */
const OP_RETURN = Buffer.of(0x6a);

const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');
const CAUGHT_UP = 'caught up: blocks are judged fully from here';

/** The program is started some times in a test; jest's 20 s are for one start on a busy machine. */
describe('--validate full', () => {
  const cleanup = new Cleanup();
  let folder: string;
  let peer: ChainPeer;
  let miner: Miner;

  beforeEach(async () => {
    folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-full-')), (it) =>
      rm(it, { recursive: true }),
    );
    peer = cleanup.add(await ChainPeer.start(), (it) => it.stop());
    miner = new Miner();
    while (miner.height < 102) peer.add(miner.extend(miner.build()));
  });
  afterEach(() => cleanup.run());

  const data = (): string => path.join(folder, 'data');
  const start = (...args: readonly string[]): Program => startOn('regtest', ...args);
  const startOn = (network: string, ...args: readonly string[]): Program =>
    cleanup.add(
      runProgram(
        ['-n', network, '-c', `127.0.0.1:${peer.port}`, '--interval', '1s', '--data-dir', data(), ...args],
        folder,
      ),
      (it) => it.stop(),
    );
  const full = async (...args: readonly string[]): Promise<Program> => {
    const program = start('--validate', 'full', ...args);
    await until('the chain', () => program.log().includes(CAUGHT_UP), { giveUp: program.ended });
    return program;
  };
  /** What the embedded store has of the best chain. */
  const bestHeight = (): string | undefined => {
    const query = ['query', 'blocks', '--agg', 'max', 'best_height', '--format', 'csv', '--data-dir', data()];
    return execFileSync(process.execPath, [BIN, ...query], { encoding: 'utf8' }).split('\r\n')[1];
  };
  /** The end of a program that cannot go on, as its log tells. */
  const end = (program: Program): Promise<string> => until('the end', () => program.ended());

  it('rejects each block that is wrong by its coins, tells why, and goes on', async () => {
    const program = await full();
    const spend = (height: number, fee: number) => specOf(miner.spend(height, fee).hex);
    const { inputs = [], ...rest } = spend(1, 0);
    const unsigned = { ...rest, inputs: inputs.map((input) => ({ ...input, sigScript: OP_RETURN })) };
    const greedy = { outputs: [{ value: SUBSIDY + 6, script: OP_TRUE }] };
    const wrong: readonly (readonly [string, Buffer])[] = [
      ['block-script-verify-flag-failed', miner.build([unsigned])],
      ['bad-txns-inputs-missingorspent', miner.build([spend(1, 0), spend(1, 1)])],
      ['bad-txns-inputs-missingorspent', miner.build([{ inputs: [{ prevHash: Buffer.alloc(32, 7) }] }])],
      ['bad-txns-premature-spend-of-coinbase', miner.build([spend(60, 0)])],
      ['bad-txns-in-belowout', miner.build([spend(1, -1)])],
      ['bad-cb-amount', miner.build([spend(1, 5)], greedy)],
    ];
    for (const [, block] of wrong) peer.announce(block);
    const good = miner.extend(miner.build([spend(1, 5)]));
    peer.add(good);
    peer.announce(good);
    await until('the good block', () => bestHeight() === '103', { giveUp: program.ended });
    expect(await program.stop()).toBe(0);
    const stored = await openStored(path.join(data(), 'btcdmon.duckdb'));
    const rows = await stored.rows(
      'SELECT status, reject_reason, unverified_inputs FROM processed_blocks ORDER BY time',
    );
    stored.close();
    expect(rows).toEqual([
      ...wrong.map(([reason]) => ({ status: 'rejected', reject_reason: reason, unverified_inputs: null })),
      { status: 'accepted', reject_reason: null, unverified_inputs: 0 },
    ]);
  });

  it('goes on after kill -9 in the middle of the chain, again and again', async () => {
    while (miner.height < 400) peer.add(miner.extend(miner.build()));
    const heights: number[] = [];
    for (let round = 0; round < 3; round++) {
      const program = start('--validate', 'full');
      await until('the start', () => program.log().includes('"full validation"'), { giveUp: program.ended });
      heights.push(Number(/"height":(\d+),[^\n]*"full validation"/.exec(program.log())?.[1]));
      const served = peer.served;
      await until('some blocks', () => peer.served > served + 100 || program.log().includes(CAUGHT_UP), {
        giveUp: program.ended,
      });
      await program.kill();
    }
    expect(heights[0]).toBe(0);
    expect(heights[1]).toBeGreaterThan(0);
    expect(heights[2]).toBeGreaterThan(heights[1] ?? 0);
    const program = await full();
    expect(program.log()).toContain(`{"height":400,"level":"info","message":"${CAUGHT_UP}"`);
    expect(await program.stop()).toBe(0);
  });

  it('refuses a chain that another process has open, or of another network, in one line', async () => {
    const first = await full();
    const second = start('--validate', 'full', '--export', 'stdout:');
    expect(await end(second)).toMatch(
      /ended with 1:\nbtcdmon-node: chain \S+chain-regtest: in use by another process; [^\n]+\n$/,
    );
    await first.stop();
    await rename(path.join(data(), 'chain-regtest'), path.join(data(), 'chain-simnet'));
    const other = startOn('simnet', '--validate', 'full', '--export', 'stdout:');
    expect(await end(other)).toMatch(
      /ended with 1:\nbtcdmon-node: chain \S+chain-simnet: is not a chain of simnet; move it away\n$/,
    );
    await writeFile(path.join(data(), 'chain-regtest'), 'no folder');
    const file = start('--validate', 'full', '--export', 'stdout:');
    expect(await end(file)).toMatch(/ended with 1:\nbtcdmon-node: chain \S+chain-regtest: [^\n]+\n$/);
  });

  prlimit.describe('on a disk that fills up', (prlimitProgram) => {
    it('ends with one line and status 1, and goes on where there is room again', async () => {
      const program = await full('--export', 'stdout:');
      // A limit on the size of files stands for the disk: the kernel refuses writes beyond it in the same
      // way.
      execFileSync(prlimitProgram, ['--pid', String(program.pid), '--fsize=1000000']);
      const bulk = { value: 0, script: Buffer.concat([Buffer.of(0x6a), Buffer.alloc(400_000)]) };
      for (let left = 8; left > 0; left--) {
        const block = miner.extend(miner.build([], { outputs: [bulk] }));
        peer.add(block);
        peer.announce(block);
      }
      expect(await end(program)).toMatch(
        /ended with 1:\n(\{[^\n]*\n)*btcdmon-node: chain \S+chain-regtest: [^\n]+\n$/,
      );
      const again = await full('--export', 'stdout:');
      expect(again.log()).toContain(`{"height":110,"level":"info","message":"${CAUGHT_UP}"`);
      expect(await again.stop()).toBe(0);
    });
  });
});
