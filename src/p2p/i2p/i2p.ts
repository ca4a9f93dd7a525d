import type { Socket } from 'node:net';
import { messageOf } from '../../lib/errors';
import { DeferredSocket } from '../route/deferred-socket';
import { type PeerSocket, type Route, RouteError } from '../route/route';
import { Acceptor, type AcceptorHooks } from './acceptor';
import { SamError } from './sam-reply';
import { SamSession, type SamSessionOptions } from './sam-session';
import { REPLY_MS } from './sam-socket';

/** How many sessions wait for another dial; Core 31 `src/net.h` MAX_UNUSED_I2P_SESSIONS_SIZE. */
const MAX_UNUSED = 10;

/** Results that are the fault of the address that was dialled, and not of the bridge. */
const OF_THE_PEER = new Set(['CANT_REACH_PEER', 'PEER_NOT_FOUND', 'KEY_NOT_FOUND', 'INVALID_KEY', 'TIMEOUT']);

/** The network I2P, by the SAM bridge of a router. */
export interface I2p extends Route {
  /** Accepts streams of peers; only with a key. */
  accept(hooks: AcceptorHooks): void;
  /** Ends all streams. */
  stop(): void;
}

/**
 * Makes a route to addresses of I2P, and accepts streams. `warn` gets a line for each dial that fails because
 * of the bridge. With a key there is one session, in which we have one address. Without a key each outbound
 * stream comes from a new address, as in Core: so nobody can tell that two of them are ours.
 */
export function makeI2p(options: SamSessionOptions, warn: (message: string) => void): I2p {
  const dials = options.key === undefined ? new TransientDials(options) : new LastingSession(options);
  return {
    timeoutMs: REPLY_MS,
    open: (host): PeerSocket =>
      new DeferredSocket(async (signal) => {
        try {
          return await dials.dial(host, signal);
        } catch (error) {
          if (isOfThePeer(error)) throw Object.assign(new Error(messageOf(error)), { code: 'EHOSTUNREACH' });
          if (!signal.aborted) warn(messageOf(error));
          throw new RouteError(messageOf(error));
        }
      }),
    accept: (hooks) => dials.accept(hooks),
    stop: () => dials.stop(),
  };
}

function isOfThePeer(error: unknown): boolean {
  return error instanceof SamError && error.result !== undefined && OF_THE_PEER.has(error.result);
}

/** How the addresses of others are dialled. */
interface Dials {
  dial(name: string, signal: AbortSignal): Promise<Socket>;
  accept(hooks: AcceptorHooks): void;
  stop(): void;
}

/** One session for all streams. */
class LastingSession implements Dials {
  private readonly session: SamSession;
  private acceptor: Acceptor | undefined;

  constructor(options: SamSessionOptions) {
    this.session = new SamSession(options);
  }

  dial(name: string, signal: AbortSignal): Promise<Socket> {
    return this.session.connect(name, signal);
  }

  accept(hooks: AcceptorHooks): void {
    this.acceptor = new Acceptor(this.session, hooks);
    this.acceptor.start();
  }

  stop(): void {
    this.acceptor?.stop();
    this.session.stop();
  }
}

/** A session for each stream. */
class TransientDials implements Dials {
  private readonly unused: SamSession[] = [];
  private readonly used = new Set<SamSession>();

  constructor(private readonly options: SamSessionOptions) {}

  async dial(name: string, signal: AbortSignal): Promise<Socket> {
    const session = this.unused.pop() ?? new SamSession(this.options);
    this.used.add(session);
    try {
      const socket = await session.connect(name, signal);
      socket.once('close', () => this.end(session));
      return socket;
    } catch (error) {
      this.used.delete(session);
      // The peer has not seen its address.
      if (this.unused.length < MAX_UNUSED) this.unused.push(session);
      else session.stop();
      throw error;
    }
  }

  accept(): void {
    throw new Error('an address of one stream accepts no others');
  }

  stop(): void {
    for (const session of [...this.used, ...this.unused]) this.end(session);
  }

  private end(session: SamSession): void {
    this.used.delete(session);
    session.stop();
  }
}
