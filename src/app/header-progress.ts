import type { HeaderChain } from '../chain/header-chain';
import type { Clock } from '../lib/clock';
import { grouped } from '../lib/grouped';
import type { Log } from '../lib/log';
import type { StatusLine } from '../lib/status-line';
import { type NetworkName, isLocalNetwork } from '../wire/networks';

/** How often progress is logged. The first fetch of mainnet's headers takes some minutes. */
const LOG_MS = 10_000;

/** How often the bar is drawn: faster than the eye can follow. */
const DRAW_MS = 100;

const BAR_WIDTH = 30;

/** What progress is computed from, and where it is shown. */
export interface HeaderProgressModules {
  readonly chain: HeaderChain;
  readonly network: NetworkName;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Unix time in seconds. */
  readonly unixTime: () => number;
  readonly log: Log;
  readonly status?: StatusLine | undefined;
}

/** Shows the progress of fetching headers: as a bar on a terminal, and now and then in the log elsewhere. */
export class HeaderProgress {
  private drawn = -Infinity;
  private logged = -Infinity;
  private synced = false;

  constructor(private readonly modules: HeaderProgressModules) {}

  /** Reports how many of the headers on disk were checked. */
  loaded(headers: number, total: number): void {
    if (headers < total && this.isDue()) this.draw('headers from disk', headers, total, 'of');
  }

  /**
   * Reports that the chain has new headers. `isSynced` tells whether some peer has no more headers than
   * these.
   */
  advanced(isSynced: boolean): void {
    const { chain, clock, log, status } = this.modules;
    if (!isSynced && status?.isLive === true) {
      if (this.isDue()) this.drawFetched();
      return;
    }
    status?.clear();
    const now = clock.monotonicMs();
    if (now - this.logged < LOG_MS && this.synced === isSynced) return;
    this.logged = now;
    this.synced = isSynced;
    log.info('headers', { height: chain.bestHeight });
  }

  /** A private network has blocks on demand, so their number can't be estimated from the time. */
  private drawFetched(): void {
    const { chain, network, status } = this.modules;
    if (isLocalNetwork(network)) status?.show(`headers ${grouped(chain.bestHeight)}`);
    else this.draw('headers', chain.bestHeight, this.expectedHeight(), 'of about');
  }

  /**
   * The expected height of the chain, from its last time and the present time. The heights that peers claim
   * can be anything.
   */
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
