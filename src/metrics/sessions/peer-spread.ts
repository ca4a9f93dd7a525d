import type { RankedCounts } from '../../lib/ranked-counts';
import type { FieldsOf } from '../schema';

/** Feerates are told in satoshi per 1,000 vbytes. */
const VBYTES = 1_000;

/** 1 sat/vB, the least that nodes relayed before Core 30, in sat/kvB. */
const OLD_LEAST_FEERATE = 1_000;

/** What peers told of themselves, counted by value. Peers that did not are left out. */
export interface PeerTellings {
  /** The least feerates that they want (BIP133), in sat/kvB. */
  readonly feeFilters: RankedCounts;
  /** By how much their clocks are ahead of ours, in seconds. */
  readonly timeOffsets: RankedCounts;
}

/** The columns of `peers` that say how fee filters and clocks differ; none where no peer told anything. */
export function spreadFields({ feeFilters: fees, timeOffsets: offsets }: PeerTellings): FieldsOf<'peers'> {
  return {
    ...(fees.total === 0
      ? {}
      : {
          fee_filter_min: fees.quantile(0) / VBYTES,
          fee_filter_p50: fees.quantile(0.5) / VBYTES,
          fee_filter_p90: fees.quantile(0.9) / VBYTES,
          fee_filter_low: fees.below(OLD_LEAST_FEERATE),
        }),
    ...(offsets.total === 0
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
