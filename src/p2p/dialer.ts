import { isIP } from 'node:net';
import { MAX_NAMED, messageOf } from '../lib/errors';
import { type Lookup, startingWith } from '../lib/lookup';
import type { Connection } from './connection';
import { type Endpoint, formatEndpoint } from './endpoint';

/** The first wait before dialling again, doubled at each failure up to the longest. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Peers that could not be reached are named in the log once in this time. */
const COMPLAINT_MS = 60_000;

/** What a dialer works with. */
export interface DialerModules {
  /** Opens a connection to an address; null where there is one. */
  readonly open: (host: string, port: number) => Connection | null;
  /** Whether there is a connection to an address, or one is being opened. */
  readonly isDialled: (host: string, port: number) => boolean;
  readonly lookup: Lookup;
  readonly monotonicMs: () => number;
  /** Tells the operator that a peer can't be reached, with the reason and the number of attempts so far. */
  readonly complain: (endpoint: string, reason: string, attempts: number) => void;
}

/**
 * Keeps one peer connected for as long as the program runs. A connection that ends is dialled again, later
 * and later while it fails, with jitter so that a restarted node is not met by all its monitors at once. All
 * addresses of a name are tried before that counts as one failure; the one that worked last comes first.
 */
export class Dialer {
  private connection: Connection | null = null;
  private failures = 0;
  /** The address with which hands were shaken last. */
  private worked: string | undefined;
  private complained = -Infinity;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly modules: DialerModules,
  ) {}

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
    const reason = await this.connectOnce();
    if (this.stopped) return;
    if (this.failures > 0) this.complain(reason);
    this.timer = setTimeout(() => void this.dial(), nextWait(this.failures));
  }

  /**
   * Tries the addresses of the peer until hands are shaken with one, and waits for the end of that
   * connection. Gives the reason of the end, or of each address why it failed.
   */
  private async connectOnce(): Promise<string> {
    const { host, port } = this.endpoint;
    let addresses: readonly string[];
    try {
      // Looked up at each attempt: names move.
      addresses = isIP(host) === 0 ? await this.modules.lookup(host) : [host];
    } catch (error) {
      this.failures += 1;
      return messageOf(error);
    }
    // Its other addresses lead to the same peer, which is not wanted twice.
    if (addresses.some((address) => this.modules.isDialled(address, port))) {
      this.failures += 1;
      return 'duplicate';
    }
    const reasons: string[] = [];
    for (const address of startingWith(this.worked, addresses)) {
      // `stop` may have been called while there was something to wait for.
      if (this.stopped) return 'stopped';
      const connection = this.modules.open(address, port);
      this.connection = connection;
      const reason = (await connection?.closed) ?? 'duplicate';
      this.connection = null;
      if (connection?.established === true) {
        this.worked = address;
        this.failures = 0;
        return reason;
      }
      reasons.push(addresses.length === 1 ? reason : `${address} ${reason}`);
    }
    this.failures += 1;
    return named(reasons);
  }

  private complain(reason: string): void {
    const now = this.modules.monotonicMs();
    if (now - this.complained < COMPLAINT_MS) return;
    this.complained = now;
    this.modules.complain(formatEndpoint(this.endpoint), reason, this.failures);
  }
}

/** What was wrong, as one reason. */
function named(reasons: readonly string[]): string {
  if (reasons.length === 0) return 'the name has no address';
  const more = reasons.length > MAX_NAMED ? ` and ${reasons.length - MAX_NAMED} more` : '';
  return `${reasons.slice(0, MAX_NAMED).join(', ')}${more}`;
}

/**
 * Milliseconds until the next attempt: between half and the whole of a wait that doubles with each failure.
 */
function nextWait(failures: number): number {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
  return wait * (0.5 + Math.random() / 2);
}
