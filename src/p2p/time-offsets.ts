/** Fewer peers say nothing of our clock; Core 31 `src/node/timeoffsets.cpp` Median. */
const LEAST_PEERS = 5;

/** Core 31 `src/node/timeoffsets.h` WARN_THRESHOLD, in seconds. */
const MAX_OFFSET = 600;

/**
 * Clocks farther off than this are all the same here: whatever a peer says, the sum stays an exact number of
 * seconds.
 */
const FARTHEST = 10 ** 12;

/** What the peers' clocks say of ours. */
export interface ClockVerdict {
  readonly agrees: boolean;
  /** Peers whose clocks were compared. */
  readonly peers: number;
  /** Median of what their clocks are ahead of ours, in seconds; below 0 where they are behind. */
  readonly medianSeconds: number;
}

/** What the comparison works with. */
export interface TimeOffsetsModules {
  /** Our clock: Unix time in seconds. */
  readonly unixTime: () => number;
  /** Seconds on a clock that is never set and goes on while the machine sleeps (`os.uptime`). */
  readonly uptime: () => number;
}

/**
 * Compares our clock with those of the peers that we have dialled and that are connected (Core 31
 * `src/node/timeoffsets.cpp`): those who dial us could be one and the same. A peer's clock is kept as it
 * stands to the uptime of this machine, so that the verdict is right at once when our clock is set right. A
 * single peer does not move the median, whatever it says.
 */
export class TimeOffsets {
  /** By the ids of the peers: their Unix time at the moment when the machine started. */
  private readonly started = new Map<number, number>();

  constructor(private readonly modules: TimeOffsetsModules) {}

  /** Takes what the clock of a peer says now, in Unix seconds. */
  add(peer: number, time: bigint): void {
    this.started.set(peer, Math.min(Number(time), FARTHEST) - this.modules.uptime());
  }

  /** Forgets a peer that is gone. */
  remove(peer: number): void {
    this.started.delete(peer);
  }

  /**
   * Whether the peers' clocks agree with ours, within 10 minutes; undefined where there are fewer than five.
   */
  verdict(): ClockVerdict | undefined {
    const peers = this.started.size;
    if (peers < LEAST_PEERS) return undefined;
    const ours = this.modules.unixTime() - this.modules.uptime();
    const offsets = [...this.started.values()].map((theirs) => theirs - ours).sort((a, b) => a - b);
    const medianSeconds = Math.round(offsets[offsets.length >> 1] ?? 0);
    return { agrees: Math.abs(medianSeconds) <= MAX_OFFSET, peers, medianSeconds };
  }
}
