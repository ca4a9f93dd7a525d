import fc from 'fast-check';
import { systemTimer } from '../../src/lib/timer';
import { identifyNode } from '../../src/watch/identify';
import { NodeCalls } from '../../src/watch/node-calls';
import { RpcClient } from '../../src/watch/rpc-client';
import { RpcFailure } from '../../src/watch/rpc-failure';
import { fakeHash } from '../support/fake-hash';
import { type HttpServer, startHttpServer } from '../support/http-server';
import { placeAt } from './place-at';

const HASH = 'ab'.repeat(32);

/** Names of fields that are read, so that values of any type stand in them. */
const NAMES = [
  ...['id', 'addr', 'services', 'subver', 'version', 'inbound', 'pingtime', 'minfeefilter', 'conntime'],
  ...['bytesrecv_per_msg', 'bytessent_per_msg', 'transport_protocol_type', 'hash', 'height', 'branchlen'],
  ...['status', 'totalbytesrecv', 'size', 'total_fee', 'warnings', 'networks', 'bits', 'tx', 'from', 'txid'],
  ...['fees', 'fee', 'time', 'chain', 'new', '__proto__', 'constructor', 'toString'],
];

const leaf = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom(-1, 1e300, -0, 2 ** 53, HASH, HASH.slice(1), '00000009', 'x'.repeat(10_000), '\u0000\n'),
);
const object = fc.dictionary(
  fc.constantFrom(...NAMES, HASH),
  fc.oneof(leaf, fc.dictionary(fc.string(), leaf)),
);
const answer = fc.oneof(leaf, object, fc.array(object, { maxLength: 3 }), fc.dictionary(fc.string(), object));

describe('an answer of any form', () => {
  let server: HttpServer;
  let client: RpcClient;
  let result: unknown;

  beforeAll(async () => {
    server = await startHttpServer(() => ({
      status: 200,
      text: JSON.stringify({ result, error: null, id: 1 }),
    }));
    client = new RpcClient(placeAt({ port: server.port }), {
      clock: { monotonicMs: () => 0 },
      timer: systemTimer,
    });
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  it('is read as far as it can be, or refused in one line', async () => {
    await fc.assert(
      fc.asyncProperty(answer, fc.constantFrom('btcd', 'core'), async (given, kind) => {
        result = given;
        const calls = new NodeCalls(kind, client);
        const hash = fakeHash('');
        const all: readonly (() => Promise<unknown>)[] = [
          () => calls.netTotals(),
          () => calls.peers(),
          () => calls.mempoolInfo(),
          () => calls.mempoolTxids(),
          () => calls.mempoolEntries(() => () => undefined),
          () => calls.chainTips(),
          () => calls.chainInfo(),
          () => calls.block(hash),
          () => calls.blockBytes(hash),
          () => calls.header(hash),
          () => calls.hashAt(1),
          () => calls.bestHash(),
          () => calls.wireHeader(hash),
          () => calls.transactionBytes(hash),
          () => calls.uptime(),
          () => calls.networkInfo(),
          () => calls.addresses(),
          () => calls.orphans(),
          () => identifyNode(client, 'mainnet', () => undefined),
        ];
        for (const call of all)
          await call().catch((error: unknown) => {
            expect(error).toBeInstanceOf(RpcFailure);
            expect((error as RpcFailure).message).not.toContain('\n');
            expect((error as RpcFailure).message.length).toBeLessThan(600);
          });
      }),
      { numRuns: 60 },
    );
  });

  it('leaves out the fields and the entries that it lacks', async () => {
    const calls = new NodeCalls('btcd', client);
    result = [{ id: 'x', addr: 5, bytesrecv: 1.5, bytessent: 7, feefilter: -1 }, null, 'peer'];
    const peers = (await calls.peers()) ?? [];
    expect(peers).toHaveLength(1);
    expect(peers[0]).toMatchObject({ id: undefined, address: undefined, bytesReceived: undefined });
    expect(peers[0]).toMatchObject({ bytesSent: 7, feeFilter: undefined, pingMs: undefined });
    result = [{ height: 1, hash: HASH, branchlen: 0, status: 'new' }, { height: 1 }];
    expect(await calls.chainTips()).toMatchObject([{ height: 1, status: undefined }]);
    result = 'text';
    await expect(calls.peers()).rejects.toMatchObject({
      kind: 'odd-answer',
      message: `btcd at http://127.0.0.1:${server.port}: getpeerinfo: does not answer with a list`,
    });
  });

  it('has the units that its node writes', async () => {
    result = [{ pingtime: 1_500, pingwait: 250, feefilter: 1_000, services: '00001033' }];
    expect(await new NodeCalls('btcd', client).peers()).toMatchObject([
      { pingMs: 1.5, pingWaitMs: 0.25, feeFilter: 1_000, services: 1033n },
    ]);
    result = [{ pingtime: 0.0015, minping: 0.001, minfeefilter: 0.00001, services: '0000000000000409' }];
    expect(await new NodeCalls('core', client).peers()).toMatchObject([
      { pingMs: 1.5, minPingMs: 1, feeFilter: 1_000, services: 1033n },
    ]);
  });

  it('tells a network that is not known', async () => {
    result = 0x01020304;
    await expect(identifyNode(client, 'signet', () => undefined)).rejects.toThrow(
      'is on a network that is not known (magic 01020304), and the listener on signet',
    );
  });
});
