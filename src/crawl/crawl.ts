import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError } from '../lib/errors';
import { hostIn } from '../p2p/peer-network';
import type { NetworkAddress } from '../wire/messages/network-address';
import { formatAddress, keyOf, parseAddress } from './address-key';
import type { FoundNode } from './found-node';
import type { Candidate, Frontier } from './frontier';
import type { Journal, ReadJournal, ToldAddress } from './journal';
import type { CrawlCounts } from './snapshot';
import { begin, type StartModules, type StartOptions } from './start-points';
import type { Visited, Visitor } from './visitor';

/** Dials that are begun in one turn of the event loop: a few milliseconds of work. */
const AT_ONCE = 16;

/** How often an address is tried by a route that fails itself, and the pause before it is tried again. */
const ROUTE_ATTEMPTS = 3;
const ROUTE_PAUSE_MS = 5_000;

/** A time of a node is limited to this, so that its offset is exact. */
const FARTHEST = 10n ** 12n;

export interface CrawlModules {
  readonly frontier: Frontier;
  readonly visitor: Pick<Visitor, 'visit' | 'stop'>;
  readonly journal: Pick<Journal, 'add'>;
  readonly start: Omit<StartModules, 'known'>;
  /** Receives errors that no node should be able to cause. */
  readonly fault: (error: unknown) => void;
}

/** How far a crawl is. */
export interface CrawlProgress extends CrawlCounts {
  readonly reached: number;
  /** Visits at this moment. */
  readonly active: number;
  /** Addresses that wait. */
  readonly left: number;
}

/**
 * One crawl: visits every known address once, and those that become known by it, until no address is left.
 */
export class Crawl {
  private readonly reached: FoundNode[] = [];
  private tried = 0;
  private active = 0;
  private routeFailures = 0;
  private readonly stopping = new AbortController();
  private filling: NodeJS.Immediate | null = null;
  private end: (() => void) | undefined;

  /** @param workers the most visits at a time */
  constructor(
    private readonly workers: number,
    private readonly modules: CrawlModules,
  ) {}

  get progress(): CrawlProgress {
    const { excluded, dropped, left, size: known } = this.modules.frontier;
    return {
      known,
      excluded,
      dropped,
      left,
      tried: this.tried,
      reached: this.reached.length,
      active: this.active,
    };
  }

  /** The nodes that were reached, with everything that others told about them meanwhile. */
  get nodes(): readonly FoundNode[] {
    return this.reached.map((node) => {
      const endpoint = parseAddress(node.address);
      const toldServices = endpoint === null ? undefined : this.modules.frontier.toldOf(endpoint);
      return { ...node, toldServices };
    });
  }

  private get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Takes what an interrupted crawl has done. */
  restore({ entries }: Pick<ReadJournal, 'entries'>): void {
    const { frontier } = this.modules;
    const tried = new Set<string>();
    for (const { visited, node, told } of entries) {
      for (const [address, services] of told) {
        const endpoint = parseAddress(address);
        if (endpoint === null) continue;
        if (services === null) frontier.addNamed(endpoint);
        else frontier.add(endpoint, BigInt(`0x${services}`));
      }
      const key = visited === undefined ? null : keyOf(visited);
      if (visited === undefined || key === null || tried.has(key)) continue;
      frontier.addNamed(visited);
      tried.add(key);
      this.tried += 1;
      if (node !== null) this.reached.push(node);
    }
    frontier.tried(tried);
  }

  /**
   * Crawls. Resolves to whether the crawl is complete; a stopped one is not.
   * @throws FailureError if nothing can be dialled
   */
  async run(options: StartOptions): Promise<boolean> {
    const ended = new Promise<void>((resolve) => (this.end = resolve));
    void this.work(() => this.begin(options));
    await ended;
    if (this.isStopped) return false;
    if (this.reached.length === 0 && this.routeFailures > 0)
      throw new FailureError(
        'crawl: the proxy or bridge by which nodes are dialled does not work; see the warnings above',
      );
    return true;
  }

  /** Stops the crawl; {@link run} then resolves to false. */
  stop(): void {
    this.stopping.abort();
    this.modules.visitor.stop();
    this.fill();
  }

  private async begin(options: StartOptions): Promise<void> {
    const { frontier, journal, start } = this.modules;
    const told: ToldAddress[] = [];
    await begin(
      options,
      {
        named: (endpoint) => {
          if (frontier.addNamed(endpoint)) told.push([formatAddress(endpoint), null]);
          this.fill();
        },
        told: (endpoint, services) => {
          if (frontier.add(endpoint, services)) told.push([formatAddress(endpoint), services.toString(16)]);
          this.fill();
        },
        visitName: async (host, port) => {
          await this.modules.visitor.visit({ host, port, services: undefined }, (addresses) =>
            this.take(addresses, told),
          );
        },
      },
      { ...start, known: () => frontier.size },
    );
    if (!this.isStopped) journal.add({ visited: undefined, node: null, told });
  }

  /** Counts a piece of work, without which the crawl is not complete. */
  private async work(piece: () => Promise<void>): Promise<void> {
    this.active += 1;
    await piece().catch(this.modules.fault);
    this.active -= 1;
    this.fill();
  }

  /** Begins as many visits as are allowed, a few in each turn of the event loop. */
  private fill(): void {
    this.filling ??= setImmediate(() => {
      this.filling = null;
      this.beginVisits();
      if (this.isStopped || (this.active === 0 && this.modules.frontier.left === 0)) this.end?.();
    });
  }

  private beginVisits(): void {
    for (let begun = 0; this.active < this.workers && !this.isStopped; begun++) {
      if (begun === AT_ONCE) {
        this.fill();
        return;
      }
      const candidate = this.modules.frontier.take();
      if (candidate === undefined) return;
      void this.work(() => this.try(candidate));
    }
  }

  private async try({ endpoint, services }: Candidate): Promise<void> {
    const { journal, visitor } = this.modules;
    const told: ToldAddress[] = [];
    const address = formatAddress(endpoint);
    const host = hostIn(address);
    const visit = (): Promise<Visited> =>
      visitor.visit({ host, port: endpoint.port, services }, (addresses) => this.take(addresses, told));
    let visited = await visit();
    for (let attempt = 1; visited.reason === 'route-failed' && attempt < ROUTE_ATTEMPTS; attempt++) {
      this.routeFailures += 1;
      await sleep(ROUTE_PAUSE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      visited = await visit();
    }
    // The continued crawl repeats a visit that was interrupted.
    if (this.isStopped) return;
    const node = visited.found === null ? null : nodeOf(address, services, visited.found);
    this.tried += 1;
    if (node !== null) this.reached.push(node);
    journal.add({ visited: endpoint, node, told });
  }

  /** Takes addresses that a node sent. */
  private take(addresses: readonly NetworkAddress[], told: ToldAddress[]): void {
    for (const address of addresses)
      if (this.modules.frontier.add(address, address.services))
        told.push([formatAddress(address), address.services.toString(16)]);
    this.fill();
  }
}

function nodeOf(
  address: string,
  toldServices: bigint | undefined,
  { claims, transport, atMs, latencyMs, told }: NonNullable<Visited['found']>,
): FoundNode {
  const time = Math.floor(atMs / 1_000);
  const theirs = Number(claims.time < FARTHEST ? claims.time : FARTHEST);
  return {
    ...{ address, time, transport, latencyMs, told, toldServices },
    version: claims.version,
    services: claims.services,
    userAgent: claims.userAgent,
    height: claims.startHeight,
    timeOffset: theirs - time,
  };
}
