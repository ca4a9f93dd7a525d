/** With fewer peers there is no verdict; Core 31 `src/node/timeoffsets.cpp` Median. */
const LEAST_PEERS = 5;

/**
 * The most clocks that are compared. The median of a sample is close to that of all, and is found in a
 * millisecond. Core keeps the last 50.
 */
const MOST_PEERS = 125;

/** Core 31 `src/node/timeoffsets.h` WARN_THRESHOLD, in seconds. */
const MAX_OFFSET = 600;

/**
 * Times of peers are limited to this, so that the offset is an exact number of seconds whatever a peer
 * claims.
 */
const FARTHEST = 10 ** 12;

/** How our clock compares with those of the peers. */
export interface ClockVerdict {
  readonly agrees: boolean;
  /** Number of peers whose clocks were compared. */
  readonly peers: number;
  /** Median of how far their clocks are ahead of ours, in seconds; negative if they are behind. */
  readonly medianSeconds: number;
}

export interface TimeOffsetsModules {
  /** Our clock: Unix time in seconds. */
  readonly unixTime: () => number;
  /** Seconds of a clock that is never set and runs on while the machine sleeps (`os.uptime`). */
  readonly uptime: () => number;
}

/**
 * Compares our clock with those of the connected outbound peers (Core 31 `src/node/timeoffsets.cpp`). Inbound
 * peers don't count, because all of them may be one party. A peer's clock is stored relative to the uptime of
 * this machine, so that the verdict is right as soon as our clock is corrected. A single peer does not move
 * the median, whatever it claims.
 */
export class TimeOffsets {
  /** By peer id: its Unix time at the moment when this machine started. */
  private readonly started = new Map<number, number>();

  constructor(private readonly modules: TimeOffsetsModules) {}

  /** Notes the present time of a peer's clock, in Unix seconds, unless there are enough. */
  add(peer: number, time: bigint): void {
    if (this.started.size >= MOST_PEERS && !this.started.has(peer)) return;
    this.started.set(peer, Math.min(Number(time), FARTHEST) - this.modules.uptime());
  }

  /** Forgets a peer that is gone. */
  remove(peer: number): void {
    this.started.delete(peer);
  }

  /** Whether the peers' clocks agree with ours to 10 minutes; undefined with fewer than five peers. */
  verdict(): ClockVerdict | undefined {
    const peers = this.started.size;
    if (peers < LEAST_PEERS) return undefined;
    const ours = this.modules.unixTime() - this.modules.uptime();
    const offsets = [...this.started.values()].map((theirs) => theirs - ours).sort((a, b) => a - b);
    const medianSeconds = Math.round(offsets[offsets.length >> 1] ?? 0);
    return { agrees: Math.abs(medianSeconds) <= MAX_OFFSET, peers, medianSeconds };
  }
}
