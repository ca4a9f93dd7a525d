import type { NodeState } from '../live/node-state';
import type { PeerRow } from './data';

const WINDOW_MS = 60_000;

interface Sample {
  readonly atMs: number;
  readonly messages: number;
}

/** Computes how many messages each peer sends per second, from the counts that a node reports repeatedly. */
export class PeerRates {
  private startedMs = 0;
  /** By the peer's id, oldest first: one sample from before the window, and those within it. */
  private samples = new Map<number, Sample[]>();

  rows({ startedMs, nowMs, peers }: NodeState): readonly PeerRow[] {
    // Another run reuses the ids.
    const old = startedMs === this.startedMs ? this.samples : new Map<number, Sample[]>();
    this.startedMs = startedMs;
    this.samples = new Map();
    return peers.map((peer) => {
      const now = { atMs: nowMs, messages: peer.messagesRecv };
      const samples = [...(old.get(peer.id) ?? [{ atMs: peer.sinceMs, messages: 0 }]), now];
      while ((samples[1]?.atMs ?? nowMs) <= nowMs - WINDOW_MS) samples.shift();
      this.samples.set(peer.id, samples);
      const { atMs, messages } = samples[0] ?? now;
      return {
        ...peer,
        messagesPerS: nowMs > atMs ? (now.messages - messages) / ((nowMs - atMs) / 1_000) : 0,
      };
    });
  }
}
