import { once } from 'node:events';
import { access, constants, lstat, unlink } from 'node:fs/promises';
import { type Server, type Socket, connect, createServer } from 'node:net';
import path from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { TokenAttempts } from '../lib/token-attempts';
import type { Clock } from '../lib/clock';
import { diskProblem } from '../lib/disk-errors';
import { FailureError, messageOf } from '../lib/errors';
import { waitAtMost } from '../lib/wait-at-most';
import type { Warn } from '../export/tally';
import { Tally } from '../export/tally';
import { type Batches } from './batches';
import type { Intake } from './intake';
import { type ListenAddress, formatListenAddress } from './listen-address';
import { Sender } from './sender';
import type { LineSource } from './line-source';

/** Address, security and limits of a listener. */
export interface ListenerOptions {
  readonly address: ListenAddress;
  /** Certificate and key in PEM, for TLS over TCP; null for plain TCP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly token: string | null;
  /** Limit of concurrent connections. */
  readonly maxConnections: number;
  /** Milliseconds of silence after which a connection is closed; its sender connects again. */
  readonly idleMs?: number;
  /** Milliseconds within which a sender must send its token. */
  readonly admitMs?: number;
  /** Interval of the signs of life for a sender that has to wait, in milliseconds. */
  readonly signOfLifeMs?: number;
}

export interface ListenerModules {
  readonly intake: Intake;
  readonly batches: Batches;
  readonly clock: Clock;
  readonly warn: Warn;
}

/** Long enough for a slow network and a busy collector. */
const ADMIT_MS = 10_000;

/**
 * The most senders that have not sent their token yet, and the most that are in the handshake of TLS; each at
 * most a quarter of all connections. If there are more, the oldest one is disconnected.
 */
const MAX_STRANGERS = 100;
const STRANGERS_SHARE = 1 / 4;

/** Milliseconds in which complete batches may still become safe when the listener closes. */
const FINISH_MS = 1_500;

/** Milliseconds in which the last confirmations may still leave. */
const LEAVE_MS = 500;

/** Why a connection is turned away. */
type TurnedAwayCause = 'token' | 'guesses' | 'many' | 'tls' | 'system' | 'fault';

const TURNED_AWAY: Readonly<Record<TurnedAwayCause, string>> = {
  token: 'without a token, or with a wrong one',
  guesses: 'from an address that gave too many wrong tokens in a minute',
  many: 'beyond the limit (--max-connections)',
  tls: 'that do not speak TLS, or do not trust our certificate',
  system: 'that the system could not accept (too many open files?)',
  fault: 'because of an error in btcdmon-node',
};

/** Accepts connections of senders, over TCP, TLS or a Unix socket. */
export class Listener implements LineSource {
  private readonly senders = new Set<Sender>();
  private readonly strangers = new Set<Sender>();
  /** Connections in the handshake of TLS, by address and port: Node.js has another socket for the rest. */
  private readonly handshakes = new Map<string, Socket>();
  private readonly maxStrangers: number;
  private readonly turned: Tally<TurnedAwayCause>;
  private readonly attempts: TokenAttempts;
  private readonly options: Required<ListenerOptions>;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    options: ListenerOptions,
    private readonly modules: ListenerModules,
    private readonly server: Server,
  ) {
    this.options = { idleMs: 600_000, admitMs: ADMIT_MS, signOfLifeMs: 10_000, ...options };
    this.maxStrangers = Math.min(
      MAX_STRANGERS,
      Math.max(1, Math.floor(options.maxConnections * STRANGERS_SHARE)),
    );
    this.turned = new Tally('connections turned away', TURNED_AWAY, modules);
    // Wrong tokens are counted and logged with the connections that are turned away.
    this.attempts = new TokenAttempts({ nowMs: () => modules.clock.monotonicMs(), warn: () => undefined });
  }

  /** @throws FailureError where it can't listen on the address, or certificate and key don't match */
  static async open(options: ListenerOptions, modules: ListenerModules): Promise<Listener> {
    const { address, tls } = options;
    const where = `--listen ${formatListenAddress(address)}`;
    const isTls = tls !== null && !('path' in address);
    let server: Server;
    try {
      server = isTls
        ? createTlsServer({ ...tls, minVersion: 'TLSv1.2', handshakeTimeout: ADMIT_MS })
        : createServer();
    } catch (error) {
      throw new FailureError(
        `${where}: the certificate and its key can't be used: ${messageOf(error)}; give a certificate (--tls-cert) and the key that it was made with (--tls-key), both PEM`,
      );
    }
    const listener = new Listener(options, modules, server);
    if (isTls) server.on('connection', (socket: Socket) => listener.shakeHands(socket));
    server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => listener.accept(socket));
    server.on('tlsClientError', () => listener.turned.add(1, 'tls'));
    server.on('drop', () => listener.turned.add(1, 'many'));
    server.maxConnections = options.maxConnections;
    if ('path' in address) await clearSocketPath(address.path, where);
    try {
      // The backlog is longer than Node's 511: after a restart a thousand nodes connect at once.
      // The mask gives a Unix socket a mode for this user alone.
      const mask = process.umask(0o177);
      try {
        server.listen({ ...address, backlog: 4_096 });
      } finally {
        process.umask(mask);
      }
      await once(server, 'listening');
    } catch (error) {
      server.close();
      throw new FailureError(`${where}: can't be used: ${explain(error, address)}`);
    }
    server.on('error', (error) => listener.turned.add(1, 'system', diskProblem(error)));
    listener.timer = setInterval(() => listener.sendSignsOfLife(), listener.options.signOfLifeMs).unref();
    return listener;
  }

  /** The port on which it listens: where the address has port 0, the one that the system chose. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Number of connections that may send. */
  get connections(): number {
    return [...this.senders].filter(({ isAdmitted }) => isAdmitted).length;
  }

  /** Stops accepting and reading; confirms the batches that become safe soon. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.turned.report();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    await waitAtMost(
      FINISH_MS,
      Promise.all([...this.senders].map((sender) => sender.settled())).then(() => undefined),
    );
    for (const sender of this.senders) sender.end();
    await waitAtMost(LEAVE_MS, closed);
  }

  /** Notes a connection that has yet to complete its handshake. */
  private shakeHands(socket: Socket): void {
    const name = nameOf(socket);
    this.handshakes.set(name, socket);
    socket.once('close', () => {
      if (this.handshakes.get(name) === socket) this.handshakes.delete(name);
    });
    const [oldest] = this.handshakes;
    if (oldest === undefined || this.handshakes.size <= this.maxStrangers) return;
    this.handshakes.delete(oldest[0]);
    oldest[1].destroy();
    this.turned.add(1, 'tls');
  }

  private accept(socket: Socket): void {
    this.handshakes.delete(nameOf(socket));
    const { admitMs, idleMs, token } = this.options;
    const address = socket.remoteAddress;
    const mayTry = (): boolean => {
      // Connections over a Unix socket have no address: they are of the same user.
      if (token === null || address === undefined || this.attempts.waitS(address) === 0) return true;
      this.turned.add(1, 'guesses', `from ${address}`);
      return false;
    };
    if (!mayTry()) {
      // No message is sent: a node with the right token at the same address then sees a broken connection,
      // and connects again.
      socket.on('error', () => undefined).destroy();
      return;
    }
    const sender = new Sender(socket, {
      ...this.modules,
      token,
      admitted: () => this.strangers.delete(sender),
      turnedAway: () => this.turned.add(1, 'token', `from ${sender.from}`),
      mayTry,
      wrongToken: () => {
        if (address !== undefined) this.attempts.fail(address);
      },
      fault: (error) => this.turned.add(1, 'fault', messageOf(error)),
    });
    socket.on('error', () => undefined);
    socket.setKeepAlive(true, 60_000);
    socket.setTimeout(idleMs, () => {
      if (!sender.isWaiting) socket.destroy();
    });
    this.senders.add(sender);
    if (!sender.isAdmitted) {
      this.strangers.add(sender);
      const [oldest] = this.strangers;
      if (oldest !== undefined && this.strangers.size > this.maxStrangers) {
        this.strangers.delete(oldest);
        oldest.turnAway();
      }
      setTimeout(() => {
        if (this.strangers.has(sender)) sender.turnAway();
      }, admitMs).unref();
    }
    void sender.run().finally(() => {
      this.senders.delete(sender);
      this.strangers.delete(sender);
    });
  }

  private sendSignsOfLife(): void {
    for (const sender of this.senders) sender.sendSignOfLife();
  }
}

/** What tells the open connections of a server apart. */
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}

/**
 * Makes sure that a socket can be made at a path. A socket that a killed collector left is removed; one that
 * answers is in use. The folder is checked here, because Node.js reports EACCES for a folder that does not
 * exist.
 * @throws FailureError if no socket can be made there
 */
async function clearSocketPath(file: string, where: string): Promise<void> {
  const cannot = (error: unknown): never => {
    throw new FailureError(`${where}: can't be used: ${diskProblem(error)}`);
  };
  await access(path.dirname(file), constants.W_OK).catch(cannot);
  const stat = await lstat(file).catch((error: unknown) =>
    (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : cannot(error),
  );
  if (stat === null) return;
  if (!stat.isSocket())
    throw new FailureError(`${where}: there is a file that is no socket; move it away, or name another path`);
  const probe = connect({ path: file });
  const answers = await once(probe, 'connect').then(
    () => true,
    () => false,
  );
  probe.destroy();
  if (answers)
    throw new FailureError(`${where}: is in use by another process; stop that one, or name another path`);
  await unlink(file).catch(cannot);
}

function explain(error: unknown, address: ListenAddress): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'another process listens there';
  if (code === 'EACCES' && 'port' in address) return 'not permitted; ports below 1024 are for root';
  if (code === 'EADDRNOTAVAIL') return 'the address is not one of this machine';
  return diskProblem(error);
}
