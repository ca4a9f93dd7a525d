import type { Clock } from '../../lib/clock';
import { messageOf } from '../../lib/errors';
import type { Timer } from '../../lib/timer';
import type { Hash } from '../../wire/hash';
import type { NodePlace } from '../node-place';
import type { WatchGap } from '../watch-gap';
import { type ZmqNotice, type ZmqTopic, ZMQ_TOPICS, readZmqMessage } from '../zmq-messages';
import { type ZmqPlace, zmqPlaces } from '../zmq-places';
import { ZmqSocket, loadZeromq } from '../zmq-socket';
import { MessageCounts } from './message-counts';
import { GAUGE_SAVED_MS, PacedTask } from './paced-task';
import type { PublishedTransactions } from './published-transactions';
import type { WatchPart, WatchTask } from './watch-task';

/** A publisher that is away for longer is logged. */
const PATIENCE_MS = 15_000;

/** How long a publisher may take to know what is subscribed to. */
const SETTLE_MS = 1_000;

/** More than the name of a topic has. */
const LONGEST_NAME = 20;

/** Bytes of the number after each message. */
const NUMBER_BYTES = 4;

interface CoreNotificationsModules {
  readonly place: NodePlace;
  readonly clock: Pick<Clock, 'uniqueNs' | 'monotonicMs'>;
  readonly timer: Timer;
  readonly published: PublishedTransactions;
  /** Whether the node loads the chain: then it publishes every transaction of every block. */
  readonly isLoading: () => boolean;
  /** A block joined or left the chain. */
  readonly block: (hash: Hash, isConnected: boolean) => void;
  /** Messages begin to come. Ask for everything from before. */
  readonly begun: () => void;
  /** Messages were missing. Ask for their contents. */
  readonly gap: (gap: WatchGap) => void;
  /** No messages come. */
  readonly lost: () => void;
  readonly warn: (message: string) => void;
}

/** A subscription and its state. */
interface Subscription {
  readonly place: ZmqPlace;
  readonly socket: ZmqSocket;
  readonly counts: MessageCounts;
  isConnected: boolean;
  /** The last sign of life, and since when it is or is not connected, on the monotonic clock. */
  aliveNs: bigint | undefined;
  sinceMs: number;
  hasWarned: boolean;
}

/** Messages that are missing since the last interval. */
interface Missing {
  readonly fromNs: bigint;
  untilNs: bigint;
  readonly counts: Map<ZmqTopic, number>;
}

/**
 * Receives Core's notifications by ZMQ, if Core publishes any: getzmqnotifications names the addresses.
 * Without them, or while nobody answers there, the node is asked at each interval.
 */
export class CoreNotifications implements WatchPart {
  readonly name = 'notifications of the watched node';
  readonly tasks: readonly WatchTask[];
  private subscriptions: Subscription[] = [];
  private wanted = '';
  private missing: Missing | undefined;
  private isUnloadable = false;
  private isStopped = false;

  constructor(private readonly modules: CoreNotificationsModules) {
    const { clock, place, isLoading } = modules;
    this.tasks = [
      new PacedTask(
        'getzmqnotifications',
        {
          ...{ clock, every: 'minute', share: 0.0025, savedMs: GAUGE_SAVED_MS, only: 'core' },
          isWanted: () => !this.isUnloadable && !isLoading(),
        },
        async ({ calls }) => this.subscribe(zmqPlaces((await calls.zmqPublishers()) ?? [], place)),
      ),
    ];
  }

  /** Whether notifications report each accepted transaction at present. */
  get isTelling(): boolean {
    return this.has('sequence');
  }

  interval(isUp: boolean): void {
    const nowMs = this.modules.clock.monotonicMs();
    this.modules.published.askForAwaited(nowMs);
    this.tellMissing();
    if (!isUp) return;
    for (const subscription of this.subscriptions) {
      const { isConnected, sinceMs, hasWarned, place } = subscription;
      if (isConnected || hasWarned || nowMs - sinceMs < PATIENCE_MS) continue;
      subscription.hasWarned = true;
      this.modules.warn(
        `no notifications: nobody answers at ${place.address}, where it publishes ${place.topics.join(', ')}; it is polled meanwhile`,
      );
    }
  }

  /** The node was away, and may publish elsewhere now. */
  forget(): void {
    this.close();
  }

  stop(): void {
    this.isStopped = true;
    this.close();
  }

  private close(): void {
    for (const { socket } of this.subscriptions) socket.close();
    this.subscriptions = [];
    this.wanted = '';
    this.missing = undefined;
  }

  private has(topic: ZmqTopic): boolean {
    return this.subscriptions.some(({ isConnected, place }) => isConnected && place.topics.includes(topic));
  }

  private async subscribe(places: readonly ZmqPlace[]): Promise<void> {
    const wanted = JSON.stringify(places);
    if (wanted === this.wanted) return;
    this.close();
    if (places.length === 0) return;
    let zeromq: Awaited<ReturnType<typeof loadZeromq>>;
    try {
      zeromq = await loadZeromq();
    } catch (error) {
      this.isUnloadable = true;
      const [reason = ''] = messageOf(error).split('\n', 1);
      this.modules.warn(`publishes by ZMQ, but that can't be received here, so it is polled: ${reason}`);
      return;
    }
    if (this.isStopped) return;
    this.wanted = wanted;
    for (const place of places) this.open(zeromq, place);
  }

  private open(zeromq: Awaited<ReturnType<typeof loadZeromq>>, place: ZmqPlace): void {
    const { warn, clock } = this.modules;
    const fail = (reason: string): void => warn(`no notifications of ${place.address}: ${reason}`);
    const [counts, sinceMs] = [new MessageCounts(), clock.monotonicMs()];
    try {
      const subscription: Subscription = {
        ...{ place, counts, isConnected: false, aliveNs: undefined, sinceMs, hasWarned: false },
        socket: new ZmqSocket(zeromq, place, {
          connected: () => this.connected(subscription),
          disconnected: () => this.disconnected(subscription),
          message: (parts) => this.take(subscription, parts),
          failed: fail,
        }),
      };
      this.subscriptions.push(subscription);
    } catch (error) {
      fail(messageOf(error));
    }
  }

  /** Whether a subscription was not given up meanwhile: its events come later. */
  private isOpen(subscription: Subscription): boolean {
    return this.subscriptions.includes(subscription);
  }

  private connected(subscription: Subscription): void {
    if (!this.isOpen(subscription)) return;
    const { clock, timer, gap, begun } = this.modules;
    const { aliveNs: fromNs, place } = subscription;
    const untilNs = clock.uniqueNs();
    Object.assign(subscription, { isConnected: true, aliveNs: untilNs, sinceMs: clock.monotonicMs() });
    subscription.counts.forget();
    if (fromNs !== undefined) gap({ fromNs, untilNs, reason: `the connection to ${place.address} ended` });
    // The publisher learns a moment later what is subscribed to.
    timer(SETTLE_MS, () => {
      if (!this.isStopped) begun();
    });
  }

  private disconnected(subscription: Subscription): void {
    if (!this.isOpen(subscription) || !subscription.isConnected) return;
    const { clock, lost } = this.modules;
    Object.assign(subscription, { isConnected: false, sinceMs: clock.monotonicMs(), hasWarned: false });
    lost();
  }

  private take(subscription: Subscription, [name, body, number]: readonly Buffer[]): void {
    if (!this.isOpen(subscription)) return;
    const { clock } = this.modules;
    const called = name?.toString('latin1', 0, LONGEST_NAME);
    const topic = ZMQ_TOPICS.find((each) => each === called);
    if (topic === undefined) return;
    const atNs = clock.uniqueNs();
    const fromNs = subscription.aliveNs ?? atNs;
    subscription.aliveNs = atNs;
    const notice = body === undefined ? undefined : readZmqMessage(topic, body);
    const isRead = notice !== undefined && (notice === null || this.handle(notice));
    const isNumbered = number?.length === NUMBER_BYTES;
    const before = isNumbered ? subscription.counts.take(topic, number.readUInt32LE()) : 0;
    this.miss(topic, fromNs, atNs, before + (isRead && isNumbered ? 0 : 1));
  }

  /** Returns false where the bytes of a transaction can't be read. */
  private handle(notice: ZmqNotice): boolean {
    const { published, clock, block } = this.modules;
    const nowMs = clock.monotonicMs();
    switch (notice.kind) {
      case 'accepted':
        published.accepted(notice.txid, nowMs, this.has('rawtx'));
        return true;
      case 'transaction':
        published.hash(notice.txid, nowMs);
        return true;
      case 'bytes':
        return published.bytes(notice.bytes, nowMs);
      case 'connected':
      case 'disconnected':
        block(notice.hash, notice.kind === 'connected');
        return true;
    }
  }

  /** Notes how many messages are missing, or can't be read. */
  private miss(topic: ZmqTopic, fromNs: bigint, untilNs: bigint, count: number): void {
    if (count === 0) return;
    this.missing ??= { fromNs, untilNs, counts: new Map() };
    this.missing.untilNs = untilNs;
    const { counts } = this.missing;
    counts.set(topic, (counts.get(topic) ?? 0) + count);
  }

  private tellMissing(): void {
    const { missing } = this;
    if (missing === undefined) return;
    this.missing = undefined;
    const { fromNs, untilNs, counts } = missing;
    const named = [...counts].map(([topic, count]) => `${count} of ${topic}`);
    this.modules.gap({ fromNs, untilNs, reason: `messages are missing: ${named.join(', ')}` });
  }
}
