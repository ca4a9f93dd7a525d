import { setImmediate } from 'node:timers/promises';
import { SystemClock } from '../../src/lib/clock';
import { systemTimer } from '../../src/lib/timer';
import { displayOf } from '../../src/wire/hash';
import { BtcdNotifications } from '../../src/watch/btcd-notifications';
import { fixedLogin } from '../../src/watch/login';
import type { NodePlace } from '../../src/watch/node-place';
import type { WatchGap } from '../../src/watch/watch-gap';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { type CutProxy, cutProxy } from '../support/cut-proxy';
import { coinbase } from '../support/funding';
import { TestTimer } from '../support/test-timer';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';
import { placeAt } from './place-at';

const clock = new SystemClock();

/** Notifications of a place, and all that they told. `isAnswering`: whether its RPC is known to answer. */
function subscribe(
  place: NodePlace,
  timer = systemTimer,
  isAnswering: () => boolean | undefined = () => true,
) {
  const blocks: string[] = [];
  const transactions: { txid: string; vsize: number | undefined; bytes: string | undefined }[] = [];
  const gaps: WatchGap[] = [];
  const ends: string[] = [];
  const warnings: string[] = [];
  let begun = 0;
  const notifications = new BtcdNotifications(
    place,
    {
      block: ({ kind, hash, height }) => blocks.push(`${kind} ${height} ${displayOf(hash)}`),
      transaction: ({ txid, vsize, bytes }) =>
        transactions.push({ txid: displayOf(txid), vsize, bytes: bytes?.toString('hex') }),
      begun: () => (begun += 1),
      gap: (gap) => gaps.push(gap),
      lost: ({ kind, reason }) => ends.push(`${kind}: ${reason}`),
    },
    { clock, timer, isAnswering, warn: (message) => warnings.push(message) },
  );
  notifications.start();
  return { notifications, blocks, transactions, gaps, ends, warnings, begun: () => begun };
}

/** Lets time pass, once what happened before has been handled. */
async function letPass(timer: TestTimer, ms: number): Promise<void> {
  await setImmediate();
  timer.pass(ms);
}

btcd.describe("btcd's websocket", (program) => {
  const cleanup = new Cleanup();
  const wallet = new Wallet();
  let node: Btcd;
  let proxy: CutProxy;
  /** Blocks whose coinbases can be spent. */
  let mature: string[];

  /** Spends the coinbase of a mature block. */
  const spend = async (block: string | undefined) => {
    const source = await coinbase(node, block ?? '');
    const spending = wallet.sign([source], [{ type: 'pubkeyhash', value: source.value - 5_000 }]);
    await node.rpc('sendrawtransaction', spending.hex);
    return spending;
  };

  const place = (parts: Partial<NodePlace> = {}): NodePlace =>
    placeAt({
      port: node.rpcPort,
      isSecure: true,
      certificateFile: node.certificateFile,
      login: fixedLogin({ user: node.user, password: node.password }, 'the test'),
      ...parts,
    });
  const open = (parts: Partial<NodePlace> = {}) => {
    const opened = subscribe(place(parts));
    cleanup.add(opened.notifications, (it) => it.close());
    return opened;
  };

  beforeAll(async () => {
    const options = { tls: true, miningAddress: wallet.address('regtest') };
    node = await Btcd.start(program, { ...options, limited: { user: 'guest', password: 'g' } });
    proxy = await cutProxy(node.rpcPort);
    mature = await node.rpc<string[]>('generate', 110);
  });
  afterEach(() => cleanup.run());
  afterAll(async () => {
    await proxy.stop();
    await node.stop();
  });

  it('tells of blocks, transactions and disconnected blocks', async () => {
    const { begun, blocks, transactions, gaps } = open();
    await until('the subscription', () => begun() === 1);
    const mined = await node.rpc<string[]>('generate', 3);
    await until('the blocks', () => blocks.length === 3);
    expect(blocks).toEqual(mined.map((hash, i) => `connected ${111 + i} ${hash}`));

    const spending = await spend(mature[0]);
    await until('the transaction', () => transactions.length === 1);
    expect(transactions).toEqual([
      { txid: spending.txid, vsize: spending.hex.length / 2, bytes: spending.hex },
    ]);

    const [tip = ''] = mined.slice(-1);
    await node.rpc('invalidateblock', tip);
    await until('the disconnected block', () => blocks.length === 4);
    expect(blocks[3]).toBe(`disconnected 113 ${tip}`);
    expect(gaps).toEqual([]);
  });

  it('works without TLS', async () => {
    const plain = cleanup.add(await Btcd.start(program), (it) => it.stop());
    const login = fixedLogin({ user: plain.user, password: plain.password }, 'the test');
    const { begun } = open({ port: plain.rpcPort, isSecure: false, certificateFile: undefined, login });
    await until('the subscription', () => begun() === 1);
  });

  it('tells the limited user as well', async () => {
    const { begun } = open({ login: fixedLogin({ user: 'guest', password: 'g' }, 'the test') });
    await until('the subscription', () => begun() === 1);
  });

  it('that is cut in the middle of a notification comes back, and tells the gap', async () => {
    const { begun, blocks, transactions, gaps, ends } = open({ port: proxy.port });
    await until('the subscription', () => begun() === 1);
    await node.rpc('generate', 1);
    // It comes after all that btcd tells of the block.
    await spend(mature[1]);
    await until('the transaction', () => transactions.length === 1);
    const beforeNs = clock.uniqueNs();
    proxy.cutNext();
    const [missed] = await node.rpc<string[]>('generate', 1);
    await until('the gap', () => gaps.length === 1);
    const [gap] = gaps;
    // The last sign of life came before the cut.
    expect(gap?.fromNs).toBeLessThan(beforeNs);
    expect(gap?.untilNs).toBeGreaterThan(beforeNs);
    expect(gap?.reason).not.toBe('');
    expect(ends).toHaveLength(1);
    expect(blocks.join()).not.toContain(missed);
    await node.rpc('generate', 1);
    await until('the next block', () => blocks.length === 2);
    expect(begun()).toBe(1);
  });

  it('comes back after a restart with a renewed certificate', async () => {
    const { begun, blocks, gaps } = open();
    await until('the subscription', () => begun() === 1);
    await node.renewCertificate();
    await until('the gap', () => gaps.length === 1);
    await node.rpc('generate', 1);
    await until('a block', () => blocks.length === 1);
  });

  it('whose node hangs is given up after two missed signs of life', async () => {
    const timer = new TestTimer();
    const { begun, ends, gaps, notifications, blocks } = subscribe(place({ port: proxy.port }), timer.start);
    cleanup.add(notifications, (it) => it.close());
    await until('the subscription', () => begun() === 1);
    // The answer to the ping is awaited by a message that comes after it.
    await node.rpc('generate', 1);
    await until('a block', () => blocks.length === 1);
    proxy.hold();
    timer.pass(15_000);
    expect(ends).toEqual([]);
    timer.pass(15_000);
    expect(ends).toEqual(['timeout: no sign of life within 15 s']);
    proxy.release();
    await until('the gap', () => {
      timer.pass(1_000);
      return gaps.length === 1;
    });
  });

  it.each([true, false])(
    'says nothing where the RPC hangs as well, whether it answers later: %s',
    async (is) => {
      const own = cleanup.add(await cutProxy(node.rpcPort), (it) => it.stop());
      const timer = new TestTimer();
      let isAnswering: boolean | undefined;
      const watched = subscribe(place({ port: own.port }), timer.start, () => isAnswering);
      const { notifications, begun, ends, warnings, gaps } = watched;
      cleanup.add(notifications, (it) => it.close());
      await until('the subscription', () => begun() === 1);
      const before = own.connections();
      own.hold();
      await until('the end', () => {
        timer.pass(15_000);
        return ends.length === 1;
      });
      expect(ends).toEqual(['timeout: no sign of life within 15 s']);
      for (let i = 0; i < 20; i++) await letPass(timer, 1_000);
      expect([own.connections() - before, warnings]).toEqual([0, []]);
      own.release();
      isAnswering = is;
      await letPass(timer, 1_000);
      if (!is) {
        expect([own.connections() - before, warnings]).toEqual([0, []]);
        isAnswering = true;
        notifications.resume();
      }
      await until('the gap', () => gaps.length === 1);
      expect(own.connections() - before).toBe(1);
      expect(warnings).toEqual(is ? [expect.stringContaining('no notifications: no sign of life')] : []);
    },
  );

  it('waits, and says nothing, while the RPC is known to be away', async () => {
    const own = cleanup.add(await cutProxy(node.rpcPort), (it) => it.stop());
    const timer = new TestTimer();
    let isAnswering = true;
    const watched = subscribe(place({ port: own.port }), timer.start, () => isAnswering);
    const { notifications, begun, ends, warnings, gaps } = watched;
    cleanup.add(notifications, (it) => it.close());
    await until('the subscription', () => begun() === 1);
    const before = own.connections();
    own.refuse();
    await until('the end', () => ends.length === 1);
    isAnswering = false;
    for (let i = 0; i < 10; i++) timer.pass(60_000);
    expect([own.connections() - before, warnings]).toEqual([0, []]);
    own.release();
    isAnswering = true;
    notifications.resume();
    await until('the gap', () => gaps.length === 1);
    expect(own.connections() - before).toBe(1);
    // It does not connect twice.
    notifications.resume();
    timer.pass(60_000);
    expect([own.connections() - before, begun(), warnings]).toEqual([1, 1, []]);
  });

  it.each([
    ['a wrong password', { login: fixedLogin({ user: 'x', password: 'secret' }, 'password-file /p') }],
    ['plain HTTP', { isSecure: false }],
    ['no trusted certificate', { certificateFile: undefined }],
  ])('is refused in one line with %s', async (_, parts) => {
    const { ends, warnings, begun } = open(parts);
    await until('the end', () => ends.length > 0 && warnings.length > 0);
    expect(ends[0]).toMatch(
      /^(unauthorized: the node refuses the login of password-file \/p; give .*|not-json: has no websocket: HTTP status 400; if it speaks TLS, write https instead of http|certificate: has a certificate that does not verify: .*)$/,
    );
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^btcd at https?:\/\/127\.0\.0\.1:\d+: no notifications: [^\n]+$/);
    expect(warnings[0]).not.toContain('secret');
    expect(begun()).toBe(0);
  });
});
