import { asciiLine } from '../lib/ascii-line';
import { Backoff } from '../lib/backoff';
import type { Clock } from '../lib/clock';
import { messageOf } from '../lib/errors';
import type { Timer } from '../lib/timer';
import { BtcdSocket, type SocketEnd } from './btcd-socket';
import { type Login, basicAuthorization } from './login';
import { type NodePlace, describePlace } from './node-place';
import type { BlockNotice, TransactionNotice } from './read-notification';
import { TrustedCertificate } from './trusted-certificate';
import type { WatchGap } from './watch-gap';

export interface NotificationHandlers {
  readonly block: (notice: BlockNotice) => void;
  readonly transaction: (notice: TransactionNotice) => void;
  /** Notifications begin now for the first time. Ask for everything from before. */
  readonly begun: () => void;
  /** Notifications come again. Ask for what happened within the gap. */
  readonly gap: (gap: WatchGap) => void;
  /** The connection ended, or can't be made. It is tried again until `close`, after a pause. */
  readonly lost: (end: SocketEnd) => void;
}

export interface NotificationModules {
  readonly clock: Pick<Clock, 'uniqueNs' | 'monotonicMs'>;
  readonly timer: Timer;
  /**
   * Whether the node has answered its RPC since then (nanoseconds since the Unix epoch); undefined while that
   * is not known. While the RPC does not answer, that was logged already, and the websocket is not tried
   * until `resume`: a wrong login is not tried twice.
   */
  readonly isAnswering: (sinceNs: bigint) => boolean | undefined;
  /** Called once a minute at most while the connection can't be made. */
  readonly warn: (message: string) => void;
}

/** Pauses between attempts to connect. */
const PAUSES = { minMs: 250, maxMs: 30_000 };

/** How often it is looked whether the RPC has answered, after the end of a websocket. */
const LOOK_MS = 250;

/** The blocks and transactions that a btcd reports over its websocket, over reconnections. */
export class BtcdNotifications {
  private readonly certificate: TrustedCertificate;
  private readonly backoff: Backoff;
  private socket: BtcdSocket | undefined;
  private cancelPause: () => void = () => undefined;
  private isClosed = false;
  private hasBegun = false;
  /** Whether it waits for `resume`. */
  private isHeld = false;
  private aliveNs = 0n;
  /** Why notifications are missing at present. */
  private missing: string | undefined;

  constructor(
    private readonly place: NodePlace,
    private readonly handlers: NotificationHandlers,
    private readonly modules: NotificationModules,
  ) {
    this.certificate = new TrustedCertificate(place.certificateFile);
    this.backoff = new Backoff(PAUSES, modules);
  }

  /** Whether btcd notifies at present. */
  get isSubscribed(): boolean {
    return this.hasBegun && this.missing === undefined;
  }

  /** Connects, and connects again whenever the connection ends. */
  start(): void {
    void this.connect();
  }

  /** The node answers its RPC again. */
  resume(): void {
    if (!this.isHeld || this.isClosed) return;
    this.isHeld = false;
    void this.connect();
  }

  close(): void {
    this.isClosed = true;
    this.cancelPause();
    this.socket?.close();
  }

  private async connect(): Promise<void> {
    try {
      const login = await this.place.login.read();
      const trust = await this.certificate.options();
      if (this.isClosed) return;
      const handlers = {
        onSubscribed: () => this.subscribed(),
        onAlive: () => {
          if (this.isSubscribed) this.aliveNs = this.modules.clock.uniqueNs();
        },
        onNotice: (notice: BlockNotice | TransactionNotice) =>
          notice.kind === 'transaction' ? this.handlers.transaction(notice) : this.handlers.block(notice),
        onEnd: (end: SocketEnd) => void this.ended(end, login),
      };
      const authorization = basicAuthorization(login);
      this.socket = new BtcdSocket(this.place, handlers, this.modules.timer, { authorization, trust });
    } catch (error) {
      this.retry({ kind: 'unreachable', reason: messageOf(error) });
    }
  }

  private subscribed(): void {
    this.backoff.success();
    const fromNs = this.aliveNs;
    this.aliveNs = this.modules.clock.uniqueNs();
    const reason = this.missing;
    this.missing = undefined;
    if (this.hasBegun) this.handlers.gap({ fromNs, untilNs: this.aliveNs, reason: reason ?? '' });
    else this.handlers.begun();
    this.hasBegun = true;
  }

  /** After the end of a connection: connects at once where the login or the certificate has changed. */
  private async ended(end: SocketEnd, login: Login): Promise<void> {
    if (this.isSubscribed) this.missing = asciiLine(end.reason);
    this.handlers.lost(end);
    if (await this.hasChanged(end, login)) {
      if (!this.isClosed) await this.connect();
    } else this.retry(end);
  }

  private async hasChanged({ kind }: SocketEnd, login: Login): Promise<boolean> {
    try {
      if (kind === 'certificate') return await this.certificate.reread();
      if (kind !== 'unauthorized') return false;
      const fresh = await this.place.login.read();
      return fresh.user !== login.user || fresh.password !== login.password;
    } catch {
      // The next attempt reads it again, and logs what is wrong with it.
      return false;
    }
  }

  private retry({ reason }: SocketEnd): void {
    if (this.isClosed) return;
    const { clock, timer, isAnswering } = this.modules;
    const endedNs = clock.uniqueNs();
    const goOn = (): void => {
      const isThere = isAnswering(endedNs);
      // The whole node may be away or hang. Then its RPC notices it first and logs it.
      if (isThere === undefined) {
        this.cancelPause = timer(LOOK_MS, goOn);
        return;
      }
      this.isHeld = !isThere;
      if (this.isHeld) return;
      this.backoff.failure(new Error(reason), `${describePlace(this.place)}: no notifications`);
      void this.connect();
    };
    this.cancelPause = timer(this.backoff.pauseMs(false), goOn);
  }
}
