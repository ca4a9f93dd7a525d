// A simulated network in a process of its own: thousands of nodes on addresses of loopback, with the bytes of
// the real protocol, and addresses where nobody is. Its parent sends its size, and later asks for its counts.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { encodeAddr } from '../../src/wire/messages/addr';
import { encodeAddrV2 } from '../../src/wire/messages/addrv2';
import { decodeVersion } from '../../src/wire/messages/version';
import { NETWORKS } from '../../src/wire/networks';
import {
  type CrawlNetworkCommand,
  type CrawlNetworkCounts,
  type CrawlNetworkSize,
  hostOf,
  nodeOf,
  toldBy,
} from './crawl-network';
import { EncryptedPeer } from './encrypted-peer';
import { FakeConnection, type ReceivedMessage, versionPayload } from './fake-peer';

const MAGIC = NETWORKS.regtest.magic;

/** How often a node that floods tells a thousand addresses. */
const FLOOD_MS = 20;

interface Speaker {
  send(command: string, payload?: Buffer): void;
}

const connections: number[] = [];
const getaddrs: number[] = [];
const userAgents = new Set<string>();
let silent = 0;
let relaying = 0;
let open = 0;
let asked = 0;
let isReleased = false;

/** What a node does with a message. */
function answer(
  size: CrawlNetworkSize,
  index: number,
  socket: Socket,
  to: Speaker,
  { command, payload }: ReceivedMessage,
): void {
  const node = nodeOf(index);
  if (command === 'version') {
    const { relay, userAgent } = decodeVersion(payload);
    userAgents.add(userAgent);
    if (relay) relaying += 1;
    to.send('version', versionPayload({ ...node, time: Math.floor(Date.now() / 1_000) + node.ahead }));
    to.send('verack');
  }
  if (command === 'ping') to.send('pong', payload);
  if (command !== 'getaddr') return;
  getaddrs[index] = (getaddrs[index] ?? 0) + 1;
  asked += 1;
  if (!isReleased && asked > (size.answers ?? Infinity)) return;
  const told = toldBy(size, index);
  if (node.isNew) to.send('addrv2', encodeAddrV2(told));
  else to.send('addr', encodeAddr(told));
  if (!node.isFlooding) return;
  let begun = 0;
  const timer = setInterval(() => {
    const flood = Array.from({ length: 1_000 }, (_, i) => {
      const number = begun + i;
      const address = Buffer.of(127, 253 + (index & 1), number >> 8, number & 0xff);
      return { network: 'ipv4' as const, address, port: size.port, services: 9n, time: 0 };
    });
    begun = (begun + 1_000) % 65_000;
    to.send('addr', encodeAddr(flood));
  }, FLOOD_MS);
  socket.on('close', () => clearInterval(timer));
}

function serve(size: CrawlNetworkSize, index: number, socket: Socket): void {
  connections[index] = (connections[index] ?? 0) + 1;
  open += 1;
  socket.on('close', () => (open -= 1));
  socket.on('error', () => undefined);
  socket.once('data', (first: Buffer) => {
    socket.pause();
    socket.unshift(first);
    if (first.length >= 4 && first.readUInt32LE(0) === MAGIC) {
      new FakeConnection(socket, MAGIC, (to, message) => answer(size, index, socket, to, message));
    } else if (nodeOf(index).isEncrypted) {
      new EncryptedPeer(socket, {
        isInitiator: false,
        onMessage: (to, message) => answer(size, index, socket, to, message),
      });
    } else {
      socket.destroy();
      return;
    }
    socket.resume();
  });
}

async function start(size: CrawlNetworkSize): Promise<void> {
  for (let index = 0; index < size.reachable + size.silent; index++) {
    const isSilent = index >= size.reachable;
    const server = createServer((socket) => {
      if (!isSilent) serve(size, index, socket);
      else {
        silent += 1;
        socket.on('error', () => undefined).resume();
      }
    });
    server.listen(size.port, hostOf(size, index));
    await once(server, 'listening');
    if (!isSilent) {
      connections[index] = 0;
      getaddrs[index] = 0;
    }
  }
}

process.on('message', (message: CrawlNetworkSize | CrawlNetworkCommand) => {
  if (message === 'release') {
    isReleased = true;
    process.send?.('released');
    return;
  }
  if (message === 'counts') {
    const counts: CrawlNetworkCounts = {
      ...{ connections, open, getaddrs, silent, relaying },
      userAgents: [...userAgents],
    };
    process.send?.(counts);
    return;
  }
  start(message).then(
    () => process.send?.('ready'),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
