import type { Clock } from '../lib/clock';
import type { EventBus } from '../lib/event-bus';
import { type Lookup, systemLookup } from '../lib/lookup';
import { waitedMs } from '../lib/waited';
import { BlockRequests } from './block-requests';
import { HeldBytes, RECEIVED_LIMITS, UNSENT_LIMITS } from './budget/held-bytes';
import { PeerBudget, sharedBudget } from './budget/peer-budget';
import { ReadTurns } from './budget/read-turns';
import { Connection } from './connection';
import type { ConnectionOptions } from './connection-options';
import { Connections } from './connections';
import type { BlockChecks } from './compact/block-checks';
import { CompactBlocks } from './compact/compact-blocks';
import { HighBandwidth } from './compact/high-bandwidth';
import type { TransactionFates } from './compact/transaction-fates';
import type { TransactionSource } from './compact/transaction-source';
import type { DialState } from './dial-state';
import { Dialer, type DialerModules } from './dialer';
import type { Endpoint } from './endpoint';
import type { FrameWatcher } from './frame-watcher';
import { connectionTerms } from './peer-session';
import type { DisconnectReason, P2PEvents, PeerInfo, Violation } from './p2p-events';
import { messageHandlers } from './handlers';
import type { AsnOf } from './join/diversity';
import { hostOf } from './join/ip';
import type * as Joining from './join/join';
import type { Hash } from '../wire/hash';
import type { NetworkName } from '../wire/networks';
import { DIRECT_ROUTES, type Routes } from './route/routes';
import { TransactionRequests } from './transaction-requests';
import type { TransportMode } from './transport/choice';
import type { TransportName } from './transport/transport';

/** How often waiting requests are checked. */
const TICK_MS = 250;

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

export interface PoolOptions {
  readonly network: NetworkName;
  /** The peers to keep connected. */
  readonly connect: readonly Endpoint[];
  readonly userAgent: string;
  readonly wtxidRelay: boolean;
  /** The most transactions that are requested in a second, from all peers together. */
  readonly txPerSecond: number;
  /** The transports that are used; default: v1 alone. */
  readonly transport?: TransportMode;
  /** The route to each network; default: IPv4 and IPv6 directly. */
  readonly routes?: Routes;
  /** What joining the network needs; without it only the peers above are connected. */
  readonly join?: Joining.JoinParts;
  /** Finds autonomous systems, so that peers are spread over them; left out without a map. */
  readonly asnOf?: AsnOf;
}

export interface PoolModules {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: Clock;
  /** Checks headers and blocks against the chain. */
  readonly checks: BlockChecks;
  /** The relayed transactions, from which compact blocks are rebuilt. */
  readonly relayed: TransactionSource;
  /** The reasons why compact blocks lack transactions; undefined if they are not wanted. */
  readonly fates?: TransactionFates | undefined;
  readonly reportUnreachable: DialerModules['reportUnreachable'];
  /** Receives every message as it travelled. */
  readonly frames?: FrameWatcher | undefined;
  /** Looks up the names of peers; default: the system's resolver. */
  readonly lookup?: Lookup;
  /** Receives errors that no peer should be able to cause. */
  readonly fault: (error: unknown) => void;
}

/** The peers of the program: keeps them connected, and requests each announced item from one of them. */
export class Pool {
  private readonly dialers: readonly Dialer[];
  private readonly connections: Connections<Connection>;
  private readonly transactions: TransactionRequests;
  private readonly blocks: BlockRequests;
  private readonly join: Joining.Join | null = null;
  private readonly compactBlocks: CompactBlocks;
  private readonly turns: ReadTurns;
  private readonly monotonicMs: () => number;
  private readonly received = new HeldBytes(RECEIVED_LIMITS);
  private ticker: NodeJS.Timeout | null = null;
  private lastId = 0;

  constructor(options: PoolOptions, modules: PoolModules) {
    const { bus, clock, checks, relayed, fates, frames, fault } = modules;
    this.connections = new Connections(options.network, options.asnOf);
    this.transactions = new TransactionRequests(
      { perSecond: options.txPerSecond },
      { clock, rateLimited: (count) => bus.emit('rateLimited', { count }) },
    );
    const blocks = new BlockRequests({ clock });
    const highBandwidth = new HighBandwidth();
    const compact = new CompactBlocks({ bus, clock, blocks, highBandwidth, checks, relayed, fates });
    this.blocks = blocks;
    this.compactBlocks = compact;
    const handlers = messageHandlers({
      bus,
      transactions: this.transactions,
      answerGetAddr: (connection) => this.join?.answerGetAddr(connection),
      blocks,
      compactBlocks: compact,
      highBandwidth,
      checks,
    });
    const nonces = new Map<bigint, Connection>();
    const monotonicMs = (): number => clock.monotonicMs();
    this.monotonicMs = monotonicMs;
    const turns = new ReadTurns({ monotonicMs, processorMs, waitedMs });
    this.turns = turns;
    const { received } = this;
    const unsent = new HeldBytes(UNSENT_LIMITS);
    const { txPerSecond } = options;
    const shared = sharedBudget(txPerSecond, monotonicMs());
    const { transport: mode = 'v1', routes = DIRECT_ROUTES, network, userAgent, wtxidRelay } = options;
    const { lookup = systemLookup } = modules;
    const awaitsBlock = (connection: Connection, hash: Hash): boolean => blocks.awaits(connection, hash);
    // One object for all connections.
    const forConnections = {
      ...{ bus, handlers, frames, nonces, monotonicMs, turns, received, unsent, awaitsBlock, fault },
      prepareCompact: compact.prepare,
      terms: connectionTerms({ network, mode, userAgent, wtxidRelay }),
      connectionEnded: (connection: Connection, reason: DisconnectReason) => {
        this.connections.delete(connection);
        this.transactions.ended(connection);
        blocks.ended(connection);
        highBandwidth.ended(connection);
        this.join?.ended(connection, reason);
      },
    };
    const add = (
      of: Pick<ConnectionOptions, 'kind' | 'host' | 'port' | 'socket' | 'route' | 'dialBy'>,
    ): Connection => {
      const id = ++this.lastId;
      const { kind } = of;
      const budget = kind === 'kept' ? null : new PeerBudget({ kind, shared, now: monotonicMs() });
      const { dialBy, host, port, route, socket } = of;
      const connection = new Connection(
        // No spread, whose result has a hidden class of its own: 360 bytes for each connection.
        { id, kind, socket, route, host, port, dialBy, budget },
        forConnections,
      );
      this.connections.add(connection);
      return connection;
    };
    const dial =
      (kind: 'kept' | 'joined') =>
      (text: string, port: number, dialBy: TransportName): Connection | null => {
        const host = hostOf(text);
        const route = routes.to(host);
        if (route === undefined || this.connections.hasDialled(host, port)) return null;
        return add({ kind, host, port, route, dialBy });
      };
    bus.on('handshake', ({ peer }) => {
      const connection = this.connections.get(peer.id);
      if (connection === undefined) return;
      this.connections.greeted(connection);
      this.transactions.connected(connection);
    });
    this.dialers = options.connect.map(
      (endpoint) =>
        new Dialer(endpoint, {
          open: dial('kept'),
          mode,
          isDialled: (host, port) => this.connections.hasDialled(hostOf(host), port),
          lookup: (host) => (routes.takes(host) ? Promise.resolve([host]) : lookup(host)),
          monotonicMs,
          reportUnreachable: modules.reportUnreachable,
        }),
    );
    if (options.join !== undefined) {
      // Loaded only where the network is joined.
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      const { Join } = require('./join/join') as typeof Joining;
      this.join = new Join(options.join, {
        ...{ bus, clock, connections: this.connections, mode, routes, processorMs },
        open: dial('joined'),
        accept: (socket, host, port) => add({ kind: 'inbound', host, port, socket }),
      });
    }
  }

  /** Number of known addresses (if the network is joined) and of banned ones. */
  get addresses(): { readonly known?: number; readonly banned: number } {
    return this.join?.gauges ?? { banned: 0 };
  }

  /** The peers that must stay connected. */
  get dials(): readonly DialState[] {
    return this.dialers.map(({ state }) => state);
  }

  /**
   * Whether the message that is being handled comes from an inbound peer. Its points come after all others.
   */
  get isServingInbound(): boolean {
    return this.turns.current?.outbound === false;
  }

  start(): void {
    for (const dialer of this.dialers) dialer.start();
    this.join?.start();
    this.ticker = setInterval(() => {
      this.transactions.tick();
      this.compactBlocks.tick();
      this.blocks.tick();
      this.turns.tick();
      this.received.tick(this.monotonicMs());
    }, TICK_MS);
  }

  /** Asks a peer for headers; does nothing if it is gone. */
  askHeaders(peer: PeerInfo, locator: readonly Buffer[]): void {
    this.connections.get(peer.id)?.askHeaders(locator);
  }

  /** Asks peers for missing blocks, the first of them `depth` blocks below the best header. */
  fetchBlocks(hashes: readonly Hash[], depth: number): void {
    this.blocks.fetch(hashes, depth, this.connections);
  }

  /** Reports that a peer broke a rule of the chain. */
  report(peer: PeerInfo, violation: Violation): void {
    this.connections.get(peer.id)?.report(violation);
  }

  /** Requests a block again after a forgery of it. */
  askAgain(hash: Hash): void {
    this.blocks.forged(hash);
  }

  async stop(): Promise<void> {
    for (const dialer of this.dialers) dialer.stop();
    for (const connection of this.connections) connection.close('stopped');
    if (this.ticker !== null) clearInterval(this.ticker);
    this.turns.stop();
    await this.join?.stop();
  }
}
