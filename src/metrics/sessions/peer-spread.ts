import type { FieldsOf } from '../schema';

/** Feerates are told in satoshi per 1,000 vbytes. */
const VBYTES = 1_000;

/** 1 sat/vB, the least that nodes relayed before Core 30, in sat/kvB. */
const OLD_LEAST_FEERATE = 1_000;

/** Values that peers told, each with the number of peers that told it. */
type Told = Iterable<readonly [value: number, peers: number]>;

/** What peers told of themselves. Peers that did not are left out. */
export interface PeerTellings {
  /** The least feerates that they want (BIP133), in sat/kvB. */
  readonly feeFilters: Told;
  /** By how much their clocks are ahead of ours, in seconds. */
  readonly timeOffsets: Told;
}

/** The columns of `peers` that say how fee filters and clocks differ; none where no peer told anything. */
export function spreadFields({ feeFilters, timeOffsets }: PeerTellings): FieldsOf<'peers'> {
  const fees = new RankedValues(feeFilters);
  const offsets = new RankedValues(timeOffsets);
  return {
    ...(fees.peers === 0
      ? {}
      : {
          fee_filter_min: fees.quantile(0) / VBYTES,
          fee_filter_p50: fees.quantile(0.5) / VBYTES,
          fee_filter_p90: fees.quantile(0.9) / VBYTES,
          fee_filter_low: fees.below(OLD_LEAST_FEERATE),
        }),
    ...(offsets.peers === 0
      ? {}
      : {
          time_offset_p50: offsets.quantile(0.5),
          time_offset_max:
            Math.abs(offsets.quantile(0)) > Math.abs(offsets.quantile(1))
              ? offsets.quantile(0)
              : offsets.quantile(1),
        }),
  };
}

/** Values in order. Most peers tell one of a few, so that sorting the different ones takes little time. */
class RankedValues {
  readonly peers: number;
  private readonly sorted: readonly (readonly [number, number])[];

  constructor(told: Told) {
    this.sorted = [...told].sort(([a], [b]) => a - b);
    this.peers = this.sorted.reduce((sum, [, peers]) => sum + peers, 0);
  }

  /** The smallest value that at least this share of the peers do not exceed (nearest rank). */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(this.peers * share));
    for (const [value, peers] of this.sorted) {
      left -= peers;
      if (left <= 0) return value;
    }
    return NaN;
  }

  /** How many peers told less. */
  below(limit: number): number {
    return this.sorted.reduce((sum, [value, peers]) => sum + (value < limit ? peers : 0), 0);
  }
}
