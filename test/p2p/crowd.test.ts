import { randomBytes } from 'node:crypto';
import { SystemClock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import type { P2PEvents } from '../../src/p2p/p2p-events';
import { prepareJoin } from '../../src/p2p/join/prepare-join';
import { readHash } from '../../src/wire/hash';
import { decodeInventory, encodeInventory, INV_BLOCK, INV_WTX } from '../../src/wire/messages/inventory';
import { Pool } from '../../src/p2p/pool';
import { Cleanup } from '../support/cleanup';
import { NO_COMPACT } from '../support/compact';
import { dialListener, type FakeConnection, FakePeer } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** In earlier versions no other announcer was remembered with this many. */
const LIARS = 12;

const askedFor = (connection: FakeConnection): string[] =>
  connection.got
    .filter(({ command }) => command === 'getdata')
    .flatMap(({ payload }) => decodeInventory(payload))
    .map(({ hash }) => hash);

it('a crowd of inbound peers that announces first and delivers nothing withholds nothing from us', async () => {
  const port = await freePort();
  const honest = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const join = await prepareJoin(
    { peers: 0, maxInbound: 64, listen: { host: '127.0.0.1', port } },
    { network: 'regtest', hasPeers: true, log: { info: () => undefined, warn: () => undefined } },
  );
  const bus = new EventBus<P2PEvents>();
  const count = { handshakes: 0, invs: 0 };
  bus.on('handshake', () => count.handshakes++);
  bus.on('announced', () => count.invs++);
  const pool = new Pool(
    {
      ...{ network: 'regtest', connect: [{ host: honest.host, port: honest.port }], userAgent: '/test/' },
      ...{ wtxidRelay: true, txPerSecond: 100, join },
    },
    {
      ...{ bus, clock: new SystemClock(), ...NO_COMPACT, reportUnreachable: () => undefined },
      fault: (error) => {
        throw error;
      },
    },
  );
  cleanup.add(pool, (it) => it.stop());
  pool.start();

  const liars: FakeConnection[] = [];
  for (let i = 0; i < LIARS; i++)
    liars.push(
      cleanup.add(await dialListener(port, { features: ['wtxidrelay'] }), ({ socket }) => socket.destroy()),
    );
  await until('all handshakes', () => count.handshakes === LIARS + 1);
  const items = [INV_BLOCK, ...Array<number>(30).fill(INV_WTX)].map((type) => ({
    type,
    hash: readHash(randomBytes(32), 0),
  }));
  for (const liar of liars) liar.send('inv', encodeInventory(items));
  await until('the announcements of the liars', () => count.invs === LIARS);
  const [connection] = honest.connections;
  connection?.send('inv', encodeInventory(items));
  await until(
    'all to be requested from the honest peer',
    () => connection !== undefined && new Set(askedFor(connection)).size === items.length,
  );
});
