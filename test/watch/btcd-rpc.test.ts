import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemTimer } from '../../src/lib/timer';
import { displayOf } from '../../src/wire/hash';
import { resolveWatch } from '../../src/watch/find-node';
import { identifyNode } from '../../src/watch/identify';
import { confLogin, fixedLogin } from '../../src/watch/login';
import type { NodeCalls } from '../../src/watch/node-calls';
import { type NodePlace, describePlace } from '../../src/watch/node-place';
import { RpcClient } from '../../src/watch/rpc-client';
import type { RpcFailure } from '../../src/watch/rpc-failure';
import { Btcd, btcd } from '../support/btcd';
import { makeCertificate } from '../support/certificate';
import { Cleanup } from '../support/cleanup';
import { fakeHash } from '../support/fake-hash';
import { freePort } from '../support/free-port';
import { coinbase } from '../support/funding';
import { startHttpServer } from '../support/http-server';
import { until } from '../support/until';
import { type Signed, Wallet } from '../support/wallet';

/** The hash of no block. */
const NONE = fakeHash('');
import { placeAt } from './place-at';

const LIMITED = { user: 'guest', password: 'guest-secret' };
const FEE = 12_345;

const clock = { monotonicMs: () => performance.now() };
const dummy = '0'.repeat(64);

btcd.describe('the RPC of a btcd', (program) => {
  const cleanup = new Cleanup();
  const wallet = new Wallet();
  let node: Btcd;
  let blocks: string[];
  let spending: Signed;

  /** Where the node is, by TLS and with all rights unless told otherwise. */
  const place = (parts: Partial<NodePlace> = {}): NodePlace =>
    placeAt({
      port: node.rpcPort,
      isSecure: true,
      certificateFile: node.certificateFile,
      login: fixedLogin({ user: node.user, password: node.password }, 'the test'),
      ...parts,
    });
  const clientOf = (parts: Partial<NodePlace> = {}): RpcClient =>
    cleanup.add(new RpcClient(place(parts), { clock, timer: systemTimer }), (it) => it.close());
  const failureOf = async (client: RpcClient): Promise<{ kind: string; message: string }> => {
    const failure = await client.call('uptime').then(
      () => ({ kind: 'none', message: '' }),
      (error: unknown) => error as RpcFailure,
    );
    expect(failure.message).not.toMatch(/\n|secret/);
    expect(failure.message).not.toContain(node.password);
    return { kind: failure.kind, message: failure.message };
  };

  beforeAll(async () => {
    const miningAddress = wallet.address('regtest');
    const options = { tls: true, limited: LIMITED, miningAddress };
    node = cleanup.add(await Btcd.start(program, options), (it) => it.stop());
    const peer = cleanup.add(
      await Btcd.start(program, { extraArgs: [`--connect=127.0.0.1:${node.p2pPort}`] }),
      (it) => it.stop(),
    );
    blocks = await node.rpc<string[]>('generate', 101);
    const source = await coinbase(node, blocks[0] ?? '');
    spending = wallet.sign([source], [{ type: 'pubkeyhash', value: source.value - FEE }]);
    await node.rpc('sendrawtransaction', spending.hex);
    await until('the blocks', async () => (await peer.rpc('getblockcount')) === 101);
  });
  afterAll(() => cleanup.run());

  describe('with all rights', () => {
    let calls: NodeCalls;

    beforeAll(async () => {
      const warnings: string[] = [];
      const identified = await identifyNode(clientOf(), 'regtest', (message) => warnings.push(message));
      expect(identified).toMatchObject({ kind: 'btcd', version: 260_000 });
      expect(warnings).toEqual([]);
      ({ calls } = identified);
    });

    it('tells the traffic', async () => {
      type Raw = Readonly<Record<'totalbytesrecv' | 'totalbytessent', number>>;
      const raw = (): Promise<Raw> => node.rpc('getnettotals');
      const { before, totals } = await until('a moment without traffic', async () => {
        const before = await raw();
        const totals = await calls.netTotals();
        const after = await raw();
        const isSame = after.totalbytesrecv === before.totalbytesrecv;
        return isSame && after.totalbytessent === before.totalbytessent && { before, totals };
      });
      expect(totals).toEqual({
        bytesReceived: before.totalbytesrecv,
        bytesSent: before.totalbytessent,
        timeMs: expect.any(Number) as number,
      });
      expect(totals?.bytesSent).toBeGreaterThan(0);
    });

    it('tells the peers', async () => {
      // The two may just be without each other: btcd dials again after some seconds.
      const peer = await until('the peer', async () =>
        (await calls.peers())?.find(({ userAgent }) => userAgent !== undefined && userAgent !== ''),
      );
      expect(peer).toMatchObject({
        isInbound: true,
        version: 70_016,
        banScore: 0,
        transport: 'v1',
        startHeight: expect.any(Number) as number,
        isSyncPeer: expect.any(Boolean) as boolean,
        relaysTransactions: true,
        connectionType: undefined,
        sentByCommand: undefined,
      });
      expect(peer.userAgent).toContain('btcd');
      expect(peer.address).toMatch(/^127\.0\.0\.1:\d+$/);
      // NETWORK, WITNESS: bits 0 and 3.
      expect((peer.services ?? 0n) & 0b1001n).toBe(0b1001n);
    });

    it('tells the mempool, and the fee of each transaction', async () => {
      expect(await calls.mempoolInfo()).toMatchObject({
        transactions: 1,
        bytes: spending.hex.length / 2,
        minFee: undefined,
      });
      const txids = [...((await calls.mempoolTxids()) ?? [])];
      expect(txids.map(displayOf)).toEqual([spending.txid]);
      const entries: unknown[] = [];
      expect(await calls.mempoolEntries(() => (entry) => entries.push(entry))).toBe(1);
      expect(entries).toMatchObject([{ txid: txids[0], fee: FEE, height: 101, wtxid: undefined }]);
    });

    it('tells the chain', async () => {
      const best = blocks.at(-1) ?? '';
      const info = await calls.chainInfo();
      expect(info).toMatchObject({ chain: 'regtest', blocks: 101, isPruned: false, warnings: [] });
      expect(displayOf(info?.bestBlock ?? NONE)).toBe(best);
      const [tip] = (await calls.chainTips()) ?? [];
      expect(tip).toMatchObject({ height: 101, branchLength: 0, status: 'active', hash: info?.bestBlock });
    });

    it('tells blocks and headers, and that it lacks one', async () => {
      const best = (await calls.hashAt(101)) ?? NONE;
      expect(displayOf(best)).toBe(blocks.at(-1));
      const block = await calls.block(best);
      expect(block).toMatchObject({ hash: best, height: 101, confirmations: 1, bits: 0x207fffff });
      expect(block?.txids).toHaveLength(1);
      expect(await calls.blockBytes(best)).toHaveLength(block?.size ?? 0);
      const header = await calls.header(best);
      expect(header).toMatchObject({ hash: best, height: 101, previous: block?.previous });
      const unknown = NONE;
      expect(displayOf(unknown)).toBe(dummy);
      expect(await calls.block(unknown)).toBeNull();
      expect(await calls.blockBytes(unknown)).toBeNull();
      expect(await calls.header(unknown)).toBeNull();
      expect(await calls.hashAt(102)).toBeNull();
    });

    it('tells the node', async () => {
      const info = await until('the peer', async () => {
        const told = await calls.networkInfo();
        return told?.connections === 1 && told;
      });
      expect(info).toMatchObject({ version: 260_000, relayFee: 1_000 });
      expect(await calls.uptime()).toBeGreaterThanOrEqual(0);
      // Core's alone.
      expect(await calls.addresses()).toBeUndefined();
      expect(await calls.orphans()).toBeUndefined();
      expect(calls.refused).toEqual(['getaddrmaninfo', 'getorphantxs']);
    });
  });

  it('says once what its limited user may not ask', async () => {
    const warnings: string[] = [];
    const client = clientOf({ login: fixedLogin(LIMITED, 'the test') });
    const { calls } = await identifyNode(client, 'regtest', (message) => warnings.push(message));
    expect(warnings).toEqual([
      `btcd at https://127.0.0.1:${node.rpcPort}: getpeerinfo, getmempoolinfo, getblockchaininfo: btcd does not answer them to this user, so that what they tell is left out; rpclimituser may not call all methods, rpcuser may; an older btcd lacks some`,
    ]);
    expect(await calls.peers()).toBeUndefined();
    expect((await calls.netTotals())?.bytesSent).toBeGreaterThan(0);
    expect((await calls.mempoolTxids())?.size).toBe(1);
    expect(await calls.mempoolEntries(() => () => undefined)).toBe(1);
    expect(await calls.chainTips()).toHaveLength(1);
    expect(await calls.uptime()).toBeGreaterThanOrEqual(0);
    expect(warnings).toHaveLength(1);
  });

  it('is refused on another network than the listener, with both names', async () => {
    await expect(identifyNode(clientOf(), 'mainnet', () => undefined)).rejects.toMatchObject({
      kind: 'other-network',
      message: `btcd at https://127.0.0.1:${node.rpcPort}: getcurrentnet: is on regtest, and the listener on mainnet; watch a node of mainnet, or listen with --network regtest`,
    });
  });

  it('is not asked with a wrong password, whose place is named', async () => {
    const login = fixedLogin({ user: node.user, password: 'a-secret' }, 'password-file /p');
    const failure = await failureOf(clientOf({ login }));
    expect(failure.kind).toBe('unauthorized');
    expect(failure.message).toContain('the node refuses the login of password-file /p');
  });

  it('is asked again with the password of its configuration, when that has changed', async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-conf-')), (it) =>
      rm(it, { recursive: true }),
    );
    const file = path.join(folder, 'btcd.conf');
    const write = (password: string) => writeFile(file, `rpcuser=${node.user}\nrpcpass=${password}\n`);
    await write('old-secret');
    const client = clientOf({ login: confLogin(file, 'btcd', '') });
    expect((await failureOf(client)).kind).toBe('unauthorized');
    await write(node.password);
    expect((await failureOf(client)).kind).toBe('none');
  });

  it('by plain HTTP is one line that says what to write', async () => {
    const failure = await failureOf(clientOf({ isSecure: false }));
    expect(failure.kind).toBe('tls');
    expect(failure.message).toContain('speaks TLS; write https instead of http');
  });

  it('by TLS at a btcd without it is one line that says what to write', async () => {
    const plain = cleanup.add(await Btcd.start(program), (it) => it.stop());
    const failure = await failureOf(clientOf({ port: plain.rpcPort }));
    expect(failure.kind).toBe('tls');
    expect(failure.message).toContain('does not speak TLS; for plain HTTP write http instead of https');
  });

  it('at the port for peers is one line', async () => {
    for (const isSecure of [true, false]) {
      const failure = await failureOf(clientOf({ port: node.p2pPort, isSecure }));
      expect(['tls', 'unreachable']).toContain(failure.kind);
    }
  });

  it('with a certificate that is not the trusted one is one line', async () => {
    const other = cleanup.add(makeCertificate('IP:127.0.0.1'), (it) => it.remove());
    for (const certificateFile of [other.certificateFile, undefined]) {
      const failure = await failureOf(clientOf({ certificateFile }));
      expect(failure.kind).toBe('certificate');
      expect(failure.message).toContain('has a certificate that does not verify');
      expect(failure.message).toContain('?ca-file=PATH');
    }
    const failure = await failureOf(clientOf({ certificateFile: '/no/such/file' }));
    expect(failure.kind).toBe('certificate');
    expect(failure.message).toContain("certificate /no/such/file: can't be read");
  });

  it('is found by auto where it runs, and Core is where btcd does not', async () => {
    const home = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-home-')), (it) =>
      rm(it, { recursive: true }),
    );
    const write = async (rpcPort: number): Promise<void> => {
      const lines = [
        '[Application Options]',
        `rpcuser=${node.user}`,
        `rpcpass=${node.password}`,
        `rpclisten=127.0.0.1:${rpcPort}`,
        `rpccert=${node.certificateFile}`,
        'regtest=1',
      ];
      await writeFile(path.join(home, '.btcd', 'btcd.conf'), lines.join('\n'));
    };
    await mkdir(path.join(home, '.btcd'));
    await write(node.rpcPort);
    const context = { network: 'regtest', machine: { home, platform: 'linux', env: {} } } as const;
    const modules = { clock, timer: systemTimer };
    const found = await resolveWatch('mine=auto', context, modules);
    expect(describePlace(found)).toBe(`mine at https://127.0.0.1:${node.rpcPort}`);
    expect((await failureOf(clientOf(found))).kind).toBe('none');

    const core = cleanup.add(
      await startHttpServer(() => ({ status: 200, text: '{"result":1,"error":null}' })),
      (it) => it.stop(),
    );
    await mkdir(path.join(home, '.bitcoin', 'regtest'), { recursive: true });
    await writeFile(path.join(home, '.bitcoin', 'regtest', '.cookie'), '__cookie__:x');
    await writeFile(path.join(home, '.bitcoin', 'bitcoin.conf'), `[regtest]\nrpcport=${core.port}\n`);
    expect((await resolveWatch('auto', context, modules)).name).toBe('btcd');
    await write(await freePort());
    expect(describePlace(await resolveWatch('auto', context, modules))).toBe(
      `core at http://127.0.0.1:${core.port}`,
    );
  });

  it('goes on after a restart, and with a certificate that was renewed', async () => {
    const client = clientOf();
    const { calls } = await identifyNode(client, 'regtest', () => undefined);
    await node.halt();
    expect((await failureOf(client)).kind).toBe('refused');
    await node.run();
    expect(await calls.uptime()).toBeGreaterThanOrEqual(0);
    await node.renewCertificate();
    expect(await calls.uptime()).toBeGreaterThanOrEqual(0);
    expect((await failureOf(client)).kind).toBe('none');
  });
});
