import { grouped } from '../lib/grouped';
import type { Log } from '../lib/log';
import type { StatusLine } from '../lib/status-line';
import type { CrawlProgress } from './crawl';

/** How often the line is drawn. */
const DRAW_MS = 250;

/** How often a crawl without a terminal reports its progress. */
const LOG_MS = 60_000;

/** Shows how far a crawl is: as a line on a terminal, and once a minute in the log (debug) elsewhere. */
export class ProgressLine {
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly progress: () => CrawlProgress,
    private readonly modules: { readonly log: Log; readonly status: StatusLine },
  ) {
    const { isLive } = modules.status;
    this.timer = setInterval(() => this.tell(isLive), isLive ? DRAW_MS : LOG_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.modules.status.clear();
  }

  private tell(isLive: boolean): void {
    const { active, known, left, reached, tried } = this.progress();
    const { log, status } = this.modules;
    if (isLive) {
      const [knownText, triedText, reachedText, leftText] = [known, tried, reached, left].map((count) =>
        grouped(count),
      );
      status.show(
        `crawl: ${reachedText} nodes, ${triedText} of ${knownText} addresses tried, ${leftText} wait, ${active} open`,
      );
    } else {
      log.debug('crawling', { known, tried, reachable: reached, left });
    }
  }
}
