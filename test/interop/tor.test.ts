import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { type Program, runProgram } from '../support/program';
import { untilStored } from '../support/running-store';
import { tor, TorNetwork } from '../support/tor';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';
import { OnionKeyFile } from '../../src/p2p/tor/onion-key';
import { OnionService } from '../../src/p2p/tor/onion-service';

const PATIENCE_MS = 300_000;

tor.describe('a private Tor network on loopback', (torProgram) => {
  btcd.describe('and a btcd', (btcdProgram) => {
    const cleanup = new Cleanup();
    let folder = '';
    let network: TorNetwork;

    beforeAll(async () => {
      folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-tor-')), (it) =>
        rm(it, { recursive: true, force: true }),
      );
      network = cleanup.add(await TorNetwork.start(torProgram, folder), (it) => it.stop());
    }, PATIENCE_MS);

    afterAll(() => cleanup.run());

    const start = (args: readonly string[]): Program =>
      cleanup.add(runProgram(['--network', 'simnet', ...args], folder), (it) => it.kill());

    it(
      'leads a listener to a btcd behind an onion service, and another listener to ours',
      async () => {
        const options = { network: 'simnet', miningAddress: new Wallet().address('simnet') } as const;
        const node = cleanup.add(await Btcd.start(btcdProgram, options), (it) => it.stop());
        const addresses: string[] = [];
        const service = new OnionService(
          {
            control: { host: '127.0.0.1', port: network.controlPort },
            password: null,
            listen: { host: '127.0.0.1', port: node.p2pPort },
            port: 18_555,
          },
          {
            ...{
              keyFile: new OnionKeyFile(folder, 'simnet'),
              key: null,
              monotonicMs: () => performance.now(),
            },
            ...{ isUp: (address) => addresses.push(address), warn: (line) => addresses.push(line) },
          },
        );
        cleanup.add(service, (it) => it.stop());
        service.start();
        await until('the onion service of btcd', () => addresses.length > 0);
        const [onion = ''] = addresses;

        const store = path.join(folder, 'first.duckdb');
        const listenPort = await freePort();
        const proxy = ['--onion', `127.0.0.1:${network.socksPort}`, '--interval', '500ms'];
        const first = start([
          ...['-c', onion, ...proxy, '--export', `duckdb:${store}`, '--data-dir', await dataDir('first')],
          ...['--listen', `${listenPort}`, '--tor-control', `127.0.0.1:${network.controlPort}`],
        ]);
        const patience = { ms: PATIENCE_MS / 2, giveUp: first.ended };
        await until('btcd by its onion address', () => first.log().includes('"peer connected"'), patience);
        // Blocks that come before the listener has all headers are history, and no points.
        await until('the headers', () => node.isQuiet(3_000), patience);
        await node.rpc('generate', 3);
        const hash = await node.rpc<string>('getbestblockhash');

        const ours = await until(
          'our onion service',
          () => /"address":"([a-z2-7]{56}\.onion:18555)"[^\n]*reachable by Tor/.exec(first.log())?.[1],
          patience,
        );
        expect(ours).not.toBe(onion);
        const second = start([
          ...['-c', ours, ...proxy, '--export', 'stdout:', '--data-dir', await dataDir('second')],
        ]);
        await until('us by our onion address', () => second.log().includes('"peer connected"'), {
          ms: PATIENCE_MS / 2,
          giveUp: second.ended,
        });
        const gauges = '(SELECT max(inbound), max(outbound) FROM peers)';
        const sql = `SELECT * FROM ${gauges}, (SELECT max_by(sha, time) FROM blocks)`;
        await untilStored(store, sql, `1,1,${hash}`, patience);
        expect(await second.stop()).toBe(0);
        expect(await first.stop()).toBe(0);
      },
      PATIENCE_MS,
    );

    async function dataDir(name: string): Promise<string> {
      return mkdtemp(path.join(folder, `${name}-`));
    }
  });
});
