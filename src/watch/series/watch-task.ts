import type { IdentifiedNode } from '../identify';
import type { NodeKind } from '../rpc-ports';

/** Something that a watched node is asked again and again. */
export interface WatchTask {
  /** The method of the RPC. A task whose method the node refuses is left alone. */
  readonly method: string;
  /** The only kind of node that is asked; undefined: both. */
  readonly only?: NodeKind;
  /**
   * Milliseconds until it is to be asked: 0 or less is now, Infinity is not at present. `node` is undefined
   * before it was ever identified.
   */
  dueInMs(nowMs: number, node: IdentifiedNode | undefined): number;
  /** An interval is over. */
  intervalEnded?(): void;
  /** Has it asked as soon as its pace allows. */
  mark?(): void;
  /** @throws RpcFailure */
  run(node: IdentifiedNode): Promise<void>;
}

/** A part of the monitor: its questions, and the points that it writes from the answers. */
export interface WatchPart {
  /** For the log, where it fails. */
  readonly name: string;
  readonly tasks: readonly WatchTask[];
  /**
   * Writes the points of the interval that ends now, from the newest answers. `isUp`: whether the node
   * answers at present.
   */
  interval?(isUp: boolean): void;
  /** The node was away: its earlier answers are not valid any more. */
  forget?(): void;
}
