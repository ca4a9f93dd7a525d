import type { Clock } from '../lib/clock';
import { Throttle } from '../lib/throttle';
import type { NetworkName } from '../wire/networks';
import { type IdentifiedNode, identifyNode } from './identify';
import { type NodePlace, describePlace } from './node-place';
import { RpcClient, type RpcClientModules } from './rpc-client';
import { type FailureKind, RpcFailure, isAbsent, isOfOneCall } from './rpc-failure';
import { PROGRAM } from './rpc-ports';
import type { WatchGap } from './watch-gap';

/** Whether a node answers: `new` before the first attempt. */
export type LinkState = 'new' | 'up' | 'warming-up' | 'down';

export interface LinkModules extends RpcClientModules {
  readonly clock: Pick<Clock, 'uniqueNs' | 'monotonicMs'>;
  readonly info: (message: string) => void;
  readonly warn: (message: string) => void;
  /** The node answers again. Ask for what happened within the gap. */
  readonly onGap?: (gap: WatchGap) => void;
}

/** Failures that waiting does not cure: the user must change something. */
const LASTING: readonly FailureKind[] = [
  'other-network',
  'certificate',
  'tls',
  'unauthorized',
  'forbidden',
  'not-json',
];

/** Whether a failure at the start is a mistake of the call, rather than of a node that is away. */
export function isLasting({ kind }: RpcFailure): boolean {
  return LASTING.includes(kind);
}

/** Whether a failure has the cause of the one before. A node that stops resets connections, then refuses. */
function isSameCause(before: RpcFailure, failure: RpcFailure): boolean {
  return before.kind === failure.kind || (isAbsent(before) && isAbsent(failure));
}

/**
 * The connection to a watched node. The node is identified before it is asked, and again after it was away,
 * because its version, network or user may have changed. Each change between answering and not answering is
 * logged once.
 */
export class NodeLink {
  readonly client: RpcClient;
  private node: IdentifiedNode | undefined;
  private current: LinkState = 'new';
  private lastFailure: RpcFailure | undefined;
  private answeredNs: bigint | undefined;
  private identifying: Promise<IdentifiedNode> | undefined;
  private said = '';
  private readonly oneCall: Throttle;

  constructor(
    readonly place: NodePlace,
    private readonly network: NetworkName,
    private readonly modules: LinkModules,
  ) {
    this.client = new RpcClient(place, modules);
    this.oneCall = new Throttle(() => modules.clock.monotonicMs());
  }

  get state(): LinkState {
    return this.current;
  }

  /** Why the node does not answer; undefined where it does. */
  get failure(): RpcFailure | undefined {
    return this.lastFailure;
  }

  /**
   * Whether the node has answered since then (nanoseconds since the Unix epoch); undefined where it answers,
   * but not since then: a call may be on its way.
   */
  hasAnsweredSince(ns: bigint): boolean | undefined {
    if (this.current !== 'up' || this.answeredNs === undefined) return false;
    return this.answeredNs > ns ? true : undefined;
  }

  /** The node, as far as it was ever identified. */
  get identity(): IdentifiedNode | undefined {
    return this.node;
  }

  /**
   * Asks the node, and identifies it first if necessary. Undefined if it does not answer: that was logged,
   * and `failure` has the reason. The failure of a single call is logged too, and changes no state.
   */
  async ask<T>(question: (node: IdentifiedNode) => Promise<T>): Promise<T | undefined> {
    try {
      const node = await this.identify();
      const answer = await question(node);
      this.answered();
      return answer;
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      this.failed(error);
      return undefined;
    }
  }

  /** Ends the running call and those that wait. */
  close(): void {
    this.client.close();
  }

  /** Identifies the node once for all who ask at the same time. */
  private async identify(): Promise<IdentifiedNode> {
    if (this.current === 'up' && this.node !== undefined) return this.node;
    this.identifying ??= identifyNode(this.client, this.network, (line) => this.sayRefused(line)).finally(
      () => (this.identifying = undefined),
    );
    this.node = await this.identifying;
    this.answered();
    return this.node;
  }

  /** Logs which methods the node refuses, unless the last line said the same. */
  private sayRefused(line: string): void {
    if (line !== this.said) this.modules.warn(line);
    this.said = line;
  }

  private answered(): void {
    const fromNs = this.answeredNs;
    this.answeredNs = this.modules.clock.uniqueNs();
    if (this.current === 'up') return;
    const failure = this.lastFailure;
    this.current = 'up';
    this.lastFailure = undefined;
    const { kind } = this.node ?? {};
    const what = kind === undefined ? '' : ` (${PROGRAM[kind]})`;
    const again = failure === undefined ? '' : ' again';
    this.modules.info(`${describePlace(this.place)}${what} answers${again}`);
    if (fromNs !== undefined && failure !== undefined)
      this.modules.onGap?.({ fromNs, untilNs: this.answeredNs, reason: failure.message });
  }

  private failed(failure: RpcFailure): void {
    if (failure.kind === 'closed') return;
    if (isOfOneCall(failure) && this.current === 'up') {
      // A method that fails at every interval is named once a minute.
      if (this.oneCall.allows()) this.modules.warn(failure.message);
      return;
    }
    // A failure at the start that waiting does not cure ends the program with its line.
    const isFatal = this.current === 'new' && isLasting(failure);
    const isKnown = this.lastFailure !== undefined && isSameCause(this.lastFailure, failure);
    this.current = failure.kind === 'warming-up' ? 'warming-up' : 'down';
    this.lastFailure = failure;
    if (!isKnown && !isFatal) this.modules.warn(failure.message);
  }
}
