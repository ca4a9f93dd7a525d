import type { Emit } from '../../metrics/emitter';
import { COUNTED_COMMANDS, type CountedCommand, isCommand } from '../../wire/commands';
import type { NodePeer } from '../answers';
import type { WatchPart, WatchTask } from './watch-task';

type Counts = Partial<Record<CountedCommand, number>>;

/**
 * `msg_recv_bytes` and `msg_sent_bytes` of a node that tells the bytes of each peer by command: Core
 * (getpeerinfo). Each is the growth since the list before. A peer that is new in the list counts from its
 * connection on, one that has left up to the last list that it was in.
 */
export class CommandBytes implements WatchPart {
  readonly name = 'bytes by command of the watched node';
  readonly tasks: readonly WatchTask[] = [];
  private before: ReadonlyMap<string, NodePeer> | undefined;
  private received: Counts = {};
  private sent: Counts = {};
  /** Whether the node tells them at all. */
  private isTold = false;

  constructor(private readonly modules: { readonly emit: Emit }) {}

  /** A new list of the peers, by what tells their connections apart. */
  listed(peers: ReadonlyMap<string, NodePeer>): void {
    const { before } = this;
    this.before = peers;
    for (const [key, { receivedByCommand, sentByCommand }] of peers) {
      if (receivedByCommand === undefined || sentByCommand === undefined) continue;
      this.isTold = true;
      // What passed before the first list belongs to no interval.
      if (before === undefined) continue;
      const last = before.get(key);
      addGrowth(this.received, receivedByCommand, last?.receivedByCommand);
      addGrowth(this.sent, sentByCommand, last?.sentByCommand);
    }
  }

  interval(isUp: boolean): void {
    if (!isUp || !this.isTold) return;
    this.modules.emit('msg_recv_bytes', { ...NOTHING, ...this.received });
    this.modules.emit('msg_sent_bytes', { ...NOTHING, ...this.sent });
    this.received = {};
    this.sent = {};
  }
}

const NOTHING = Object.fromEntries(COUNTED_COMMANDS.map((command) => [command, 0])) as Record<
  CountedCommand,
  number
>;

function addGrowth(
  sums: Counts,
  bytes: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number> | undefined,
): void {
  for (const [command, total] of bytes) {
    const counted = isCommand(command) ? command : 'other';
    sums[counted] = (sums[counted] ?? 0) + Math.max(0, total - (before?.get(command) ?? 0));
  }
}
