import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { EventBus } from '../../src/lib/event-bus';
import type { Direction } from '../../src/tap/copy-format';
import { DEFAULT_LIMITS, type TapLimits, type TapSettings } from '../../src/tap/settings';
import type { TapConnection } from '../../src/tap/tap-connection';
import type { SkipReason, TapEvents } from '../../src/tap/tap-events';
import { TapProcess } from '../../src/tap/tap-process';
import type { Tally } from './recorder';
import { until } from './until';

/** What a tap told of one direction. */
export interface TappedDirection {
  bytes: number;
  readonly skipped: Record<SkipReason, number>;
  readonly messages: Map<string, Tally>;
}

/** What a tap told of a connection. */
export interface Tapped {
  readonly connection: TapConnection;
  readonly in: TappedDirection;
  readonly out: TappedDirection;
  reason: string | null;
}

/** A tap, and all that it told. */
export interface TestTap {
  readonly process: TapProcess;
  /** The ports of its forwards, on 127.0.0.1. */
  readonly ports: readonly number[];
  readonly socksPort: number;
  readonly tapped: readonly Tapped[];
  readonly warnings: readonly string[];
  readonly refused: ReadonlyMap<string, number>;
  readonly missed: { connections: number; in: number; out: number };
  readonly bus: EventBus<TapEvents>;
}

/** Options of a tap for tests, with limits in part. */
export interface TestTapOptions extends Partial<Omit<TapSettings, 'limits' | 'forwards'>> {
  /** Ports on 127.0.0.1 that forwards lead to, each from a free port. */
  readonly targets?: readonly number[];
  readonly forwards?: TapSettings['forwards'];
  readonly limits?: Partial<TapLimits>;
}

/** A free port of loopback, as a place to listen. */
export const ANY = { host: '127.0.0.1', port: 0 };

/** Settings of a tap for tests. */
export function tapSettings({ targets = [], limits, ...options }: TestTapOptions): TapSettings {
  return {
    network: 'regtest',
    forwards: targets.map((port) => ({ listen: ANY, target: { host: '127.0.0.1', port } })),
    socks: ANY,
    upstreamProxy: null,
    plain: false,
    ...options,
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
}

/** Starts a tap and notes all that it tells. */
export async function startTap(options: TestTapOptions): Promise<TestTap> {
  const bus = new EventBus<TapEvents>();
  const tapped = new Map<number, Tapped>();
  const warnings: string[] = [];
  const refused = new Map<string, number>();
  const missed = { connections: 0, in: 0, out: 0 };
  const at = ({ id }: TapConnection, direction: Direction): TappedDirection => {
    const found = tapped.get(id)?.[direction];
    if (found === undefined) throw new Error(`connection ${id} was not opened`);
    return found;
  };
  const direction = (): TappedDirection => ({
    bytes: 0,
    skipped: { 'no-message': 0, 'not-copied': 0 },
    messages: new Map(),
  });
  bus.on('opened', ({ connection }) =>
    tapped.set(connection.id, { connection, in: direction(), out: direction(), reason: null }),
  );
  bus.on('bytes', ({ bytes, connection, direction }) => (at(connection, direction).bytes += bytes));
  bus.on('skipped', ({ bytes, connection, direction, why }) => {
    at(connection, direction).skipped[why] += bytes;
  });
  bus.on('message', ({ bytes, command, connection, direction }) => {
    const { messages } = at(connection, direction);
    const { messages: count, bytes: sum } = messages.get(command) ?? { messages: 0, bytes: 0 };
    messages.set(command, { messages: count + 1, bytes: sum + bytes });
  });
  bus.on('closed', ({ connection, reason }) => {
    const found = tapped.get(connection.id);
    if (found !== undefined) found.reason = reason;
  });
  bus.on('missed', ({ connections, bytes }) => {
    missed.connections += connections;
    missed.in += bytes.in;
    missed.out += bytes.out;
  });
  bus.on('refused', ({ count, reason }) => refused.set(reason, (refused.get(reason) ?? 0) + count));
  const process = new TapProcess(tapSettings(options), { bus, warn: (text) => warnings.push(text) });
  const places = await process.open();
  return {
    process,
    ports: places.forwards.map(({ port }) => port),
    socksPort: places.socks?.port ?? 0,
    get tapped() {
      return [...tapped.values()];
    },
    warnings,
    refused,
    missed,
    bus,
  };
}

/** A server on loopback, and the connections that came. */
export interface TestServer {
  readonly port: number;
  /** The next connection that comes, or that came and was not taken yet. Both its directions end apart. */
  next(): Promise<Socket>;
  /** Number of connections so far. */
  readonly count: () => number;
  stop(): Promise<void>;
}

/** Starts a server whose sockets are paused. */
export async function startServer(host = '127.0.0.1'): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const waiting: Socket[] = [];
  let count = 0;
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    count++;
    sockets.add(socket);
    waiting.push(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    next: () => until('a connection', () => waiting.shift()),
    count: () => count,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Connects to a port of loopback. The socket is paused. */
export async function dialPort(port: number, localAddress?: string): Promise<Socket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    allowHalfOpen: true,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  socket.pause();
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

/**
 * How a socket ended: by its end (FIN), or by the code of an error. Reads, and drops, what comes before.
 * Node.js 20 reports a reset that comes with the last bytes as an end, so a write of no bytes tells both
 * apart.
 */
export function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('end', () => {
      if (!socket.writable) resolve('end');
      else socket.write(Buffer.alloc(0), (error) => resolve(error == null ? 'end' : 'ECONNRESET'));
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('close', () => resolve('close'));
    socket.resume();
  });
}

/** All bytes of a socket until its end. @throws its error */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The next `length` bytes of a socket, which is paused again. */
export async function readBytes(socket: Socket, length: number): Promise<Buffer> {
  return until(`${length} bytes`, () => (socket.read(length) as Buffer | null) ?? undefined, {
    giveUp: () => {
      if (socket.errored !== null) return String(socket.errored);
      return socket.readableEnded ? 'the connection has ended' : undefined;
    },
  });
}
