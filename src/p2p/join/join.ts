import type { Socket } from 'node:net';
import type { Clock } from '../../clock';
import type { EventBus } from '../../events';
import { messageOf } from '../../errors';
import type { Connection } from '../connection';
import { formatEndpoint } from '../endpoint';
import type { P2PEvents, PeerInfo, Violation } from '../events';
import { ipOf } from '../messages/network-address';
import type { NetworkName } from '../networks';
import type { AddressBook } from './address-book';
import type { AddressFile } from './address-file';
import { BANS, type Bans } from './bans';
import type { DnsSeed } from './dns-seeds';
import { Gossip } from './gossip';
import { refusalOf } from './inbound-limits';
import { parseIp } from './ip';
import type { Listener } from './listener';
import { isUseful, Outbound } from './outbound';
import { isLocalNetwork, isLoopback } from './reach';
import { SeedLookup } from './seed-lookup';
import { Seeding } from './seeding';

/** How often peers are looked for; Core 31 `src/net.cpp` ThreadOpenConnections. */
const TICK_MS = 500;

/** What was learned is on the disk after a second and, as writing takes longer the more there is, so much for each address. */
const SAVE_MS = 1_000;
const SAVE_MS_AN_ADDRESS = 5;

/** Peers that are enough to do without seeds; Core 31 `src/net.cpp` SEED_OUTBOUND_CONNECTION_THRESHOLD. */
const PEERS_WITHOUT_SEEDS = 2;

/** Where an operator is told of what happens. */
export interface JoinLog {
  info(message: string, details: object): unknown;
  warn(message: string, details: object): unknown;
}

/** What is wanted of the network, and what is already there for it. */
export interface JoinParts {
  readonly network: NetworkName;
  /** Peers that are wanted out of the address book; 0 where nobody is to be looked for. */
  readonly peers: number;
  /** The most that may dial us. */
  readonly maxInbound: number;
  readonly seeds: readonly DnsSeed[];
  /** `IP:port` of the DNS server that is asked; without it the system's. */
  readonly resolver?: string;
  readonly book: AddressBook;
  readonly bans: Bans;
  /** Where both are kept. */
  readonly file: AddressFile | null;
  readonly listener: Listener | null;
  /** Unix time in whole seconds. */
  readonly unixTime: () => number;
  readonly log: JoinLog;
}

/** What joining works with. */
export interface JoinModules {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Dials an address; null where there is a connection to it. */
  readonly open: (host: string, port: number) => Connection | null;
  /** Takes one who dialled us. */
  readonly accept: (socket: Socket, host: string, port: number) => Connection;
  readonly connections: ReadonlySet<Connection>;
}

/** Joins a network: finds peers beside those that the user named, lets others in, and knows where nodes are. */
export class Join {
  private readonly outbound: Outbound;
  private readonly seeding: Seeding;
  private readonly gossip: Gossip;
  private ticker: NodeJS.Timeout | undefined;
  /** When to save, on the monotonic clock. */
  private saveAt = Infinity;

  constructor(
    private readonly parts: JoinParts,
    private readonly modules: JoinModules,
  ) {
    const { bus, clock, connections, open } = modules;
    const { book, log, network, peers, seeds, unixTime } = parts;
    const monotonicMs = (): number => clock.monotonicMs();
    const changed = (): void => this.changed();
    const isBanned = (host: string, port: number): boolean => this.isBanned(host, port);
    this.outbound = new Outbound({
      ...{ book, network, peers, isBanned, open, connections, monotonicMs, changed },
    });
    this.seeding = new Seeding({
      ...{ network, seeds, book, unixTime, changed },
      lookup: new SeedLookup(parts.resolver),
      isJoined: () => this.outbound.established >= Math.min(peers, PEERS_WITHOUT_SEEDS),
      told: (seed, addresses) => log.info('addresses from a DNS seed', { seed, addresses, known: book.size }),
      failed: (seed, reason) => log.warn('no addresses from a DNS seed', { seed, reason }),
    });
    this.gossip = new Gossip({ bus, book, monotonicMs, unixTime, changed });
    bus.on('handshake', ({ peer }) => this.established(peer));
    bus.on('addresses', ({ peer, addresses }) => {
      const connection = this.connectionOf(peer);
      if (connection !== undefined) this.gossip.learn(connection, addresses);
    });
    bus.on('violation', ({ peer, reason }) => this.punish(peer, reason));
  }

  /** Number of addresses that are known, and that are banned. */
  get gauges(): { readonly known: number; readonly banned: number } {
    return { known: this.parts.book.size, banned: this.parts.bans.size };
  }

  start(): void {
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    this.parts.listener?.start(
      (socket) => this.admit(socket),
      (message) => this.parts.log.warn(message, {}),
    );
    if (this.parts.peers === 0) return;
    this.seeding.start();
    this.outbound.tick();
  }

  /** Dials no more and lets nobody in, and writes what is known. The connections are left to the pool. */
  async stop(): Promise<void> {
    clearInterval(this.ticker);
    this.seeding.stop();
    this.parts.listener?.close();
    await this.save();
  }

  /** Takes a peer's question for addresses. */
  answerGetAddr(connection: Connection): void {
    this.gossip.answer(connection);
  }

  private tick(): void {
    this.outbound.tick();
    if (this.modules.clock.monotonicMs() >= this.saveAt) void this.save();
  }

  private established(peer: PeerInfo): void {
    const connection = this.connectionOf(peer);
    if (connection?.outbound !== true) return;
    this.outbound.worked(connection);
    const { network, peers } = this.parts;
    if (connection.kind === 'joined' && !isLocalNetwork(network) && !isUseful(peer.claims?.services ?? 0n)) {
      connection.close('no-services');
      return;
    }
    if (peers > 0) this.gossip.ask(connection);
  }

  /** Bans for what no honest node does; those that the user named are kept whatever they do. */
  private punish(peer: PeerInfo, reason: Violation): void {
    const connection = this.connectionOf(peer);
    if (!BANS[reason] || connection === undefined || connection.kind === 'kept') return;
    const place = parseIp(connection.host);
    const isOurs = place !== null && isLoopback(place);
    const isLocal = isLocalNetwork(this.parts.network);
    // Everybody may come from this machine: through Tor, or where the whole network is on it.
    if (!isOurs) this.parts.bans.add(connection.host);
    else if (isLocal) this.parts.bans.add(connection.outbound ? formatEndpoint(connection) : connection.host);
    this.changed();
    connection.close(reason);
  }

  private isBanned(host: string, port: number): boolean {
    const { bans } = this.parts;
    return bans.has(host) || bans.has(formatEndpoint({ host, port }));
  }

  private admit(socket: Socket): void {
    const { accept, bus, clock, connections } = this.modules;
    const { bans, maxInbound, network } = this.parts;
    const place = parseIp(socket.remoteAddress ?? '');
    const port = socket.remotePort;
    const host = place === null ? null : ipOf(place);
    if (host === null || port === undefined) {
      // It has hung up already.
      socket.destroy();
      return;
    }
    const limits = { network, max: maxInbound };
    const refusal = bans.has(host) ? 'banned' : refusalOf(host, connections, limits, clock.monotonicMs());
    if (refusal === undefined) {
      accept(socket, host, port);
      return;
    }
    socket.destroy();
    bus.emit('refused', { reason: refusal });
  }

  private changed(): void {
    const wait = SAVE_MS + SAVE_MS_AN_ADDRESS * this.parts.book.size;
    this.saveAt = Math.min(this.saveAt, this.modules.clock.monotonicMs() + wait);
  }

  private async save(): Promise<void> {
    const { bans, book, file } = this.parts;
    this.saveAt = Infinity;
    try {
      await file?.save(book, bans);
    } catch (error) {
      this.changed();
      this.parts.log.warn('addresses are not kept', { error: messageOf(error) });
    }
  }

  private connectionOf(peer: PeerInfo): Connection | undefined {
    for (const connection of this.modules.connections) if (connection.id === peer.id) return connection;
    return undefined;
  }
}
