import type { Connection } from '../connection';
import type { DisconnectReason } from '../p2p-events';
import { type TransportMode, transportToDial } from '../transport/choice';
import type { TransportName } from '../transport/transport';
import type { AddressManager } from './address-manager';
import { formatHost } from './host';
import { isOfSeed, type KnownAddress } from './known-address';

const HOUR_MS = 3_600_000;

/** Feelers without an answer at a time, at most. An address where nobody answers takes 10 s. */
const MOST_AT_ONCE = 16;

/** A tick this late is made up for. */
const LATE_MS = 1_000;

/** What is needed of a connection here. */
export type FeelerPeer = Pick<Connection, 'claims' | 'close' | 'closed' | 'established' | 'transport'>;

export interface FeelersModules {
  readonly addrman: Pick<AddressManager, 'failed' | 'pick' | 'worked'>;
  /** Mean number of addresses to try in an hour. */
  readonly anHour: number;
  readonly mode: TransportMode;
  readonly open: (host: string, port: number, dialBy: TransportName) => FeelerPeer | null;
  /** Whether an address may be dialled. */
  readonly mayDial: (known: KnownAddress) => boolean;
  /** Whether enough peers are connected that a failed dial is not our own fault. */
  readonly isOnline: () => boolean;
  /** Called where an address leads to ourselves. */
  readonly foundSelf: (known: KnownAddress) => void;
  /** Called where an address was tried. */
  readonly tried: (isReachable: boolean) => void;
  readonly monotonicMs: () => number;
  /** A random number from 0 to 1, without 1. */
  readonly random: () => number;
}

/**
 * Tries addresses that peers sent and that this node has not dialled. Each gets a connection that ends after
 * its handshake (Core calls it a feeler). Addresses and moments are random, so the tried addresses are a
 * sample of those that peers sent.
 */
export class Feelers {
  /** The addresses that are tried now. They are few. */
  private readonly dials = new Map<KnownAddress, FeelerPeer>();
  private nextMs: number;

  constructor(private readonly modules: FeelersModules) {
    this.nextMs = modules.monotonicMs() + this.waitMs();
  }

  /** Tries an address if one is due; to be called every second or more often. */
  tick(): void {
    const { addrman, isOnline, mayDial, mode, monotonicMs } = this.modules;
    const now = monotonicMs();
    if (now < this.nextMs) return;
    this.nextMs = Math.max(this.nextMs, now - LATE_MS) + this.waitMs();
    if (this.dials.size >= MOST_AT_ONCE || !isOnline()) return;
    const known = addrman.pick(
      (it) => it.lastTry === 0 && !isOfSeed(it) && !this.dials.has(it) && mayDial(it),
    );
    if (known !== undefined) this.dial(known, transportToDial(mode, known));
  }

  /** Whether a connection is one of these. It is closed after its handshake, with the reason `feeler`. */
  has(connection: FeelerPeer): boolean {
    for (const dial of this.dials.values()) if (dial === connection) return true;
    return false;
  }

  private dial(known: KnownAddress, dialBy: TransportName): void {
    const { mode, open } = this.modules;
    const host = formatHost(known);
    const connection = host === null ? null : open(host, known.port, dialBy);
    if (connection === null) return;
    this.dials.set(known, connection);
    void connection.closed.then((reason) => {
      this.dials.delete(known);
      // The node lacks the encrypted transport.
      if (reason === 'plain-transport' && mode === 'auto') this.dial(known, 'v1');
      else this.ended(known, connection, reason);
    });
  }

  private ended(known: KnownAddress, connection: FeelerPeer, reason: DisconnectReason): void {
    const { addrman, foundSelf, isOnline, tried } = this.modules;
    // It is not the address that failed.
    if (reason === 'stopped' || reason === 'route-failed') return;
    if (reason === 'self-connection') {
      foundSelf(known);
      return;
    }
    const { claims, established, transport } = connection;
    if (established) addrman.worked(known, claims?.services ?? 0n, transport);
    else if (isOnline()) addrman.failed(known, true);
    else return;
    tried(established);
  }

  /** The time until the next one: as long as between events that come at random (Poisson). */
  private waitMs(): number {
    const { anHour, random } = this.modules;
    return (-Math.log(1 - random()) * HOUR_MS) / anHour;
  }
}
