import type { Hash } from '../../wire/hash';
import type { BlockNotice } from '../read-notification';

/** A best block that the node had. */
interface Target {
  /** Undefined if blocks were disconnected and none connected since. */
  hash: Hash | undefined;
  height: number;
  /** After disconnected blocks: the height of the best block before them; -1 where there were none. */
  readonly leftHeight: number;
  isSettled: boolean;
}

/** More best blocks that wait to be followed are not kept apart. */
const MAX_TARGETS = 100;

/**
 * Finds best blocks in the notifications about connected and disconnected blocks. btcd disconnects the blocks
 * of the old branch one by one and then connects those of the new one. The blocks on that way are no best
 * blocks. A reorganisation is complete when the new branch is higher than the old one was, or when no
 * notification has come for a while (`settle`).
 */
export class BlockTargets {
  private readonly targets: Target[] = [];

  noticed({ kind, hash, height }: Pick<BlockNotice, 'kind' | 'hash' | 'height'>): void {
    const last = this.targets.at(-1);
    if (kind === 'connected') {
      // What lies between two best blocks of one branch is found from block to block.
      if (last === undefined) this.add({ hash, height, leftHeight: -1, isSettled: false });
      else Object.assign(last, { hash, height });
    } else if (last === undefined || last.hash !== undefined) {
      this.add({ hash: undefined, height: height - 1, leftHeight: height, isSettled: false });
    } else last.height = height - 1;
  }

  /** Whether a reorganisation waits for its end. */
  get isUnsettled(): boolean {
    const last = this.targets.at(-1);
    return last !== undefined && !this.isReady(last);
  }

  /** No notification has come for a while. */
  settle(): void {
    const last = this.targets.at(-1);
    if (last !== undefined) last.isSettled = true;
  }

  /**
   * Whether the next best block is complete: to be followed. Its hash is undefined where the node must be
   * asked for it.
   */
  get next(): { readonly hash: Hash | undefined; readonly height: number } | undefined {
    const [first] = this.targets;
    if (first === undefined || (this.targets.length === 1 && !this.isReady(first))) return undefined;
    return { hash: first.isSettled ? undefined : first.hash, height: first.height };
  }

  /** Takes the next best block off. */
  shift(): void {
    this.targets.shift();
  }

  private isReady({ hash, height, leftHeight, isSettled }: Target): boolean {
    return isSettled || (hash !== undefined && height > leftHeight);
  }

  private add(target: Target): void {
    if (this.targets.length >= MAX_TARGETS) this.targets.splice(0, MAX_TARGETS / 2);
    this.targets.push(target);
  }
}
