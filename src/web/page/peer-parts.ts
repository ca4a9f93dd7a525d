import type { LivePeer } from '../../live/live';
import type { PeersPart } from './api-types';

/** Puts a long list of peers together, which comes in parts again and again. */
export class PeerParts {
  /** The list that is coming; null before the first part of one. */
  private coming: LivePeer[] | null = null;
  private hasWhole = false;

  /**
   * Takes a part. Returns the peers to show: each complete list, and the first one even while it is
   * incomplete.
   */
  add({ from, total, peers }: PeersPart): readonly LivePeer[] | null {
    if (from === 0) this.coming = [];
    // A page that was opened in the middle of a list waits for the next one.
    if (this.coming?.length !== from) {
      this.coming = null;
      return null;
    }
    this.coming.push(...peers);
    const isWhole = this.coming.length >= total;
    this.hasWhole ||= isWhole;
    return isWhole || !this.hasWhole ? [...this.coming] : null;
  }
}
