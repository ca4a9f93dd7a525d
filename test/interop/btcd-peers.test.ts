import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Btcd, type BtcdOptions, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { splitCoinbases } from '../support/funding';
import { type Program, runProgram } from '../support/program';
import { storedRow, untilStored } from '../support/running-store';
import { type Row, openStored } from '../support/stored';
import { until } from '../support/until';
import { SPENDABLE_TYPES, Wallet } from '../support/wallet';

const PATIENCE_MS = 300_000;

btcd.describe('real btcds that come and go', (btcdProgram) => {
  const cleanup = new Cleanup();
  let folder: string;
  let store: string;

  beforeEach(async () => {
    folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-interop-')), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    store = path.join(folder, 'store.duckdb');
  });

  afterEach(() => cleanup.run());

  async function startBtcd(options: BtcdOptions): Promise<Btcd> {
    return cleanup.add(await Btcd.start(btcdProgram, options), (it) => it.stop());
  }

  function listen(ports: readonly number[]): Program {
    const peers = ports.flatMap((port) => ['--connect', `127.0.0.1:${port}`]);
    const args = ['--network', 'simnet', '--interval', '500ms', '--export', `duckdb:${store}`, ...peers];
    return cleanup.add(runProgram(args, folder), (it) => it.stop());
  }

  /** Asks the store, which the program must have let go of. */
  async function stored(sql: string): Promise<Row[]> {
    const reader = await openStored(store);
    try {
      return await reader.rows(sql);
    } finally {
      reader.close();
    }
  }

  it(
    'dials a btcd again that was stopped and started, and goes on where it was',
    async () => {
      // On regtest btcd begins with an empty chain each time.
      const miningAddress = new Wallet().address('simnet');
      const node = await startBtcd({ network: 'simnet', miningAddress });
      const program = listen([node.p2pPort]);
      const patience = { giveUp: program.ended };
      await until('the first handshake', async () => (await node.peers()).length === 1, patience);
      await node.rpc('generate', 3);
      // A btcd that is stopped at once serves nobody the blocks that it has announced.
      await untilStored(store, 'SELECT sum(block)::BIGINT FROM msg_recv', '3', patience);
      await node.halt();
      await node.run();
      await until('the second handshake', async () => (await node.peers()).length === 1, patience);
      await node.rpc('generate', 2);
      const best = await node.rpc<string>('getbestblockhash');
      await untilStored(store, 'SELECT max_by(sha, time) FROM blocks', best, patience);
      expect(await program.stop()).toBe(0);

      expect(await stored('SELECT count(version) AS handshakes FROM peers')).toEqual([{ handshakes: 2 }]);
      expect(
        await stored(
          'SELECT sum(version)::BIGINT AS version, sum(verack)::BIGINT AS verack, sum(block)::BIGINT AS block FROM msg_recv',
        ),
      ).toEqual([{ version: 2, verack: 2, block: 5 }]);
      expect(await stored('SELECT best_height, sha FROM blocks ORDER BY time DESC LIMIT 1')).toEqual([
        { best_height: 5, sha: best },
      ]);
    },
    PATIENCE_MS,
  );

  it.each([1, 2, 6])(
    'tells a reorganisation of %d blocks, when a longer chain of another btcd comes',
    async (depth) => {
      const miningAddress = new Wallet().address('simnet');
      const first = await startBtcd({ network: 'simnet', miningAddress });
      const second = await startBtcd({ network: 'simnet', miningAddress });
      const program = listen([first.p2pPort, second.p2pPort]);
      const patience = { giveUp: program.ended };
      const connected = async (): Promise<boolean> =>
        (await first.peers()).length === 1 && (await second.peers()).length === 1;
      await until('both handshakes', connected, patience);
      const judged = "SELECT count(*) FROM processed_blocks WHERE status IN ('accepted', 'side_chain')";
      const blocks = `SELECT max(best_height), (${judged}) FROM blocks`;
      await first.rpc('generate', depth);
      await untilStored(store, blocks, `${depth},${depth}`, patience);
      await second.rpc('generate', depth + 2);
      await untilStored(store, blocks, `${depth + 2},${2 * depth + 2}`, patience);
      expect(await program.stop()).toBe(0);

      expect(await stored('SELECT depth, old_tip, new_tip, fork_height FROM reorgs')).toEqual([
        {
          depth,
          old_tip: await first.rpc('getblockhash', depth),
          new_tip: await second.rpc('getblockhash', depth + 1),
          fork_height: 0,
        },
      ]);
      expect(await stored('SELECT best_height, sha FROM blocks ORDER BY time DESC LIMIT 1')).toEqual([
        { best_height: depth + 2, sha: await second.rpc('getbestblockhash') },
      ]);
      expect(
        await stored(
          "SELECT count(*)::BIGINT AS blocks FROM processed_blocks WHERE status IN ('accepted', 'side_chain') AND reject_reason IS NULL",
        ),
      ).toEqual([{ blocks: 2 * depth + 2 }]);
    },
    PATIENCE_MS,
  );

  it(
    'listens to two btcds on simnet and has each transaction and block once',
    async () => {
      const wallet = new Wallet();
      const first = await startBtcd({ network: 'simnet', miningAddress: wallet.address('simnet') });
      const extraArgs = [`--addpeer=127.0.0.1:${first.p2pPort}`];
      const second = await startBtcd({ network: 'simnet', extraArgs });
      const mined = await first.rpc<string[]>('generate', 110);
      const program = listen([first.p2pPort, second.p2pPort]);
      const us = async (node: Btcd) => (await node.peers()).find(({ subver }) => subver.includes('btcdmon'));
      await until(
        'both handshakes',
        async () => (await us(first)) !== undefined && (await us(second)) !== undefined,
      );
      await until('the second btcd’s sync', async () => (await second.rpc('getblockcount')) === 110);

      const { transactions } = await splitCoinbases(first, wallet, SPENDABLE_TYPES, 400, mined.slice(0, 4));
      await until(
        'the relay between the btcds',
        async () => (await second.rpc<string[]>('getrawmempool')).length === transactions.length,
      );
      const patience = { giveUp: program.ended };
      await untilStored(store, 'SELECT count(*) FROM tx', `${transactions.length}`, patience);
      await first.rpc('generate', 1);
      await until('the last block on both', async () => (await second.rpc('getblockcount')) === 111);
      await untilStored(store, 'SELECT max(best_height) FROM blocks', '111', patience);
      // A ping may come at any moment, so both are asked until they agree.
      const bandwidth = 'SELECT max(bytes_recv), max(bytes_sent) FROM bandwidth';
      await until(
        'the bytes that both btcds have counted',
        async () => {
          const [ofFirst, ofSecond] = [await us(first), await us(second)];
          if (ofFirst === undefined || ofSecond === undefined) return false;
          const received = ofFirst.bytessent + ofSecond.bytessent;
          const sent = ofFirst.bytesrecv + ofSecond.bytesrecv;
          return (await storedRow(store, bandwidth)) === `${received},${sent}`;
        },
        patience,
      );
      expect(await program.stop()).toBe(0);

      expect(await stored('SELECT sha FROM tx ORDER BY sha')).toEqual(
        transactions.map(({ txid }) => ({ sha: txid })).sort((a, b) => (a.sha < b.sha ? -1 : 1)),
      );
      expect(await stored('SELECT max(total_connected) AS peers FROM peers')).toEqual([{ peers: 2 }]);
      expect(
        await stored(
          'SELECT count(*) AS points, max(best_height) AS height FROM blocks WHERE best_height = 111',
        ),
      ).toEqual([{ points: 1, height: 111 }]);
    },
    PATIENCE_MS,
  );
});
