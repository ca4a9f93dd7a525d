import { asciiLine } from '../lib/ascii-line';
import type { Clock } from '../lib/clock';
import { messageOf } from '../lib/errors';
import type { EventBus } from '../lib/event-bus';
import type { Timer } from '../lib/timer';
import { examinedBlock } from '../mempool/examined-block';
import { Judge } from '../mempool/judge';
import type { MonitorEvents } from '../metrics/collector';
import type { Emit, Together } from '../metrics/emitter';
import { guard } from '../metrics/guard';
import type { PolicyName } from '../policy/standardness';
import type { Block } from '../wire/block';
import type { Transaction } from '../wire/transaction';
import type { NetworkName } from '../wire/networks';
import { BtcdNotifications } from './btcd-notifications';
import { NodeLink, isLasting } from './node-link';
import { type NodePlace, describePlace } from './node-place';
import type { BlockNotice, TransactionNotice } from './read-notification';
import type { NodeKind } from './rpc-ports';
import { AcceptedTransactions } from './series/accepted-transactions';
import { Asker } from './series/asker';
import { WatchedBandwidth } from './series/bandwidth';
import { BlockFollower } from './series/block-follower';
import { BtcdLag } from './series/btcd-lag';
import { CallAccount } from './series/call-account';
import { ChainTips } from './series/chain-tips';
import { CommandBytes } from './series/command-bytes';
import { CoreNotifications } from './series/core-notifications';
import { KnownTransactions } from './series/known-transactions';
import { WatchedMempool } from './series/mempool-gauges';
import { MempoolReader } from './series/mempool-reader';
import { MissedCounts } from './series/missed-counts';
import { NodeAddresses } from './series/node-addresses';
import { NodePeers } from './series/node-peers';
import { NodeStatus } from './series/node-status';
import { PublishedTransactions } from './series/published-transactions';
import { UnreadTransactions } from './series/unread-transactions';
import { WaitingFees } from './series/waiting-fees';
import type { WatchPart, WatchTask } from './series/watch-task';
import { WatchedPeer } from './series/watched-peer';
import type { WatchGap } from './watch-gap';

/** What is watched, and how. */
export interface NodeMonitorOptions {
  readonly network: NetworkName;
  /** The policy that judges accepted transactions. */
  readonly policy: PolicyName;
  readonly maxUserAgents: number;
  /**
   * `host:port` of the node among the listener's peers, where it is known; else it is recognised by the host
   * of its RPC.
   */
  readonly peerAddress?: string;
  /** The port of the node's P2P, where it is known: it tells the node from others at that host. */
  readonly peerPort?: number | undefined;
  /** Whether a tap counts the messages of the node's peers. */
  readonly isTapped?: boolean;
}

export interface NodeMonitorModules {
  /** Writes points with the tags of the watched node. */
  readonly emit: Emit;
  readonly together: Together;
  /** The bus of the watched node. It gets blocks and transactions, for `NODE_COLLECTORS`. */
  readonly bus: EventBus<MonitorEvents>;
  /** The bus of the listener beside it, for `btcd_lag`; undefined without a listener. */
  readonly listenerBus: EventBus<MonitorEvents> | undefined;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly info: (message: string) => void;
  readonly warn: (message: string) => void;
}

/**
 * Writes the series of a watched node from its RPC. It asks in the background, one call at a time, each
 * method at its own pace, and more slowly if the node is slow. Points follow notifications at once; gauges
 * are written once an interval from the newest answers.
 */
export class NodeMonitor {
  private readonly link: NodeLink;
  private readonly account = new CallAccount();
  private readonly known: KnownTransactions;
  private readonly accepted: AcceptedTransactions;
  private readonly follower: BlockFollower;
  private readonly reader: MempoolReader;
  private readonly published: CoreNotifications;
  private readonly lag: BtcdLag | undefined;
  private readonly parts: readonly WatchPart[];
  private readonly tasks: readonly WatchTask[];
  private readonly guards: readonly ((action: () => void) => void)[];
  private readonly asker: Asker;
  private notifications: BtcdNotifications | undefined;
  private isStopped = false;

  constructor(
    private readonly place: NodePlace,
    options: NodeMonitorOptions,
    private readonly modules: NodeMonitorModules,
  ) {
    const { emit, together, bus, clock, timer, info } = modules;
    const { network, policy, maxUserAgents, isTapped = false } = options;
    const nowMs = (): number => clock.monotonicMs();
    const warn = (message: string): void => modules.warn(`${describePlace(place)}: ${message}`);
    this.link = new NodeLink(place, network, {
      ...{ clock, timer, info, warn: modules.warn },
      onCall: (report) => this.account.add(report),
      onGap: (gap) => this.cameBack(gap),
    });
    const missed = new MissedCounts();
    const judge = new Judge(policy, { bus, monotonicMs: nowMs });
    bus.on('processedBlock', (judged) =>
      bus.emit(
        'blockExamined',
        examinedBlock(judged, { numUnseen: this.unseen(judged.block), held: undefined }),
      ),
    );
    const fees = new WaitingFees({ bus, missed });
    this.known = new KnownTransactions(nowMs);
    this.accepted = new AcceptedTransactions({ clock, judge, known: this.known, fees, missed });
    const told = (transaction: Transaction, atMs: number): void => this.lag?.accepted(transaction, atMs);
    const { accepted, known } = this;
    const unread = new UnreadTransactions({ clock, accepted, missed, told });
    const published = new PublishedTransactions({ accepted, known, unread, missed, told });
    const isTelling = (): boolean => this.published.isTelling;
    this.reader = new MempoolReader({ clock, known, fees, unread, published, isTelling, warn });
    const tips = new ChainTips({ emit, together, clock });
    this.follower = new BlockFollower({
      ...{ bus, network, clock, timer, missed, warn },
      changed: () => tips.changed(),
      wake: () => this.asker.wake(),
    });
    const status = new NodeStatus({
      ...{ emit, clock, missed, link: this.link, account: this.account },
      height: () => this.follower.height,
    });
    const addresses = new NodeAddresses({ clock });
    const bytes = isTapped ? undefined : new CommandBytes({ emit });
    const peers = new NodePeers({
      ...{ emit, together, clock, maxUserAgents, bytes },
      connections: () => status.connections,
      addresses: () => addresses.gauges,
    });
    this.lag = this.makeLag(options);
    this.published = new CoreNotifications({
      ...{ place, clock, timer, published, warn, isLoading: () => status.isLoading },
      block: (hash, isConnected) => {
        if (isConnected) this.lag?.connected(hash);
        this.follower.recheck();
      },
      begun: () => this.notified(),
      gap: (gap) => this.missed(gap),
      lost: () => this.lookAgain(),
    });
    this.parts = [
      this.follower,
      new WatchedBandwidth({ emit, clock }),
      new WatchedMempool({ emit, clock, listed: () => this.reader.listed }),
      peers,
      addresses,
      ...(bytes === undefined ? [] : [bytes]),
      status,
      tips,
      this.published,
      this.reader,
      ...(this.lag === undefined ? [] : [this.lag]),
    ];
    this.tasks = this.parts.flatMap((part) => part.tasks);
    this.guards = this.parts.map(({ name }) =>
      guard(name, (failed, error) =>
        warn(`${failed}: the points of an interval failed: ${messageOf(error)}`),
      ),
    );
    this.asker = new Asker(this.tasks, {
      ...{ link: this.link, clock, timer },
      fault: (method, error) => warn(`${method}: its answer could not be handled: ${messageOf(error)}`),
      answered: () => this.subscribe(),
    });
  }

  /** The program of the node; undefined before its first answer. */
  get kind(): NodeKind | undefined {
    return this.link.identity?.kind;
  }

  /** Whether the node answers at present. */
  get isUp(): boolean {
    return this.link.state === 'up';
  }

  /** The height of its best block, as far as its blocks were followed. */
  get height(): number | undefined {
    return this.follower.height;
  }

  /**
   * Asks the node for the first time, and continues in the background. It waits for a node that is away.
   * @throws RpcFailure if waiting would not help: another network, a wrong login or certificate, no RPC
   */
  async start(): Promise<void> {
    await this.link.ask(() => Promise.resolve(true));
    const { failure } = this.link;
    if (failure !== undefined && isLasting(failure)) {
      this.stop();
      throw failure;
    }
    if (this.isStopped) return;
    if (this.isUp) this.subscribe();
    this.asker.start();
  }

  /** Writes the points of the interval that ends now, and has the next answers asked for. */
  interval(): void {
    const { isUp } = this;
    this.parts.forEach((part, i) => this.guards[i]?.(() => part.interval?.(isUp)));
    for (const task of this.tasks) task.intervalEnded?.();
    // Without notifications btcd is asked, as Core is.
    if (this.notifications?.isSubscribed === false) this.lookAgain();
    this.asker.wake();
  }

  stop(): void {
    this.isStopped = true;
    this.asker.stop();
    this.follower.stop();
    this.notifications?.close();
    this.published.stop();
    this.link.close();
  }

  /** Transactions of a block that the mempool of the node never had, as far as was noticed; no coinbase. */
  private unseen({ transactions }: Block): number {
    return transactions.filter(
      ({ isCoinbase, wireTxid }) =>
        !isCoinbase && !this.known.has(wireTxid) && !this.accepted.wasTold(wireTxid),
    ).length;
  }

  private makeLag({ network, peerAddress, peerPort }: NodeMonitorOptions): BtcdLag | undefined {
    const { emit, clock, listenerBus } = this.modules;
    if (listenerBus === undefined) return undefined;
    const watchedPeer = new WatchedPeer(this.place.host, network, listenerBus, { peerAddress, peerPort });
    return new BtcdLag({ emit, clock, listenerBus, watchedPeer });
  }

  /** Has a btcd notify, once it is known to be one. */
  private subscribe(): void {
    if (this.notifications !== undefined || this.kind !== 'btcd' || this.isStopped) return;
    const { clock, timer, warn } = this.modules;
    const handlers = {
      block: (notice: BlockNotice) => this.noticedBlock(notice),
      transaction: (notice: TransactionNotice) => this.noticedTransaction(notice),
      begun: () => this.notified(),
      gap: (gap: WatchGap) => this.missed(gap),
      // If the whole node is away, the RPC notices it first.
      lost: () => this.lookAgain(),
    };
    const isAnswering = (sinceNs: bigint): boolean | undefined => this.link.hasAnsweredSince(sinceNs);
    this.notifications = new BtcdNotifications(this.place, handlers, { clock, timer, warn, isAnswering });
    this.notifications.start();
  }

  /** The node notifies from now on. */
  private notified(): void {
    this.lag?.begin();
    // What came between the first answers and this moment.
    this.lookAgain();
  }

  /** Notifications were missing. */
  private missed(gap: WatchGap): void {
    this.tellGap('notifications', gap);
    this.lookAgain();
  }

  private noticedBlock(notice: BlockNotice): void {
    if (notice.kind === 'connected') this.lag?.connected(notice.hash);
    this.follower.noticed(notice);
  }

  private noticedTransaction({ txid, bytes }: TransactionNotice): void {
    const nowMs = this.modules.clock.monotonicMs();
    const transaction = this.accepted.tell(txid, bytes);
    if (transaction !== undefined) this.lag?.accepted(transaction, nowMs);
  }

  /** The node answers again. */
  private cameBack(gap: WatchGap): void {
    this.tellGap('rpc', gap);
    for (const part of this.parts) part.forget?.();
    for (const task of this.tasks) task.mark?.();
    this.lookAgain();
    this.notifications?.resume();
  }

  /** Has the chain and the mempool looked at, for what was not noticed. */
  private lookAgain(): void {
    this.reader.resync();
    this.follower.recheck();
  }

  private tellGap(source: 'rpc' | 'notifications', { fromNs, untilNs, reason }: WatchGap): void {
    this.modules.emit(
      'watch_gaps',
      { duration: Math.max(0, Number(untilNs - fromNs) / 1e6), reason: asciiLine(reason) },
      { source },
    );
  }
}
