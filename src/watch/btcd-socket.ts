import { type ClientRequest, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { asciiLine } from '../lib/ascii-line';
import { messageOf } from '../lib/errors';
import type { Timer } from '../lib/timer';
import { connectionProblem } from './connection-problem';
import { refusedLogin } from './login';
import type { NodePlace } from './node-place';
import { type SocketMessage, readMessage } from './read-notification';
import type { FailureKind } from './rpc-failure';
import type { TrustOptions } from './trusted-certificate';

/** Why a websocket ended, or was never there. */
export interface SocketEnd {
  readonly kind: FailureKind;
  readonly reason: string;
}

/** What a websocket tells its user. */
export interface SocketHandlers {
  /** The node answers, and has subscribed this client to what `requests` ask for. */
  readonly onSubscribed: () => void;
  readonly onNotice: (notice: Exclude<SocketMessage, { readonly kind: 'answer' }>) => void;
  /** Something came from the node: a message, or the answer to a ping. */
  readonly onAlive: () => void;
  /** Called once. */
  readonly onEnd: (end: SocketEnd) => void;
}

/** The subscriptions. btcd v0.26 `rpcwebsocket.go`, wsHandlers; its limited user may ask for both. */
const REQUESTS: readonly (readonly [method: string, params: readonly unknown[]])[] = [
  ['notifyblocks', []],
  ['notifynewtransactions', [true]],
];

/**
 * The longest message: a transaction of 4 MB is in it twice as hexadecimal digits, and its scripts in words
 * as well.
 */
const MAX_MESSAGE_BYTES = 64_000_000;

/** How long btcd may take to connect and to subscribe. */
const PATIENCE_MS = 30_000;

/** How often it is asked for a sign of life, and how long that may take. */
const PING_EVERY_MS = 15_000;

/** One connection to btcd's websocket, from the dialling to its end. */
export class BtcdSocket {
  private readonly socket: WebSocket;
  private isOver = false;
  private isSubscribed = false;
  private isAnswered = true;
  private readonly pending = new Set<number>();
  private cancel: () => void;

  constructor(
    private readonly place: NodePlace,
    private readonly handlers: SocketHandlers,
    private readonly timer: Timer,
    { authorization, trust }: { readonly authorization: string; readonly trust: TrustOptions },
  ) {
    const { host, port, isSecure } = place;
    const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.socket = new WebSocket(`ws${isSecure ? 's' : ''}://${at}/ws`, {
      ...(isSecure ? (trust as object) : {}),
      headers: { Authorization: authorization },
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.cancel = timer(PATIENCE_MS, () =>
      this.end('timeout', `no websocket within ${PATIENCE_MS / 1_000} s`),
    );
    this.socket.on('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
      // The body is not used.
      request.destroy();
      this.end(...this.meaningOf(response.statusCode ?? 0));
    });
    this.socket.on('open', () => this.subscribe());
    this.socket.on('message', (data) => this.take((data as Buffer).toString('utf8')));
    this.socket.on('pong', () => this.alive());
    this.socket.on('error', (error) => this.fail(error));
    this.socket.on('close', () => this.end('unreachable', 'btcd ended the websocket'));
  }

  /** Ends the connection. The handlers are not called any more. */
  close(): void {
    this.isOver = true;
    this.cancel();
    this.socket.terminate();
  }

  private end(kind: FailureKind, reason: string): void {
    if (this.isOver) return;
    this.close();
    this.handlers.onEnd({ kind, reason });
  }

  private fail(error: Error): void {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code.startsWith('WS_ERR_')) {
      this.end('not-json', `the websocket is broken: ${messageOf(error)}`);
      return;
    }
    const { kind, reason } = connectionProblem(error, this.place);
    this.end(kind, reason);
  }

  private meaningOf(status: number): [FailureKind, string] {
    if (status === 401) return ['unauthorized', refusedLogin(this.place.login)];
    if (status === 503) return ['busy', 'btcd has too many clients (rpcmaxwebsockets)'];
    const hint =
      status === 400 && !this.place.isSecure
        ? 'if it speaks TLS, write https instead of http'
        : 'is it the RPC of a btcd?';
    return ['not-json', `has no websocket: HTTP status ${status}; ${hint}`];
  }

  private subscribe(): void {
    for (const [i, [method, params]] of REQUESTS.entries()) {
      this.pending.add(i + 1);
      this.socket.send(JSON.stringify({ jsonrpc: '1.0', id: i + 1, method, params }));
    }
  }

  private take(text: string): void {
    if (this.isOver) return;
    this.alive();
    const message = readMessage(text);
    if (message === null) return;
    // Its subject is unknown, so the connection ends, and the gap covers it.
    if (message === undefined) this.end('odd-answer', 'sent a notification that can not be read');
    else if (message.kind !== 'answer') this.handlers.onNotice(message);
    else if (message.error !== undefined) this.end('rpc', `refuses to notify: ${asciiLine(message.error)}`);
    else this.answered(message.id);
  }

  private answered(id: number): void {
    this.pending.delete(id);
    if (this.pending.size > 0 || this.isSubscribed) return;
    this.isSubscribed = true;
    this.handlers.onSubscribed();
    this.ping();
  }

  private ping(): void {
    this.cancel();
    this.isAnswered = false;
    this.socket.ping();
    this.cancel = this.timer(PING_EVERY_MS, () => {
      if (this.isAnswered) this.ping();
      else this.end('timeout', `no sign of life within ${PING_EVERY_MS / 1_000} s`);
    });
  }

  private alive(): void {
    if (this.isOver) return;
    this.isAnswered = true;
    this.handlers.onAlive();
  }
}
