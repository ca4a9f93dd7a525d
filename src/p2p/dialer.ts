import { isIP } from 'node:net';
import { MAX_NAMED, messageOf } from '../lib/errors';
import { type Lookup, startingWith } from '../lib/lookup';
import type { Connection } from './connection';
import type { DialEnd, DialState } from './dial-state';
import { type Endpoint, formatEndpoint } from './endpoint';
import type { DisconnectReason } from './p2p-events';
import { type KnownTransport, type TransportMode, transportToDial, UNTRIED } from './transport/choice';
import type { TransportName } from './transport/transport';

/** The first wait before dialling again. It doubles with each failure, up to the longest. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** A peer that can't be reached is reported once in this time. */
const REPORT_INTERVAL_MS = 60_000;

export interface DialerModules {
  /** Opens a connection to an address; null if there is one already. */
  readonly open: (host: string, port: number, dialBy: TransportName) => Connection | null;
  readonly mode: TransportMode;
  /** Whether a connection to an address is open or being opened. */
  readonly isDialled: (host: string, port: number) => boolean;
  readonly lookup: Lookup;
  readonly monotonicMs: () => number;
  /**
   * Reports to the operator that a peer can't be reached, with the reason and the number of attempts so far.
   */
  readonly reportUnreachable: (endpoint: string, reason: string, attempts: number) => void;
}

/**
 * Keeps one peer connected for as long as the program runs. Dials again when the connection ends, with a wait
 * that grows while it fails. The wait has jitter, so that the monitors of a restarted node don't all dial it
 * at once. A failure counts once all addresses of a name were tried; the address that worked last is tried
 * first.
 */
export class Dialer {
  private connection: Connection | null = null;
  private failures = 0;
  /** The address of the last complete handshake. */
  private worked: string | undefined;
  /** What that handshake told of the peer's transports. */
  private known: KnownTransport = UNTRIED;
  private reportedAt = -Infinity;
  private last: DialEnd | null = null;
  /** When the next attempt begins, on the monotonic clock; null during one. */
  private nextAt: number | null = null;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly modules: DialerModules,
  ) {}

  get state(): DialState {
    const { endpoint, failures, last, nextAt, connection } = this;
    return {
      ...{ endpoint, failures, last },
      connected: connection?.established === true ? connection.address : null,
      waitMs: nextAt === null ? null : Math.max(0, nextAt - this.modules.monotonicMs()),
    };
  }

  start(): void {
    void this.dial();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.connection?.close('stopped');
  }

  private async dial(): Promise<void> {
    this.timer = null;
    this.nextAt = null;
    const end = await this.connectOnce();
    this.last = end;
    if (this.stopped) return;
    if (this.failures > 0) this.report(end.text);
    const waitMs = nextWait(this.failures);
    this.nextAt = this.modules.monotonicMs() + waitMs;
    this.timer = setTimeout(() => void this.dial(), waitMs);
  }

  /**
   * Tries the addresses of the peer until a handshake completes, and waits for the end of that connection.
   * Returns the reason for its end, or for each address the reason why it failed.
   */
  private async connectOnce(): Promise<DialEnd> {
    const { host, port } = this.endpoint;
    let addresses: readonly string[];
    try {
      // Looked up at each attempt, because the addresses of a name change.
      addresses = isIP(host) === 0 ? await this.modules.lookup(host) : [host];
    } catch (error) {
      this.failures += 1;
      return { reason: null, text: messageOf(error), reached: 'nothing' };
    }
    // The other addresses of the name lead to the same peer, which needs one connection.
    if (addresses.some((address) => this.modules.isDialled(address, port))) {
      this.failures += 1;
      return { reason: 'duplicate', text: 'duplicate', reached: 'nothing' };
    }
    const reasons: string[] = [];
    let end: Omit<DialEnd, 'text'> = { reason: null, reached: 'nothing' };
    for (const address of startingWith(this.worked, addresses)) {
      // `stop` may have been called during an await.
      if (this.stopped) return { reason: 'stopped', text: 'stopped', reached: 'nothing' };
      const { reason, reached } = await this.dialAddress(address);
      if (reached === 'handshake') {
        this.worked = address;
        this.failures = 0;
        return { reason, text: reason, reached: 'handshake' };
      }
      // A failure with an answer says more than one without.
      if (end.reached === 'nothing') end = { reason, reached };
      reasons.push(addresses.length === 1 ? reason : `${address} ${reason}`);
    }
    this.failures += 1;
    return { ...end, text: summaryOf(reasons) };
  }

  /**
   * Dials one address, and waits for the end of the connection. If the peer lacks the encrypted transport,
   * dials once more by the plain one.
   */
  private async dialAddress(
    address: string,
    dialBy = transportToDial(this.modules.mode, this.known),
  ): Promise<{ readonly reason: DisconnectReason; readonly reached: DialEnd['reached'] }> {
    const connection = this.modules.open(address, this.endpoint.port, dialBy);
    if (connection === null) return { reason: 'duplicate', reached: 'nothing' };
    this.connection = connection;
    const reason = await connection.closed;
    this.connection = null;
    const { claims, established, transport } = connection;
    if (established && claims !== null) this.known = { services: claims.services, transport };
    if (reason === 'plain-transport' && this.modules.mode === 'auto' && !this.stopped)
      return this.dialAddress(address, 'v1');
    if (established) return { reason, reached: 'handshake' };
    return { reason, reached: connection.wasOpened ? 'connection' : 'nothing' };
  }

  private report(reason: string): void {
    const now = this.modules.monotonicMs();
    if (now - this.reportedAt < REPORT_INTERVAL_MS) return;
    this.reportedAt = now;
    this.modules.reportUnreachable(formatEndpoint(this.endpoint), reason, this.failures);
  }
}

/** The reasons of all addresses as one text. */
function summaryOf(reasons: readonly string[]): string {
  if (reasons.length === 0) return 'the name has no address';
  const more = reasons.length > MAX_NAMED ? ` and ${reasons.length - MAX_NAMED} more` : '';
  return `${reasons.slice(0, MAX_NAMED).join(', ')}${more}`;
}

/**
 * Milliseconds until the next attempt: a random value between half and all of a wait that doubles with each
 * failure.
 */
function nextWait(failures: number): number {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
  return wait * (0.5 + Math.random() / 2);
}
