import { EventBus } from '../lib/event-bus';
import { HeldBytes, RECEIVED_LIMITS, UNSENT_LIMITS } from '../p2p/budget/held-bytes';
import { PeerBudget, sharedBudget } from '../p2p/budget/peer-budget';
import { ReadTurns } from '../p2p/budget/read-turns';
import { Connection, type ConnectionModules } from '../p2p/connection';
import type { DisconnectReason, P2PEvents } from '../p2p/p2p-events';
import { connectionTerms } from '../p2p/peer-session';
import type { Routes } from '../p2p/route/routes';
import { type TransportMode, transportToDial, UNTRIED } from '../p2p/transport/choice';
import type { TransportName } from '../p2p/transport/transport';
import type { NetworkAddress } from '../wire/messages/network-address';
import type { VersionMessage } from '../wire/messages/version';
import type { NetworkName } from '../wire/networks';
import { visitHandlers } from './visit-handlers';
import { PATIENCE, type Patience, Visit } from './visit';

/** How often the sockets of nodes that do not read are looked for. */
const TICK_MS = 1_000;

/** Transactions that are requested in a second: none. The budget of a node follows from it. */
const TX_PER_SECOND = 0;

export interface VisitorOptions {
  readonly network: NetworkName;
  readonly userAgent: string;
  readonly mode: TransportMode;
  readonly routes: Routes;
  readonly patience?: Patience;
  /** Receives errors that no node should be able to cause. */
  readonly fault: (error: unknown) => void;
}

/** A node to visit. */
export interface Destination {
  /** An IP, a name of Tor or I2P, or a DNS name that the route resolves. */
  readonly host: string;
  readonly port: number;
  /** The services that others told about it; undefined if nobody did. */
  readonly services: bigint | undefined;
}

/** What came of a visit. */
export interface Visited {
  /** Why the connection ended. */
  readonly reason: DisconnectReason;
  /** The node's statements about itself; null without a complete handshake. */
  readonly found: {
    readonly claims: VersionMessage;
    readonly transport: TransportName;
    readonly atMs: number;
    readonly latencyMs: number | undefined;
    readonly told: number;
  } | null;
}

/** Visits nodes: a handshake, a `getaddr`, a ping, and then the end of the connection. */
export class Visitor {
  private readonly bus = new EventBus<P2PEvents>();
  private readonly visits = new Map<number, { readonly visit: Visit; readonly connection: Connection }>();
  private readonly modules: ConnectionModules;
  private readonly ticker: NodeJS.Timeout;
  private readonly shared = sharedBudget(TX_PER_SECOND, performance.now());
  private lastId = 0;
  private isStopped = false;

  constructor(private readonly options: VisitorOptions) {
    const { bus, visits } = this;
    const monotonicMs = (): number => performance.now();
    const turns = new ReadTurns({ monotonicMs });
    const { mode, network, userAgent } = options;
    this.modules = {
      ...{ bus, monotonicMs, turns, handlers: visitHandlers(bus), fault: options.fault },
      // A visit asks for no blocks.
      awaitsBlock: () => false,
      prepareCompact: () => 'done',
      terms: connectionTerms({ network, mode, userAgent, wtxidRelay: false, relay: false }),
      connectionEnded: () => undefined,
      nonces: new Map(),
      received: new HeldBytes(RECEIVED_LIMITS),
      unsent: new HeldBytes(UNSENT_LIMITS),
    };
    bus.on('handshake', ({ peer }) => visits.get(peer.id)?.visit.established());
    bus.on('addresses', ({ peer, addresses }) => visits.get(peer.id)?.visit.addresses(addresses));
    bus.on('pong', ({ peer, rttMs }) => visits.get(peer.id)?.visit.pong(rttMs));
    bus.on('bytesRead', ({ peer, bytes }) => visits.get(peer.id)?.visit.read(bytes));
    this.ticker = setInterval(() => turns.tick(), TICK_MS);
  }

  /**
   * Visits a node. One that hangs up on the encrypted transport is dialled once more by the plain one.
   * @param take gets the addresses that it tells
   */
  async visit(to: Destination, take: (addresses: readonly NetworkAddress[]) => void): Promise<Visited> {
    const { mode } = this.options;
    const known = to.services === undefined ? UNTRIED : { services: to.services };
    const first = await this.dial(to, transportToDial(mode, known), take);
    return first.reason === 'plain-transport' && mode === 'auto' && !this.isStopped
      ? this.dial(to, 'v1', take)
      : first;
  }

  /** Ends all visits. */
  stop(): void {
    this.isStopped = true;
    clearInterval(this.ticker);
    for (const { connection } of this.visits.values()) connection.close('stopped');
    this.modules.turns.stop();
  }

  private async dial(
    { host, port }: Destination,
    dialBy: TransportName,
    take: (addresses: readonly NetworkAddress[]) => void,
  ): Promise<Visited> {
    const { patience = PATIENCE, routes } = this.options;
    const route = routes.to(host);
    if (route === undefined || this.isStopped) return { reason: 'stopped', found: null };
    const now = performance.now();
    const budget = new PeerBudget({ kind: 'joined', shared: this.shared, now });
    const connection = new Connection(
      {
        ...{ id: ++this.lastId, kind: 'joined', host, port, route, dialBy, budget },
      },
      this.modules,
    );
    const visit = new Visit(connection, patience, take);
    this.visits.set(connection.id, { visit, connection });
    const reason = await connection.closed;
    visit.ended();
    this.visits.delete(connection.id);
    const { claims, transport } = connection;
    const { establishedMs: atMs, latencyMs, told } = visit;
    if (atMs === null || claims === null || transport === undefined) return { reason, found: null };
    return { reason, found: { claims, transport, atMs, latencyMs, told } };
  }
}
