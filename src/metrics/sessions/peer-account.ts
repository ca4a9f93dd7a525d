import { quantile } from '../../lib/quantile';
import type { CountedCommand } from '../../wire/commands';
import type { Hash } from '../../wire/hash';
import type { VersionMessage } from '../../wire/messages/version';
import { printableLabel } from '../bounded-labels';
import type { Crowd } from './crowds';
import type { Origin } from './origin';
import { COMMAND_COUNTS } from './session-commands';

/** The median is taken from so many last round trips: those of a quarter of an hour. */
const MAX_PINGS = 31;

/** Where the counts of a command begin in the list of an account; left out for commands without columns. */
type Places = Readonly<Partial<Record<CountedCommand, number>>>;

const placesOf = (isReceived: boolean): Places => {
  const places: Partial<Record<CountedCommand, number>> = {};
  COMMAND_COUNTS.forEach((count, place) => {
    if (count.isReceived === isReceived && count.unit === 'messages') places[count.command] = place;
  });
  return places;
};

const RECEIVED = placesOf(true);
const SENT = placesOf(false);

/** Claims of a peer as columns and the page have them. */
interface ClaimedTexts {
  readonly userAgent: string;
  readonly services: string;
}

/**
 * What is remembered of one connection, in about 1 kB: no list in it grows with the traffic, and every event
 * takes the same time.
 */
export class PeerAccount {
  /** What follows from its address; null before its handshake. */
  origin: Origin | null = null;
  established = false;
  /** The connections of its netgroup, and those with its user agent and odd services; null without. */
  netgroup: Crowd | null = null;
  agents: Crowd | null = null;
  /** Seconds by which its clock is ahead of ours, when its `version` came. */
  timeOffset: number | undefined;
  /** The least feerate of its `feefilter`, in sat/kvB. */
  feeFilter: number | undefined;
  /** The last block that it announced, until the header of the block is known. */
  announced: Hash | null = null;
  /** Height of the last block that it announced and whose header is known. */
  height: number | null = null;
  /** Unix milliseconds. */
  lastMessageMs: number | null = null;
  pingMs: number | null = null;
  leastPingMs: number | null = null;
  bytesSent = 0;
  bytesRecv = 0;
  messagesSent = 0;
  messagesRecv = 0;
  /** Inventory that it announced before others, and after. */
  invFirst = 0;
  invLater = 0;
  blocksAnnounced = 0;
  /** What it was asked for, and transactions and blocks that it sent. */
  requested = 0;
  delivered = 0;
  addresses = 0;
  violations = 0;
  /** Messages and bytes of the commands that have columns of their own. */
  readonly counts: number[] = new Array<number>(COMMAND_COUNTS.length).fill(0);
  private texts: ClaimedTexts | null = null;
  private pings: number[] | null = null;
  private nextPing = 0;

  constructor(
    /** When it was opened, in Unix milliseconds. */
    readonly sinceMs: number,
    /** The same on the monotonic clock. */
    readonly begunMs: number,
  ) {}

  received(command: CountedCommand, bytes: number): void {
    this.messagesRecv += 1;
    this.count(RECEIVED[command], bytes);
  }

  sent(command: CountedCommand, bytes: number): void {
    this.messagesSent += 1;
    this.count(SENT[command], bytes);
  }

  pong(rttMs: number): void {
    this.pingMs = rttMs;
    this.leastPingMs = Math.min(this.leastPingMs ?? rttMs, rttMs);
    this.pings ??= [];
    this.pings[this.nextPing] = rttMs;
    this.nextPing = (this.nextPing + 1) % MAX_PINGS;
  }

  /** The median of the last round trips in milliseconds. */
  get medianPingMs(): number | undefined {
    return quantile(
      [...(this.pings ?? [])].sort((a, b) => a - b),
      0.5,
    );
  }

  /** The texts of what it claims, which are made once. */
  textsOf({ userAgent, services }: VersionMessage): ClaimedTexts {
    this.texts ??= {
      userAgent: printableLabel(userAgent),
      services: services.toString(16).padStart(16, '0'),
    };
    return this.texts;
  }

  /** Whether no byte has passed. */
  get isSilent(): boolean {
    return this.bytesRecv + this.bytesSent === 0;
  }

  /** What it was asked for and has not sent. */
  get undelivered(): number {
    return Math.max(0, this.requested - this.delivered);
  }

  private count(place: number | undefined, bytes: number): void {
    if (place === undefined) return;
    this.counts[place] = (this.counts[place] ?? 0) + 1;
    this.counts[place + 1] = (this.counts[place + 1] ?? 0) + bytes;
  }
}
