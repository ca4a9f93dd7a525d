import type { Handlers } from '../../lib/event-bus';
import { RankedCounts } from '../../lib/ranked-counts';
import type { PeerInfo } from '../../p2p/p2p-events';
import type { Hash } from '../../wire/hash';
import { INV_BLOCK, INV_TX, INV_WTX } from '../../wire/messages/inventory';
import type { MonitorEvents } from '../collector';
import { Crowds } from './crowds';
import { isPublic, type OriginSources, originOf } from './origin';
import { PeerAccount } from './peer-account';
import type { Session } from './session-fields';
import { hasOddServices } from './suspicion';

/** A peer's clock is compared within this many seconds, so that the difference is an exact number. */
const FARTHEST_S = 10 ** 12;

/** All the money in satoshi: a higher fee filter is nonsense (Core 31 `src/consensus/amount.h` MAX_MONEY). */
const MAX_FEE = 21e14;

export interface PeerAccountsModules extends OriginSources {
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  /** Height of a block; undefined while its header is not known. */
  readonly heightOf?: (hash: Hash) => number | undefined;
}

/**
 * The open connections, and what each has sent and received. A refused one is never open. Nothing here looks
 * at all connections for one message.
 */
export class PeerAccounts {
  readonly on: Handlers<MonitorEvents>;
  private readonly accounts = new Map<PeerInfo, PeerAccount>();
  private readonly netgroups = new Crowds();
  private readonly agents = new Crowds();
  /** What the peers with a completed handshake told of themselves, counted as they come and go. */
  readonly tellings = {
    feeFilters: new RankedCounts(),
    timeOffsets: new RankedCounts(),
  };
  /** The peer of the last event, and its account: most events of a message follow one another. */
  private lastPeer: PeerInfo | null = null;
  private lastAccount: PeerAccount | undefined;

  constructor(private readonly modules: PeerAccountsModules) {
    const { nowMs } = modules;
    this.on = {
      opened: ({ peer }) => void this.begun(peer),
      bytesRead: ({ peer, bytes }) => void (this.begun(peer).bytesRecv += bytes),
      bytesWritten: ({ peer, bytes }) => void (this.begun(peer).bytesSent += bytes),
      received: ({ peer, command, bytes }) => {
        const account = this.get(peer);
        if (account === undefined) return;
        account.received(command, bytes);
        account.lastMessageMs = nowMs();
      },
      sent: ({ peer, command, bytes }) => this.get(peer)?.sent(command, bytes),
      handshake: ({ peer, claims }) => {
        const account = this.get(peer);
        if (account === undefined) return;
        this.countTellings(account, -1);
        this.joinCrowds(peer, account);
        const theirs = Math.max(-FARTHEST_S, Math.min(FARTHEST_S, Number(claims.time)));
        account.timeOffset = Math.round(theirs - nowMs() / 1_000);
        this.countTellings(account, 1);
      },
      announced: ({ peer, items, known }) => {
        const account = this.get(peer);
        if (account === undefined) return;
        let count = 0;
        for (const { type } of items) if (type === INV_TX || type === INV_WTX || type === INV_BLOCK) count++;
        account.invFirst += count - known;
        account.invLater += known;
      },
      blockAnnounced: ({ peer, hash }) => {
        const account = this.get(peer);
        if (account === undefined) return;
        account.blocksAnnounced += 1;
        // Its last one may be known by now.
        this.learnHeight(account);
        account.announced = hash;
      },
      requested: ({ peer, count }) => {
        const account = this.get(peer);
        if (account !== undefined) account.requested += count;
      },
      transaction: ({ peer }) => this.delivered(peer),
      transactionShed: ({ peer }) => this.delivered(peer),
      block: ({ peer, requested }) => {
        if (requested) this.delivered(peer);
      },
      addresses: ({ peer, addresses }) => {
        const account = this.get(peer);
        if (account !== undefined) account.addresses += addresses.length;
      },
      feeFilter: ({ peer, perKvb }) => {
        const account = this.get(peer);
        if (account === undefined || perKvb < 0 || perKvb > MAX_FEE) return;
        this.countTellings(account, -1);
        account.feeFilter = perKvb;
        this.countTellings(account, 1);
      },
      pong: ({ peer, rttMs }) => this.get(peer)?.pong(rttMs),
      violation: ({ peer }) => {
        const account = this.get(peer);
        if (account !== undefined) account.violations += 1;
      },
    };
  }

  get(peer: PeerInfo): PeerAccount | undefined {
    if (peer === this.lastPeer) return this.lastAccount;
    this.lastPeer = peer;
    this.lastAccount = this.accounts.get(peer);
    return this.lastAccount;
  }

  /** Forgets a connection that has ended, and returns its account; undefined if no byte of it passed. */
  left(peer: PeerInfo): PeerAccount | undefined {
    const account = this.get(peer);
    if (account === undefined) return undefined;
    this.lastPeer = null;
    this.lastAccount = undefined;
    this.accounts.delete(peer);
    this.leaveCrowds(peer, account);
    this.countTellings(account, -1);
    this.learnHeight(account);
    return account.isSilent ? undefined : account;
  }

  /** The connections on which a byte has passed, in the order in which they were opened. */
  list(): readonly (readonly [PeerInfo, PeerAccount])[] {
    for (const account of this.accounts.values()) this.learnHeight(account);
    return [...this.accounts].filter(([, account]) => !account.isSilent);
  }

  /** Number of connections whose peer has told what it claims. */
  get greeted(): number {
    let count = 0;
    for (const { claims } of this.accounts.keys()) if (claims !== null) count++;
    return count;
  }

  /**
   * What is known of a connection at this moment. Whoever makes no points of it gives the time, so that a
   * recording has no reading of the clock which a replay lacks.
   */
  sessionOf(peer: PeerInfo, account: PeerAccount, nowMs = this.modules.monotonicMs()): Session {
    const origin = account.origin ?? originOf(peer.address, this.modules);
    return { peer, account, origin, ageMs: nowMs - account.begunMs };
  }

  private joinCrowds({ address, claims }: PeerInfo, account: PeerAccount): void {
    if (account.established) return;
    account.established = true;
    account.origin = originOf(address, this.modules);
    const { netgroup } = account.origin;
    if (netgroup !== undefined && isPublic(account.origin)) account.netgroup = this.netgroups.join(netgroup);
    if (claims !== null && hasOddServices(claims)) account.agents = this.agents.join(claims.userAgent);
  }

  private countTellings({ established, feeFilter, timeOffset }: PeerAccount, change: 1 | -1): void {
    if (!established) return;
    if (feeFilter !== undefined) this.tellings.feeFilters.add(feeFilter, change);
    if (timeOffset !== undefined) this.tellings.timeOffsets.add(timeOffset, change);
  }

  private leaveCrowds({ claims }: PeerInfo, { netgroup, agents, origin }: PeerAccount): void {
    if (netgroup !== null && origin?.netgroup !== undefined) this.netgroups.leave(origin.netgroup);
    if (agents !== null && claims !== null) this.agents.leave(claims.userAgent);
  }

  private learnHeight(account: PeerAccount): void {
    const height = account.announced === null ? undefined : this.modules.heightOf?.(account.announced);
    if (height === undefined) return;
    account.height = height;
    account.announced = null;
  }

  private delivered(peer: PeerInfo): void {
    const account = this.get(peer);
    if (account !== undefined) account.delivered += 1;
  }

  /** The account of a connection. Those of a tap have no event before their first bytes. */
  private begun(peer: PeerInfo): PeerAccount {
    const known = this.get(peer);
    if (known !== undefined) return known;
    const account = new PeerAccount(this.modules.nowMs(), this.modules.monotonicMs());
    this.accounts.set(peer, account);
    this.lastAccount = account;
    return account;
  }
}
