import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { messageOf } from '../errors';
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
  readonly monotonicMs: () => number;
  /** Tells the operator that a peer can't be reached, with the reason and the number of attempts so far. */
  readonly complain: (endpoint: string, reason: string, attempts: number) => void;
}

/**
 * Keeps one peer connected for as long as the program runs. A connection that ends is dialled again, later and later
 * while it fails, with jitter so that a restarted node is not met by all its monitors at once.
 */
export class Dialer {
  private connection: Connection | null = null;
  private failures = 0;
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

  /** One connection from dialling to its end; gives the reason of the end. */
  private async connectOnce(): Promise<string> {
    const { host, port } = this.endpoint;
    let address = host;
    if (isIP(host) === 0) {
      try {
        // Looked up at each attempt: names move.
        ({ address } = await lookup(host));
      } catch (error) {
        this.failures += 1;
        return messageOf(error);
      }
    }
    // `stop` may have been called while the name was looked up.
    if (this.stopped) return 'stopped';
    const connection = this.modules.open(address, port);
    if (connection === null) {
      this.failures += 1;
      return 'duplicate';
    }
    this.connection = connection;
    const reason = await connection.closed;
    this.connection = null;
    this.failures = connection.established ? 0 : this.failures + 1;
    return reason;
  }

  private complain(reason: string): void {
    const now = this.modules.monotonicMs();
    if (now - this.complained < COMPLAINT_MS) return;
    this.complained = now;
    this.modules.complain(formatEndpoint(this.endpoint), reason, this.failures);
  }
}

/** Milliseconds until the next attempt: between half and the whole of a wait that doubles with each failure. */
function nextWait(failures: number): number {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
  return wait * (0.5 + Math.random() / 2);
}
