// Measures what 10,000 peers that dial the listener cost it by the encrypted transport (BIP324), beside the
// plain one in the same run: memory of a connection, and processor time until all handshakes are complete and
// each has got an answer to a ping. The peers are in a process of their own.
//   BENCH_PEERS=10000 node -r tsx/cjs bench/encrypted-crowd.ts
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransportName } from '#dist/p2p/transport/transport';
import { versionPayload } from '../test/support/fake-peer';
import { freePort } from '../test/support/free-port';
import { startListeningApp } from './support/listening-app';
import { collectGarbage, finish, partOf } from './support/own-process';
import { speakTransport } from './support/transport-peer';

const PEERS = Number(process.env['BENCH_PEERS'] ?? 10_000);
/** How many of them are in their handshake at a time. */
const AT_ONCE = 10;
const COLLECTIONS = 5;

/** What the crowd cost. */
interface Crowd {
  /** Bytes a connection: of the heap and of buffers, and of resident memory. */
  readonly used: number;
  readonly resident: number;
  /** Processor time a connection. */
  readonly processorMs: number;
}

/** Dials the listener from all peers. Each waits for the answer to a ping, and dials again without one. */
async function dialAll(transport: TransportName, port: number): Promise<void> {
  let left = PEERS;
  const dial = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () =>
        speakTransport(socket, {
          transport,
          isInitiator: true,
          onReady: (send) => send('version', versionPayload()),
          onMessage: (send, command) => {
            if (command === 'version') send('verack');
            if (command === 'verack') send('ping', Buffer.alloc(8));
            if (command === 'pong') resolve(true);
          },
        }),
      );
      socket.once('error', () => undefined);
      socket.once('close', () => resolve(false));
    });
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left > 0) {
        left -= 1;
        while (!(await dial()));
      }
    }),
  );
  process.on('disconnect', () => process.exit());
  finish({ done: true });
}

async function memory(): Promise<{ readonly used: number; readonly resident: number }> {
  for (let n = 0; n < COLLECTIONS; n++) {
    collectGarbage();
    await sleep(200);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { used: heapUsed + external, resident: rss };
}

async function listen(transport: TransportName): Promise<void> {
  const port = await freePort();
  const app = await startListeningApp({ transport, listen: port });
  let count = 0;
  app.bus.on('handshake', () => (count += 1));
  app.bus.on('disconnected', ({ established, reason }) => {
    // On a busy machine a handshake may take too long.
    if (established) throw new Error(`a connection ended: ${reason}`);
  });
  const before = await memory();
  const start = process.cpuUsage();
  const peers = fork(__filename, [`dial/${transport}/${port}`], { execArgv: process.execArgv });
  await once(peers, 'message');
  const { user, system } = process.cpuUsage(start);
  const after = await memory();
  if (count !== PEERS) throw new Error(`${count} of ${PEERS} handshakes`);
  const crowd: Crowd = {
    used: (after.used - before.used) / PEERS,
    resident: (after.resident - before.resident) / PEERS,
    processorMs: (user + system) / 1_000 / PEERS,
  };
  finish(crowd);
  process.exit();
}

async function measure(transport: TransportName): Promise<Crowd> {
  const child = fork(__filename, [`listen/${transport}`], {
    execArgv: [...process.execArgv, '--expose-gc'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [crowd] = (await once(child, 'message')) as [Crowd];
  return crowd;
}

async function main(): Promise<void> {
  const plain = await measure('v1');
  const encrypted = await measure('v2');
  const kB = (of: (crowd: Crowd) => number): string =>
    `${(of(encrypted) / 1e3).toFixed(1)} kB by v2, ${(of(plain) / 1e3).toFixed(1)} by v1 ` +
    `(${((of(encrypted) - of(plain)) / 1e3).toFixed(1)} more)`;
  console.log(
    `encrypted-crowd: ${PEERS} connections hold; memory of one: ${kB(({ used }) => used)}, ` +
      `resident ${kB(({ resident }) => resident)}; processor time until its first pong: ` +
      `${encrypted.processorMs.toFixed(2)} ms by v2, ${plain.processorMs.toFixed(2)} by v1`,
  );
}

const [role, transport, port] = partOf()?.split('/') ?? [];
if (role === 'dial') void dialAll(transport as TransportName, Number(port));
else if (role === 'listen') void listen(transport as TransportName);
else void main();
