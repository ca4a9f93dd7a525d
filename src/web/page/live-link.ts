import { retryAfterMs } from './refresher';
import type { LiveMessages } from './api-types';

/** State of the event stream. */
export type LinkState = 'connecting' | 'open' | 'lost' | 'signed-out';

const KINDS = [
  'status',
  'peers',
  'peersPart',
  'health',
  'blocks',
  'transactions',
  'block',
  'transaction',
] as const;

/**
 * `status` comes every 2 s. After this long without any event the connection is dead, even if the socket
 * looks open.
 */
const SILENCE_MS = 10_000;

const LONGEST_RETRY_MS = 8_000;

export interface LinkModules {
  readonly open: () => EventSource;
  /**
   * Resolves to whether the server requires a token, because an EventSource does not report why it failed.
   */
  readonly wantsToken: () => Promise<boolean>;
  readonly onState: (state: LinkState) => void;
  readonly onMessage: <K extends keyof LiveMessages>(kind: K, message: LiveMessages[K]) => void;
}

/** The event stream, reopened whenever it breaks. */
export class LiveLink {
  private source: EventSource | null = null;
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly modules: LinkModules) {}

  start(): void {
    this.modules.onState('connecting');
    this.connect();
  }

  /** Reconnects at once if it is not connected; called when the network or the user came back. */
  hurry(): void {
    if (this.isConnected()) return;
    clearTimeout(this.retry);
    this.connect();
  }

  private isConnected(): boolean {
    return this.source !== null;
  }

  private connect(): void {
    const source = this.modules.open();
    this.source = source;
    for (const kind of KINDS)
      source.addEventListener(kind, (event: MessageEvent<string>) => {
        this.heard();
        this.modules.onMessage(kind, JSON.parse(event.data) as LiveMessages[typeof kind]);
      });
    source.addEventListener('error', () => void this.broke(source));
    this.watch();
  }

  private heard(): void {
    if (this.failures >= 0) this.modules.onState('open');
    this.failures = -1;
    this.watch();
  }

  private watch(): void {
    clearTimeout(this.silence);
    const { source } = this;
    if (source !== null) this.silence = setTimeout(() => void this.broke(source), SILENCE_MS);
  }

  private async broke(source: EventSource): Promise<void> {
    if (source !== this.source) return;
    clearTimeout(this.silence);
    source.close();
    this.source = null;
    this.failures = Math.max(0, this.failures) + 1;
    this.modules.onState('lost');
    const wantsToken = await this.modules.wantsToken();
    if (this.isConnected()) return;
    if (wantsToken) {
      this.modules.onState('signed-out');
      return;
    }
    const ms = Math.min(LONGEST_RETRY_MS, retryAfterMs(this.failures));
    this.retry = setTimeout(() => this.connect(), ms);
  }
}
