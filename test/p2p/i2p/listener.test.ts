import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SystemClock } from '../../../src/lib/clock';
import { EventBus } from '../../../src/lib/event-bus';
import { makeI2p, type I2p } from '../../../src/p2p/i2p/i2p';
import { KeyFile } from '../../../src/p2p/i2p/key-file';
import { prepareJoin } from '../../../src/p2p/join/prepare-join';
import type { P2PEvents } from '../../../src/p2p/p2p-events';
import { Pool } from '../../../src/p2p/pool';
import { Routes } from '../../../src/p2p/route/routes';
import { Cleanup } from '../../support/cleanup';
import { NO_COMPACT } from '../../support/compact';
import { freePort } from '../../support/free-port';
import { nameOfKey, newPrivateKey, type SamOverride, SamTestBridge } from '../../support/sam-bridge';
import { until } from '../../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function bridge(override?: SamOverride): Promise<SamTestBridge> {
  return cleanup.add(await SamTestBridge.start(override), (it) => it.stop());
}

/** A listener on mainnet that dials I2P alone. */
interface I2pListener {
  /** The addresses of complete handshakes, with the transport. */
  readonly handshakes: string[];
  readonly ends: string[];
  readonly refused: string[];
  /** What it logged, and what went wrong with the bridge. */
  readonly log: { readonly message: string; readonly details: object }[];
  readonly warnings: string[];
  /** Our address; undefined before it is known. */
  readonly name: () => string | undefined;
}

async function start(
  over: Pick<SamTestBridge, 'endpoint'>,
  {
    connect = [],
    listens = false,
    maxInbound = 16,
  }: { connect?: string[]; listens?: boolean; maxInbound?: number },
): Promise<I2pListener> {
  const directory = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-i2p-')), (it) =>
    rmSync(it, { recursive: true }),
  );
  const it = { handshakes: [], ends: [], refused: [], log: [], warnings: [] } as Omit<I2pListener, 'name'>;
  const key = listens ? new KeyFile(directory, 'mainnet') : undefined;
  const i2p: I2p = cleanup.add(
    makeI2p({ bridge: { endpoint: over.endpoint }, key }, (message) => it.warnings.push(message)),
    (made) => made.stop(),
  );
  const note = (message: string, details: object): void => void it.log.push({ message, details });
  const join = listens
    ? await prepareJoin(
        { peers: 0, maxInbound, listen: { host: '127.0.0.1', port: await freePort() } },
        { network: 'mainnet', hasPeers: false, i2p, log: { info: note, warn: note } },
      )
    : undefined;
  const bus = new EventBus<P2PEvents>();
  bus.on('handshake', ({ peer }) => it.handshakes.push(`${peer.address} ${peer.transport ?? ''}`));
  bus.on('disconnected', ({ reason }) => it.ends.push(reason));
  bus.on('refused', ({ reason }) => it.refused.push(reason));
  const pool = new Pool(
    {
      ...{ network: 'mainnet', userAgent: '/test/', wtxidRelay: true, txPerSecond: 100, transport: 'auto' },
      routes: new Routes({ i2p }),
      connect: connect.map((host) => ({ host, port: 0 })),
      ...(join === undefined ? {} : { join }),
    },
    {
      ...{ bus, clock: new SystemClock(), ...NO_COMPACT, reportUnreachable: () => undefined },
      lookup: (host) => Promise.reject(new Error(`${host} was looked up`)),
      fault: (error) => {
        throw error;
      },
    },
  );
  cleanup.add(pool, (made) => made.stop());
  pool.start();
  const name = (): string | undefined => {
    const reached = it.log.find(({ message }) => message === 'reachable by I2P');
    return (reached?.details as { readonly address: string } | undefined)?.address;
  };
  return { ...it, name };
}

describe('listeners in I2P', () => {
  it('dial each other by their addresses, and speak the encrypted transport', async () => {
    const over = await bridge();
    const ours = await start(over, { listens: true });
    const address = await until('our address', () => ours.name());
    const dialling = await start(over, { connect: [address] });
    await until('a handshake', () => dialling.handshakes.length === 1 && ours.handshakes.length === 1);
    expect(dialling.handshakes).toEqual([`${address}:0 v2`]);
    expect(ours.handshakes).toEqual([expect.stringMatching(/^[a-z2-7]{52}\.b32\.i2p:0 v2$/)]);
    expect(ours.handshakes[0]).not.toContain(address);
    expect([ours.warnings, dialling.warnings, ours.ends, dialling.ends]).toEqual([[], [], [], []]);
  });

  it('are several at once, each from an address of its own', async () => {
    const over = await bridge();
    const ours = await start(over, { listens: true });
    const address = await until('our address', () => ours.name());
    for (let n = 1; n <= 3; n += 1) {
      await start(over, { connect: [address] });
      await until('a handshake', () => ours.handshakes.length === n);
    }
    expect(new Set(ours.handshakes).size).toBe(3);
  });

  it('use an address of its own for each dial where they do not listen, and end it with the stream', async () => {
    const over = await bridge();
    const [one, two] = [await start(over, { listens: true }), await start(over, { listens: true })];
    const names = [await until('an address', () => one.name()), await until('an address', () => two.name())];
    const dialling = await start(over, { connect: names });
    await until('two handshakes', () => dialling.handshakes.length === 2);
    await until('both ends of them', () => one.handshakes.length + two.handshakes.length === 2);
    expect(over.sessionCount).toBe(4);
    expect(one.handshakes[0]).not.toBe(two.handshakes[0]);
    over.cutStreams();
    await until('the ends', () => dialling.ends.length === 2);
    await until('the end of their sessions', () => over.sessionCount <= 3);
  });

  it('are found at the same address after the router was restarted', async () => {
    const over = await bridge();
    const ours = await start(over, { listens: true });
    const address = await until('our address', () => ours.name());
    over.cutAll();
    await until('a session', () => over.sessionCount === 1);
    const dialling = await start(over, { connect: [address] });
    await until('a handshake', () => dialling.handshakes.length === 1);
  });

  it('refuse a peer above the limits as they do others', async () => {
    const over = await bridge();
    const ours = await start(over, { listens: true, maxInbound: 1 });
    const address = await until('our address', () => ours.name());
    await start(over, { connect: [address] });
    await until('a handshake', () => ours.handshakes.length === 1);
    await start(over, { connect: [address] });
    await until('a refusal', () => ours.refused.length > 0);
    // By chance both may be of one netgroup, of which there are 16.
    expect(['inbound-full', 'inbound-share']).toContain(ours.refused[0]);
  });
});

describe('a dial by a bridge', () => {
  const address = nameOfKey(newPrivateKey());

  it('that is down ends by route-failed, and the reason names the bridge', async () => {
    const port = await freePort();
    const dialling = await start({ endpoint: { host: '127.0.0.1', port } }, { connect: [address] });
    await until('a warning', () => dialling.warnings.length > 0);
    expect(dialling.warnings[0]).toContain(`the SAM bridge 127.0.0.1:${port} can't be reached`);
    expect(dialling.handshakes).toEqual([]);
  });

  it('that does not find the address is the failure of the address', async () => {
    const over = await bridge();
    const dialling = await start(over, { connect: [address] });
    await until('the lookup', () => over.lines.some((line) => line.startsWith('NAMING LOOKUP')));
    await until('the next lookup', () => over.lines.filter((line) => line.startsWith('NAMING')).length > 1);
    expect(dialling.warnings).toEqual([]);
    // The session was not seen by anybody, so that it serves the next dial.
    expect(over.sessionCount).toBe(1);
  });
});
