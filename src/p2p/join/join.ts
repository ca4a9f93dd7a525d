import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock';
import type { EventBus } from '../../lib/event-bus';
import type { Connection } from '../connection';
import type { Connections } from '../connections';
import { formatEndpoint } from '../endpoint';
import type { I2p } from '../i2p/i2p';
import type { DisconnectReason, P2PEvents, PeerInfo, Violation } from '../p2p-events';
import type { Routes } from '../route/routes';
import type { TransportMode } from '../transport/choice';
import type { TransportName } from '../transport/transport';
import { isLocalNetwork, type NetworkName } from '../../wire/networks';
import { TokenBucket } from '../budget/token-bucket';
import type { AddressList } from './address-lists';
import type { AddressManager } from './address-manager';
import type { AddressFile } from './address-file';
import { AddressSaver } from './address-saver';
import { CAUSES_BAN, type Bans, banSubject } from './bans';
import { MOST_WITHOUT_CROWD } from './crowd';
import { DialPace } from './dial-pace';
import type { DnsSeed } from './dns-seeds';
import { Feelers } from './feelers';
import { Gossip } from './gossip';
import { Inbound } from './inbound';
import type { Listener } from './listener';
import { isForeignDial, ForeignDials } from './foreign-dials';
import { isUseful, Outbound } from './outbound';
import type { Reaches } from './reachability';
import { Rotation } from './rotation';
import { SeedLookup } from './seed-lookup';
import { SeedPeers } from './seed-peers';
import { DnsSource } from './seed-source';
import { Seeding } from './seeding';

/** With this many peers no seeds are asked; Core 31 `src/net.cpp` SEED_OUTBOUND_CONNECTION_THRESHOLD. */
const PEERS_WITHOUT_SEEDS = 2;

/**
 * How many peers are asked for addresses: the first ones, and then some in a second. A few know what all
 * know, and each answer of a thousand addresses takes 3 ms.
 */
const ADDRESSES_ASKED = { capacity: MOST_WITHOUT_CROWD, perSecond: 2 };

/** The part of the log that joining needs. */
export interface JoinLog {
  info(message: string, details: object): unknown;
  warn(message: string, details: object): unknown;
}

/** Options for joining a network, and the resources that were prepared for it. */
export interface JoinParts {
  readonly network: NetworkName;
  /** Number of peers to find; 0 to find none. */
  readonly peers: number;
  /** The most inbound connections. */
  readonly maxInbound: number;
  readonly seeds: readonly DnsSeed[];
  /** `IP:port` of the DNS server; default: the system's. */
  readonly resolver?: string;
  /** How long a session lasts before it is let go for another one; without it sessions last. */
  readonly rotateMs?: number;
  /** Number of told addresses to try in an hour; default: none. */
  readonly feelersAnHour?: number;
  /** Addresses that are neither dialled nor accepted; default: none. */
  readonly excluded?: AddressList;
  readonly addrman: AddressManager;
  readonly bans: Bans;
  /** The file of both; null if they are not saved. */
  readonly file: AddressFile | null;
  readonly listener: Listener | null;
  /** Accepts peers from I2P, besides the listener. */
  readonly i2p?: Pick<I2p, 'accept'>;
  /** Unix time in whole seconds. */
  readonly unixTime: () => number;
  readonly log: JoinLog;
}

export interface JoinModules {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Processor time of the program in milliseconds. */
  readonly processorMs: () => number;
  /** Dials an address; null if there is a connection to it. */
  readonly open: (host: string, port: number, dialBy: TransportName) => Connection | null;
  /** The transports by which addresses are dialled. */
  readonly mode: TransportMode;
  /** The route to each network. */
  readonly routes: Routes;
  /** Opens the connection of a peer that dialled us. */
  readonly accept: (socket: Socket, host: string, port: number) => Connection;
  readonly connections: Connections<Connection>;
}

/**
 * Joins a network: finds peers besides those that the user named, accepts inbound ones, and manages
 * addresses.
 */
export class Join {
  private readonly outbound: Outbound;
  private readonly feelers: Feelers | null;
  private readonly seeding: Seeding;
  private readonly gossip: Gossip;
  private readonly saver: AddressSaver;
  private readonly inbound: Inbound | null;
  private readonly foreignDials: ForeignDials;
  private readonly pace: DialPace;
  private readonly asked: TokenBucket;
  private ticker: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: JoinParts,
    private readonly modules: JoinModules,
  ) {
    const { bus, clock, connections, mode, open, processorMs, routes } = modules;
    const { addrman, feelersAnHour: anHour = 0, log, network, peers, rotateMs, seeds, unixTime } = parts;
    const monotonicMs = (): number => clock.monotonicMs();
    const changed = (): void => this.saver.changed();
    const reaches: Reaches = (to) => routes.reaches(to);
    const isBanned = (host: string, port: number): boolean => this.isBanned(host, port);
    this.asked = new TokenBucket(ADDRESSES_ASKED, monotonicMs());
    this.pace = new DialPace(peers, { monotonicMs, processorMs });
    this.outbound = new Outbound({
      ...{ addrman, network, peers, isBanned, open, mode, reaches, connections, monotonicMs, changed },
      pace: this.pace,
      rotation: rotateMs === undefined ? null : new Rotation(rotateMs, peers, monotonicMs),
    });
    this.feelers =
      anHour === 0
        ? null
        : new Feelers({
            ...{ addrman, anHour, mode, open, monotonicMs, random: () => Math.random() },
            mayDial: (known) => this.outbound.mayDial(known),
            isOnline: () => this.outbound.isOnline(),
            foundSelf: (known) => this.outbound.foundSelf(known),
            tried: (isReachable) => {
              bus.emit('addressTried', { isReachable });
              changed();
            },
          });
    const lookup = new SeedLookup(parts.resolver);
    const seedPeers = routes.resolvesNames ? new SeedPeers({ network, addrman, open, mode }) : null;
    this.seeding = new Seeding({
      ...{ network, seeds, addrman, reaches, changed },
      source: seedPeers ?? new DnsSource({ network, addrman, unixTime, lookup }),
      isJoined: () => this.outbound.established >= Math.min(peers, PEERS_WITHOUT_SEEDS),
      told: (seed, addresses) =>
        log.info('addresses from a DNS seed', { seed, addresses, known: addrman.size }),
      failed: (seed, reason) => log.warn('no addresses from a DNS seed', { seed, reason }),
    });
    const { bans, excluded, file, i2p = null, listener, maxInbound } = parts;
    this.saver = new AddressSaver({
      ...{ addrman, bans, file, monotonicMs },
      warn: (reason) => log.warn('addresses are not kept', { reason }),
    });
    this.inbound =
      listener === null
        ? null
        : new Inbound(
            { network, max: maxInbound },
            {
              ...{ bus, clock, bans, excluded, listener, i2p, connections, accept: modules.accept },
              info: (message, details) => log.info(message, details),
              warn: (message) => log.warn(message, {}),
            },
          );
    this.foreignDials = new ForeignDials(monotonicMs);
    this.gossip = new Gossip({ bus, addrman, monotonicMs, unixTime, changed });
    bus.on('handshake', ({ peer }) => this.established(peer));
    bus.on('addresses', ({ peer, addresses }) => {
      const connection = this.connectionOf(peer);
      if (connection !== undefined) this.gossip.learn(connection, addresses);
      seedPeers?.learned(peer, addresses.length);
    });
    bus.on('violation', ({ peer, reason }) => this.punish(peer, reason));
  }

  /** Number of known and of banned addresses. */
  get gauges(): { readonly known: number; readonly banned: number } {
    return { known: this.parts.addrman.size, banned: this.parts.bans.size };
  }

  start(): void {
    this.ticker = setInterval(() => this.tick(), this.pace.tickMs);
    this.inbound?.start();
    if (this.parts.peers === 0) return;
    this.seeding.start();
    this.outbound.tick();
  }

  /** Notes that a connection has ended. */
  ended(connection: Connection, reason: DisconnectReason): void {
    this.outbound.ended(connection, reason);
  }

  /** Stops dialling and accepting, and saves addresses and bans. The pool closes the connections. */
  async stop(): Promise<void> {
    clearInterval(this.ticker);
    this.seeding.stop();
    this.inbound?.stop();
    await this.saver.save();
  }

  /** Answers the `getaddr` of a peer. */
  answerGetAddr(connection: Connection): void {
    this.gossip.answer(connection);
  }

  private tick(): void {
    this.outbound.tick();
    this.feelers?.tick();
    this.saver.tick();
  }

  private established(peer: PeerInfo): void {
    const connection = this.connectionOf(peer);
    if (connection?.outbound !== true) return;
    if (this.feelers?.has(connection) === true) {
      endAfterEvent(connection, 'feeler');
      return;
    }
    const { network, peers } = this.parts;
    const isWanted =
      connection.kind !== 'joined' || isLocalNetwork(network) || isUseful(peer.claims?.services ?? 0n);
    this.outbound.worked(connection, isWanted);
    if (!isWanted) endAfterEvent(connection, 'no-services');
    else if (peers > 0 && this.asked.take(1, this.modules.clock.monotonicMs())) this.gossip.ask(connection);
  }

  /** Bans a peer for a violation that no honest node causes. Peers that the user named are never banned. */
  private punish(peer: PeerInfo, reason: Violation): void {
    const connection = this.connectionOf(peer);
    if (connection === undefined || connection.kind === 'kept') return;
    const subject = banSubject(this.parts.network, connection);
    const repeats = isForeignDial(reason) && subject !== null && this.foreignDials.isOverLimit(subject);
    if (!CAUSES_BAN[reason] && !repeats) return;
    if (subject !== null) this.parts.bans.add(subject);
    this.saver.changed();
    connection.close(reason);
  }

  private isBanned(host: string, port: number): boolean {
    const { bans } = this.parts;
    return bans.has(host) || bans.has(formatEndpoint({ host, port }));
  }

  private connectionOf(peer: PeerInfo): Connection | undefined {
    return this.modules.connections.get(peer.id);
  }
}

/** Ends a connection once all who listen have heard of the present event, such as its handshake. */
function endAfterEvent(connection: Connection, reason: DisconnectReason): void {
  queueMicrotask(() => connection.close(reason));
}
