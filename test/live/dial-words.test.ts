import net from 'node:net';
import { dialSentence } from '../../src/live/dial-words';
import { SystemClock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import type { P2PEvents } from '../../src/p2p/p2p-events';
import { Pool } from '../../src/p2p/pool';
import { Cleanup } from '../support/cleanup';
import { NO_COMPACT } from '../support/compact';
import { missing } from '../support/facts';
import { freePort } from '../support/free-port';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** Dials a port of this machine once, and says what the page says of it. */
async function wordsAbout(port: number): Promise<string> {
  const pool = new Pool(
    {
      ...{ network: 'simnet', connect: [{ host: '127.0.0.1', port }], userAgent: '/test/' },
      ...{ wtxidRelay: true, txPerSecond: 1_000 },
    },
    {
      ...{ bus: new EventBus<P2PEvents>(), clock: new SystemClock(), ...NO_COMPACT },
      ...{ reportUnreachable: () => undefined, fault: (error) => console.error(error) },
    },
  );
  pool.start();
  cleanup.add(pool, (it) => it.stop());
  const dial = await until('the end of an attempt', () => pool.dials.find(({ last }) => last !== null));
  expect(dial.connected).toBeNull();
  expect(dial.failures).toBe(1);
  expect(dial.waitMs).toBeGreaterThan(0);
  return dialSentence(dial, 'simnet').replace(String(port), 'PORT');
}

async function serverThat(answers: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => answers(socket));
  });
  cleanup.add(server, (it) => it.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
}

const RPC = 'That is an RPC port; the P2P port of simnet is 18555.';

it('a peer that hangs up during the handshake', async () => {
  const words =
    '127.0.0.1:PORT hangs up during the handshake: Another network? This monitor listens to simnet. Or it has banned the monitor.';
  expect(await wordsAbout(await serverThat((socket) => socket.end()))).toBe(words);
  expect(await wordsAbout(await serverThat((socket) => socket.resetAndDestroy()))).toBe(words);
});

it('a port that answers HTTP, or TLS', async () => {
  const http = await serverThat((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect(await wordsAbout(http)).toBe(`127.0.0.1:PORT answers HTTP: ${RPC}`);
  const tls = await serverThat((socket) => socket.end(Buffer.from('15030100020246', 'hex')));
  expect(await wordsAbout(tls)).toBe(`127.0.0.1:PORT answers TLS: ${RPC}`);
});

it('a port on which nothing listens', async () => {
  expect(await wordsAbout(await freePort())).toBe(
    '127.0.0.1:PORT refuses connections: Does the node run? The P2P port of simnet is 18555.',
  );
});

it('ports that belong to another network, or to RPC', () => {
  const at = (port: number, reason: 'closed-by-peer' | 'connection-refused' | 'wrong-network'): string => {
    const reached = reason === 'connection-refused' ? 'nothing' : 'connection';
    const dial = missing({ endpoint: { host: '127.0.0.1', port }, last: { reason, text: reason, reached } });
    return dialSentence(dial, 'mainnet');
  };
  expect(at(18555, 'closed-by-peer')).toBe(
    '127.0.0.1:18555 hangs up during the handshake: Another network? Try --network simnet.',
  );
  expect(at(18444, 'wrong-network')).toMatch(/Try --network regtest\.$/);
  expect(at(8334, 'connection-refused')).toMatch(/That is an RPC port; the P2P port of mainnet is 8333\.$/);
  expect(at(8333, 'connection-refused')).toMatch(
    /refuses connections: Does the node run, and does it listen\?$/,
  );
});

it('a connection that ended, and a name without an address', () => {
  const ended = missing({ last: { reason: 'stalled', text: 'stalled', reached: 'handshake' } });
  expect(dialSentence(ended, 'mainnet')).toBe('192.0.2.1:8333 was disconnected: stalled');
  const unnamed = missing({ last: { reason: null, text: 'the name has no address', reached: 'nothing' } });
  expect(dialSentence(unnamed, 'mainnet')).toMatch(/has no address: .*Is its name right\?$/);
});
