import type { HeaderChain } from '../chain/header-chain';
import type { Clock } from '../lib/clock';
import type { Log } from '../lib/log';
import type { StatusLine } from '../lib/status-line';

/**
 * How often the log tells how far the headers are: mainnet's take some minutes when they are fetched first.
 */
const LOG_MS = 10_000;

/** Faster than the eye follows. */
const DRAW_MS = 100;

const BAR_WIDTH = 30;

/** What progress is told with. */
export interface HeaderProgressModules {
  readonly chain: HeaderChain;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Unix time in seconds. */
  readonly unixTime: () => number;
  readonly log: Log;
  readonly status?: StatusLine | undefined;
}

/**
 * Tells how far the chain of headers is: on a terminal with a bar while it is fetched, otherwise now and then
 * in the log.
 */
export class HeaderProgress {
  private drawn = -Infinity;
  private logged = -Infinity;
  private synced = false;

  constructor(private readonly modules: HeaderProgressModules) {}

  /** Takes how many headers of those that were kept have been checked. */
  loaded(headers: number, total: number): void {
    if (headers < total && this.isDue()) this.draw('headers from disk', headers, total, 'of');
  }

  /** Takes that the chain has got headers; `isSynced` tells whether some peer has no more than these. */
  advanced(isSynced: boolean): void {
    const { chain, clock, log, status } = this.modules;
    if (!isSynced && status?.isLive === true) {
      if (this.isDue()) this.draw('headers', chain.bestHeight, this.expectedHeight(), 'of about');
      return;
    }
    status?.clear();
    const now = clock.monotonicMs();
    if (now - this.logged < LOG_MS && this.synced === isSynced) return;
    this.logged = now;
    this.synced = isSynced;
    log.info('headers', { height: chain.bestHeight });
  }

  /** Where the chain should end, by its last time and ours: what peers claim may be anything. */
  private expectedHeight(): number {
    const { chain, unixTime } = this.modules;
    const missing = (unixTime() - chain.time(chain.best)) / chain.params.targetSpacing;
    return chain.bestHeight + Math.max(0, Math.round(missing));
  }

  private isDue(): boolean {
    const now = this.modules.clock.monotonicMs();
    if (now - this.drawn < DRAW_MS) return false;
    this.drawn = now;
    return true;
  }

  private draw(what: string, done: number, total: number, of: 'of' | 'of about'): void {
    const share = total === 0 ? 1 : done / total;
    const filled = Math.floor(share * BAR_WIDTH);
    const bar = '█'.repeat(filled).padEnd(BAR_WIDTH, '░');
    const percent = String(Math.floor(share * 100)).padStart(3);
    this.modules.status?.show(`${what} ${bar} ${percent} %  ${grouped(done)} ${of} ${grouped(total)}`);
  }
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
