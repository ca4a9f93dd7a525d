import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { COIN_VALUE, splitCoinbases } from '../support/funding';
import { type Program, runProgram } from '../support/program';
import { untilStored } from '../support/running-store';
import { type Row, type Stored, openStored } from '../support/stored';
import { until } from '../support/until';
import { SPENDABLE_TYPES, Wallet } from '../support/wallet';

/** Blocks before the program is started: enough to spend coinbases. */
const BEFORE = 130;
const SPENDS_PER_TYPE = 10;
const PATIENCE_MS = 600_000;

/** Fields of the log's lines with this message. */
function logged(program: Program, message: string): Record<string, unknown>[] {
  return program
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((fields) => fields['message'] === message);
}

btcd.describe('--validate full beside a real btcd', (btcdProgram) => {
  const cleanup = new Cleanup();
  const wallet = new Wallet();
  /** Fees of the spends, by btcd's own account, in satoshi. */
  const fees: number[] = [];
  let node: Btcd;
  let stored: Stored;
  let spendBlock: string;
  let after: string[];
  let missed: string[];
  let last: string[];
  let resumedAt: number;
  let exitStatus: number | null;

  beforeAll(async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-full-')), (it) =>
      rm(it, { recursive: true, force: true }),
    );
    const miningAddress = wallet.address('regtest');
    node = cleanup.add(await Btcd.start(btcdProgram, { miningAddress }), (it) => it.stop());
    const mined = await node.rpc<string[]>('generate', BEFORE);
    const count = SPENDABLE_TYPES.length * SPENDS_PER_TYPE;
    const { coins } = await splitCoinbases(node, wallet, SPENDABLE_TYPES, count, mined);
    await node.rpc('generate', 1);

    const args = [
      ...['--network', 'regtest', '--connect', `127.0.0.1:${node.p2pPort}`, '--interval', '1s'],
      ...['--validate', 'full', '--data-dir', path.join(folder, 'data')],
    ];
    const start = (): Program => cleanup.add(runProgram(args, folder), (it) => it.stop());
    const caughtUp = (program: Program, height: number): Promise<unknown> =>
      until(
        `the chain of ${height} blocks`,
        () =>
          logged(program, 'caught up: blocks are judged fully from here').some(
            (line) => line['height'] === height,
          ),
        { giveUp: program.ended, ms: 240_000 },
      );
    const store = path.join(folder, 'data', 'btcdmon.duckdb');

    const first = start();
    await caughtUp(first, BEFORE + 1);
    for (const [i, coin] of coins.slice(0, count).entries()) {
      const spend = wallet.sign([coin], [{ type: 'pubkeyhash', value: COIN_VALUE - 1_000 - i }]);
      await node.rpc('sendrawtransaction', spend.hex);
    }
    const pool = await node.rpc<Record<string, { fee: number }>>('getrawmempool', true);
    for (const { fee } of Object.values(pool)) fees.push(Math.round(fee * 1e8));
    // What it has announced it gives away until a block holds it.
    await untilStored(store, 'SELECT count(*) FROM tx', `${count}`, { giveUp: first.ended });
    [spendBlock = ''] = await node.rpc<string[]>('generate', 1);
    after = await node.rpc<string[]>('generate', 3);
    const told = 'SELECT count(*), (SELECT count(*) FROM tx_fees) FROM processed_blocks';
    await untilStored(store, told, `4,${count}`, { giveUp: first.ended });
    await first.kill();

    missed = await node.rpc<string[]>('generate', 20);
    const second = start();
    await caughtUp(second, BEFORE + 25);
    [resumedAt = -1] = logged(second, 'full validation').map((line) => Number(line['height']));
    last = await node.rpc<string[]>('generate', 2);
    await untilStored(store, 'SELECT count(*) FROM processed_blocks', '6', { giveUp: second.ended });
    exitStatus = await second.stop();
    stored = cleanup.add(await openStored(store), (it) => it.close());
  }, PATIENCE_MS);

  afterAll(() => cleanup.run());

  const blockRows = (): Promise<Row[]> =>
    stored.rows(
      'SELECT sha, height, status, reject_reason, unverified_inputs, total_tx_fees FROM processed_blocks ORDER BY time',
    );

  it('goes on after kill -9 where it was, and stops with status 0', () => {
    expect(resumedAt).toBe(BEFORE + 5);
    expect(exitStatus).toBe(0);
  });

  it('tells of each block that came live, as accepted, and of none that it fetched to catch up', async () => {
    const rows = await blockRows();
    expect(rows.map(({ sha, status }) => [sha, status])).toEqual(
      [spendBlock, ...after, ...last].map((sha) => [sha, 'accepted']),
    );
    expect(missed).toHaveLength(20);
    const heights = await stored.rows('SELECT best_height FROM blocks ORDER BY time');
    expect(heights.map((row) => row['best_height'])).toEqual(rows.map(({ height }) => height));
    expect(rows.at(-1)?.['height']).toBe(await node.rpc('getblockcount'));
  });

  it('knows every fee, from coins that no peer relayed to it', async () => {
    const rows = await stored.rows('SELECT tx_fee FROM tx_fees ORDER BY tx_fee');
    expect(fees).toHaveLength(SPENDABLE_TYPES.length * SPENDS_PER_TYPE);
    expect(rows.map((row) => row['tx_fee'])).toEqual(fees.sort((a, b) => a - b));
  });

  it('counts the inputs whose scripts it cannot judge: of taproot and anchors', async () => {
    const [row] = await blockRows();
    expect(row).toMatchObject({
      unverified_inputs: 2 * SPENDS_PER_TYPE,
      total_tx_fees: fees.reduce((sum, fee) => sum + fee, 0),
    });
    for (const other of (await blockRows()).slice(1)) expect(other['unverified_inputs']).toBe(0);
  });
});
