import { linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../src/lib/clock';
import { Batches } from '../../src/collect/batches';
import { Intake } from '../../src/collect/intake';
import { Listener, type ListenerOptions } from '../../src/collect/listener';
import { Cleanup } from '../support/cleanup';
import { HeldQueue } from '../support/held-queue';
import { LineClient } from '../support/line-client';
import { lineOf, makePoints } from '../support/make-points';
import { until } from '../support/until';

const clock = new SystemClock();
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const LOOPBACK = { host: '127.0.0.1', port: 0 };

async function setUp(options: Partial<ListenerOptions> = {}, monotonicMs = () => clock.monotonicMs()) {
  const queue = new HeldQueue();
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const intake = new Intake({ queues: [queue], clock, warn });
  const listener = await Listener.open(
    { address: LOOPBACK, tls: null, token: null, maxConnections: 100, ...options },
    { intake, batches: new Batches(), clock: { uniqueNs: () => clock.uniqueNs(), monotonicMs }, warn },
  );
  cleanup.add(listener, (it) => it.close());
  const connect = async (): Promise<LineClient> => {
    const place = options.address !== undefined && 'path' in options.address ? options.address : LOOPBACK;
    const client = await LineClient.connect('path' in place ? place : { ...place, port: listener.port });
    return cleanup.add(client, (it) => it.reset());
  };
  /** The times of the points that were taken. They are all different. */
  const times = (): bigint[] => queue.points.map(({ time }) => time);
  return { queue, warnings, intake, listener, connect, times };
}

const linesOf = (count: number): string[] => makePoints(count, clock).map(lineOf);
const timeOf = (line: string): bigint => BigInt(line.slice(line.lastIndexOf(' ') + 1));

describe('lines of senders', () => {
  it('become points with their node, their time and all other contents', async () => {
    const { queue, connect } = await setUp();
    const [one, other] = [await connect(), await connect()];
    one.send('tx,network=regtest,node=a tx_size=5i,sha="00" 1700000000000000001');
    other.send(
      'tx_outputs,network=regtest,node=b,script_type=anchor value=7i 1700000000000000001',
      '# a comment',
      '',
    );
    await until('both', () => queue.points.length === 2);
    expect(queue.points.sort((a, b) => a.series.localeCompare(b.series))).toEqual([
      {
        series: 'tx',
        time: 1700000000000000001n,
        tags: { node: 'a', network: 'regtest' },
        fields: { tx_size: 5, sha: '00' },
      },
      {
        series: 'tx_outputs',
        time: 1700000000000000001n,
        tags: { node: 'b', network: 'regtest', script_type: 'anchor' },
        fields: { value: 7 },
      },
    ]);
  });

  it('that are bad are refused alone: one warning counts them and shows none of their bytes', async () => {
    const { queue, intake, warnings, connect } = await setUp();
    const hostile = await connect();
    const good = await connect();
    const lines = linesOf(30);
    for (const [i, line] of lines.entries()) {
      good.send(line);
      hostile.send(
        'HOSTILE\u001b[2J',
        Buffer.from([0x48, 0xff, 0xfe]),
        `tx,node=HOSTILE sha="${'H'.repeat(70_000)}" 1`,
        'HOSTILE,node=a value=1i 1',
        'tx,node=a HOSTILE=1i 1',
        ...(i === 29 ? ['tx,network=regtest,node=hostile tx_size=1i 5'] : []),
      );
    }
    await until('the last', () => queue.points.length === 31);
    expect(intake.refused).toBe(150);
    intake.report();
    expect(warnings).toEqual([
      'lines refused: 30 that are not line protocol, 30 that are not UTF-8, 30 that are too long, ' +
        '30 of an unknown series (of a newer node?), 30 with an unknown column (of a newer node?) ' +
        '(one of them: from 127.0.0.1); 150 since the start',
    ]);
  });

  it('are read no faster than the exporters take them, and none is dropped', async () => {
    const { queue, connect, times } = await setUp();
    queue.isCrowded = true;
    const sender = await connect();
    const lines = linesOf(2_000);
    sender.send(...lines.slice(0, 1_000));
    // More than all buffers in between can hold: the sender must wait unless the listener reads.
    const filler = `#${'x'.repeat(60_000)}`;
    for (let i = 0; i < 400; i++) sender.send(filler);
    sender.send(...lines.slice(1_000));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(queue.points.length).toBeLessThanOrEqual(1_000);
    expect(sender.socket.writableLength).toBeGreaterThan(0);
    queue.isCrowded = false;
    await until('all', () => queue.points.length === lines.length);
    expect(times()).toEqual(lines.map(timeOf));
  });
});

describe('tokens', () => {
  it('admit senders that have the right one', async () => {
    const { queue, connect } = await setUp({ token: 'right' });
    const sender = await connect();
    sender.send('#btcdmon 1 token=right', ...linesOf(3));
    await until('the points', () => queue.points.length === 3);
  });

  it.each([
    ['none', ['tx,node=a tx_size=1i 1']],
    ['a wrong one', ['#btcdmon 1 token=wrong', 'tx,node=a tx_size=1i 1']],
    ['one that begins like it', ['#btcdmon 1 token=righ', 'tx,node=a tx_size=1i 1']],
    ['an empty one', ['#btcdmon 1 token=', 'tx,node=a tx_size=1i 1']],
    ['it too late', ['# hello', '#btcdmon 1 token=right', 'tx,node=a tx_size=1i 1']],
    ['a line without end', ['x'.repeat(100_000)]],
  ])('turn those away who have %s', async (_, lines) => {
    const { queue, warnings, listener, connect } = await setUp({ token: 'right' });
    const sender = await connect();
    sender.send(...lines);
    await sender.hears('refused token');
    await sender.isClosed();
    expect(queue.points).toEqual([]);
    await listener.close();
    expect(warnings).toEqual([
      'connections turned away: 1 without a token, or with a wrong one (one of them: from 127.0.0.1); 1 since the start',
    ]);
  });

  it('are guessed ten times a minute at most from one address, also over connections that are open already', async () => {
    const ns = { monotonicMs: 1_000 };
    const { warnings, listener, queue } = await setUp(
      { token: 'right', admitMs: 600_000 },
      () => ns.monotonicMs,
    );
    const from = async (localAddress: string): Promise<LineClient> =>
      cleanup.add(await LineClient.connect({ host: '127.0.0.1', port: listener.port, localAddress }), (it) =>
        it.reset(),
      );
    const guessers: LineClient[] = [];
    for (let i = 0; i < 15; i++) guessers.push(await from('127.0.0.9'));
    for (const [i, guesser] of guessers.entries()) {
      guesser.send(`#btcdmon 1 token=guess${i}`);
      if (i < 10) await guesser.hears('refused token');
      await guesser.isClosed();
    }
    // The right token does not help that address, and other addresses are not affected.
    const late = await from('127.0.0.9');
    late.send('#btcdmon 1 token=right', ...linesOf(1));
    await late.isClosed();
    const other = await from('127.0.0.10');
    other.send('#btcdmon 1 token=right', ...linesOf(2));
    await until('the points of the other', () => queue.points.length === 2);
    ns.monotonicMs += 60_000;
    const again = await from('127.0.0.9');
    again.send('#btcdmon 1 token=right', ...linesOf(1));
    await until('its point, a minute later', () => queue.points.length === 3);
    await listener.close();
    expect(warnings.join()).toMatch(/10 without a token.*6 from an address that gave too many wrong tokens/);
  });

  it('must come within a time limit', async () => {
    const { connect } = await setUp({ token: 'right', admitMs: 50 });
    const sender = await connect();
    await sender.hears('refused token');
    await sender.isClosed();
  });

  it('must not be missing from more than a hundred connections: strangers do not keep senders out', async () => {
    const { queue, listener, connect } = await setUp({ token: 'right', maxConnections: 1_000 });
    const strangers: LineClient[] = [];
    for (let i = 0; i < 150; i++) strangers.push(await connect());
    await until('the oldest to be sent away', () => strangers.filter(({ ended }) => ended).length >= 50);
    const sender = await connect();
    sender.send('#btcdmon 1 token=right', ...linesOf(3));
    await until('the points', () => queue.points.length === 3);
    expect(listener.connections).toBe(1);
  });
});

describe('connections', () => {
  it('are limited in number', async () => {
    const { connect, warnings, listener } = await setUp({ maxConnections: 2 });
    const senders = [await connect(), await connect(), await connect()];
    await until('one to be turned away', () => senders.some(({ ended }) => ended));
    await listener.close();
    expect(warnings.join()).toContain('1 beyond the limit (--max-connections)');
  });

  it('are closed when they are silent', async () => {
    const { connect } = await setUp({ idleMs: 50 });
    await (await connect()).isClosed();
  });
});

describe('batches that are confirmed', () => {
  async function greeted(connect: () => Promise<LineClient>): Promise<LineClient> {
    const client = await connect();
    client.send('#btcdmon 1');
    await client.hears('ready');
    return client;
  }

  it('are confirmed only once they are safe', async () => {
    const { queue, connect } = await setUp({ signOfLifeMs: 20 });
    queue.isQuick = false;
    const sender = await greeted(connect);
    sender.send('#batch n-1-0', ...linesOf(3), 'nonsense', '#end n-1-0');
    await until('the question', () => queue.asking === 1);
    await sender.hears('wait');
    expect(sender.heard.filter((line) => line !== 'wait')).toEqual(['ready']);
    queue.settle(true);
    await sender.hears('ok n-1-0 1');
    expect(queue.points).toHaveLength(3);
  });

  it('are not confirmed where the program is ending', async () => {
    const { queue, connect, listener } = await setUp();
    queue.isQuick = false;
    const sender = await greeted(connect);
    sender.send('#batch n-1-0', ...linesOf(3), '#end n-1-0');
    await until('the question', () => queue.asking === 1);
    const closed = listener.close();
    queue.settle(false);
    await closed;
    await sender.isClosed();
    expect(sender.heard.filter((line) => line !== 'wait')).toEqual(['ready']);
  });

  it('are taken once, wherever the connection breaks', async () => {
    const { queue, intake, connect, times } = await setUp();
    const lines = linesOf(10);
    lines.splice(4, 0, 'nonsense', '# a comment');
    const whole = ['#batch n-1-0', ...lines, '#end n-1-0'];
    for (let sent = 1; sent < whole.length; sent++) {
      const sender = await greeted(connect);
      sender.send(...whole.slice(0, sent));
      // A part of a line does not count as a line.
      sender.socket.write((whole[sent] ?? '').slice(0, 20));
      const expected = whole.slice(0, sent).filter((line) => line.startsWith('tx')).length;
      await until('what was sent', () => queue.points.length >= expected);
      sender.reset();
    }
    const last = await greeted(connect);
    last.send(...whole);
    await last.hears('ok n-1-0 1');
    expect(times()).toEqual(lines.filter((line) => line.startsWith('tx')).map(timeOf));
    expect(intake.refused).toBe(1);
  });

  it('are taken once where the confirmation is lost', async () => {
    const { queue, connect, times } = await setUp();
    const lines = linesOf(10);
    const whole = ['#batch n-1-0', ...lines, 'nonsense', '#end n-1-0'];
    const first = await greeted(connect);
    first.send(...whole);
    await first.hears('ok n-1-0 1');
    first.reset();
    const second = await greeted(connect);
    second.send(...whole);
    await second.hears('ok n-1-0 1');
    second.send('#batch n-1-500', ...linesOf(1), '#end n-1-500');
    await second.hears('ok n-1-500 0');
    expect(queue.points).toHaveLength(11);
    expect(times().slice(0, 10)).toEqual(lines.map(timeOf));
  });

  it('move from a connection that their sender has given up to the new one', async () => {
    const { queue, connect, times } = await setUp();
    queue.isQuick = false;
    const lines = linesOf(10);
    const old = await greeted(connect);
    old.send('#batch n-1-0', ...lines.slice(0, 6));
    await until('the begin', () => queue.points.length === 6);
    const young = await greeted(connect);
    young.send('#batch n-1-0', ...lines, '#end n-1-0');
    await until('the question', () => queue.asking === 1);
    old.send(...lines.slice(6), '#end n-1-0');
    await old.isClosed();
    queue.settle(true);
    await young.hears('ok n-1-0 0');
    expect(times()).toEqual(lines.map(timeOf));
  });

  it('may have been stored by an earlier run if they are unknown and the first of their connection', async () => {
    const { queue, connect } = await setUp();
    const [a, b] = [linesOf(2), linesOf(2)];
    const sender = await greeted(connect);
    sender.send('#batch n-1-0', ...a, '#end n-1-0');
    await sender.hears('ok n-1-0 0');
    sender.send('#batch n-1-500', ...b, '#end n-1-500');
    await sender.hears('ok n-1-500 0');
    expect(queue.points.map(({ mayBeStored }) => mayBeStored)).toEqual([true, true, undefined, undefined]);
  });

  it.each([
    ['an end without a begin', ['#end n-1-0']],
    ['another end', ['#batch n-1-0', '#end n-1-1']],
    ['a begin in the middle', ['#batch n-1-0', '#batch n-1-1']],
    ['lines behind the end', ['#batch n-1-0', '#end n-1-0', 'tx,node=a tx_size=1i 1']],
  ])('are in order: %s ends the connection', async (_, lines) => {
    const { queue, connect } = await setUp();
    queue.isQuick = false;
    const sender = await greeted(connect);
    sender.send(...lines);
    await sender.hears('refused order');
    await sender.isClosed();
  });

  it('need version 1 of the protocol', async () => {
    const { connect } = await setUp();
    const sender = await connect();
    sender.send('#btcdmon 2');
    await sender.hears('refused version');
  });
});

describe('addresses', () => {
  let folder = '';
  beforeEach(() => {
    folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-place-')), (it) =>
      rmSync(it, { recursive: true }),
    );
  });

  it('a Unix socket is for its user alone, and replaces one that a killed process left', async () => {
    const used = path.join(folder, 'used.sock');
    const other = createServer().listen(used);
    await until('the socket', () => statSync(used).isSocket());
    await expect(setUp({ address: { path: used } })).rejects.toThrow(
      `--listen unix:${used}: is in use by another process`,
    );
    // A second name stays when its server removes the first: a socket with nobody behind it.
    const stale = path.join(folder, 'stale.sock');
    linkSync(used, stale);
    other.close();
    const { connect, queue } = await setUp({ address: { path: stale } });
    expect(statSync(stale).mode & 0o777).toBe(0o600);
    (await connect()).send(...linesOf(2));
    await until('the points', () => queue.points.length === 2);
  });

  it('that can’t be used are refused with the reason', async () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, 'precious');
    await expect(setUp({ address: { path: file } })).rejects.toThrow('there is a file that is no socket');
    await expect(setUp({ address: { path: path.join(file, 'x.sock') } })).rejects.toThrow(
      /: can't be used: ENOTDIR[^\n]*; there is a file where a folder is needed: move it away, or name another path$/,
    );
    await expect(setUp({ address: { path: path.join(folder, 'none', 'x.sock') } })).rejects.toThrow(
      /: can't be used: ENOENT[^\n]*; a folder of this path does not exist: make it, or name another path$/,
    );
    const { listener } = await setUp();
    const taken = { host: '127.0.0.1', port: listener.port };
    await expect(setUp({ address: taken })).rejects.toMatchObject({
      exitCode: 1,
      message: `--listen tcp://127.0.0.1:${listener.port}: can't be used: another process listens there`,
    });
    await expect(setUp({ address: { host: '192.0.2.1', port: 0 } })).rejects.toThrow(
      'the address is not one of this machine',
    );
    await expect(setUp({ tls: { cert: 'no', key: 'no' } })).rejects.toThrow(
      "--listen tcp://127.0.0.1:0: the certificate and its key can't be used",
    );
  });
});
