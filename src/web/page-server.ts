import type { RequestListener, Server } from 'node:http';
import { isIPv6 } from 'node:net';
import type { AlertFeed } from '../alerts/report';
import type { Live } from '../live/live';
import type { Log } from '../lib/log';
import type { ExporterStats } from '../metrics/collector';
import type { QueryScheduler } from '../query/query-scheduler';
import { endAnswers } from '../query/close-server';
import type { LiveWhyAnswers } from '../why/live-why';
import { ASSETS, readAssets } from './assets';
import { StoreExtentReader } from './store-extent';
import { TokenGuard } from './token-guard';
import { busy } from './http-error';
import { AnswerMemory, QUERY_MS } from './limits';
import { Proxies } from './proxies';
import { sendError } from './reply';
import { route } from './router';
import { siteOf } from './routes';
import { type ServerOptions, listenError, listenHttp, portOf } from './server';
import type { HttpSettings } from './settings';

export interface PageModules {
  readonly scheduler: QueryScheduler;
  /** Name of the node or collector; null for a store alone. */
  readonly node: string | null;
  readonly live?: Live | undefined;
  /** What a node remembers of transactions, blocks and peers. */
  readonly why?: LiveWhyAnswers | undefined;
  readonly alerts?: AlertFeed | undefined;
  readonly exporters: () => readonly ExporterStats[];
}

/** Parameters of `open` that tests replace. */
export interface OpenModules {
  readonly log: Log;
  readonly assets?: string;
  readonly limits?: ServerOptions & { readonly queryMs?: number };
}

/**
 * The server of the page. It listens at once, so that a used port is reported before anything else starts. It
 * answers once it has something to show.
 */
export class PageServer {
  private handle: RequestListener = notYet;
  private ends: () => void = () => undefined;
  private readonly running = new Set<Promise<void>>();

  private constructor(
    private readonly settings: HttpSettings,
    private readonly server: Server,
    private readonly modules: OpenModules,
  ) {}

  /**
   * Starts to listen.
   * @throws FailureError if the address can't be used
   */
  static async open(settings: HttpSettings, modules: OpenModules): Promise<PageServer> {
    try {
      const proxies = new Proxies(settings.proxies ?? []);
      const server = await listenHttp(settings, (...exchange) => page.handle(...exchange), {
        ...modules.limits,
        isProxy: (address) => proxies.trusts(address),
      });
      const page = new PageServer(settings, server, modules);
      return page;
    } catch (error) {
      throw listenError(settings, error);
    }
  }

  /** Its URL on this machine. */
  get url(): string {
    const { host } = this.settings;
    const name = host === '0.0.0.0' || host === '::' ? 'localhost' : isIPv6(host) ? `[${host}]` : host;
    return `http://${name}:${this.port}/`;
  }

  get port(): number {
    return portOf(this.server);
  }

  /** Keeps the program running. */
  hold(): void {
    this.server.ref();
  }

  /** Starts to answer. */
  async show(modules: PageModules): Promise<void> {
    const { log } = this.modules;
    const { token, names, proxies: places = [] } = this.settings;
    const warn = (message: string, details: object): void => void log.warn(message, details);
    // The life of sessions and the delay of guessers must not depend on a clock that can be set.
    const nowMs = (): number => performance.now();
    const proxies = new Proxies(places);
    const guard = new TokenGuard(token, `btcdmon_${this.port}`, { nowMs, warn, proxies });
    const assets = await readAssets(this.modules.assets ?? ASSETS);
    const extent = new StoreExtentReader(modules.scheduler);
    const queryMs = this.modules.limits?.queryMs ?? QUERY_MS;
    const site = siteOf({
      ...modules,
      ...{ assets, guard, extent, warn, queryMs, held: new AnswerMemory() },
    });
    const fault = (error: unknown): void =>
      void log.error('an operation of the page failed', {
        error: error instanceof Error ? error.stack : error,
      });
    const router = { ...site, guard, names, fault };
    this.ends = () => site.close();
    this.handle = (request, response) => {
      const answering = route(request, response, this.port, router).finally(() =>
        this.running.delete(answering),
      );
      this.running.add(answering);
    };
  }

  /** Ends every answer. The owner of the store interrupts those that wait for it. */
  async close(): Promise<void> {
    this.server.close();
    this.ends();
    this.server.closeIdleConnections();
    await endAnswers(this.server, this.running);
  }
}

const notYet: RequestListener = (request, response) =>
  void sendError(request, response, busy('the node is starting; try again in a moment'));
