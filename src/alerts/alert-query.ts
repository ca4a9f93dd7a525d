import { type PanelLine, line } from '../panels/panel';

/** A period, as seconds before now; the end is 0 for now. */
export type SecondsAgo = readonly [fromS: number, toS: number];

/** The period of this length that ends so long ago, both in milliseconds. */
export function within(ms: number, agoMs = 0): SecondsAgo {
  return [(agoMs + ms) / 1_000, agoMs / 1_000];
}

/** A query of an alert. Its answer has one value for each group. */
export type AlertQuery =
  | {
      /** The aggregate over the whole period, by node, network and the groups of the line. */
      readonly kind: 'whole';
      readonly line: PanelLine;
      readonly ago: SecondsAgo;
    }
  | {
      /** The same over all nodes of each network. */
      readonly kind: 'network';
      readonly line: PanelLine;
      readonly ago: SecondsAgo;
    }
  | {
      /** The mean of the aggregates of buckets, or the number of buckets that have one. */
      readonly kind: 'buckets';
      readonly line: PanelLine;
      readonly ago: SecondsAgo;
      readonly fn: 'mean' | 'count';
      readonly minutes: number;
    }
  | {
      /** The number of points in the last minutes, for each node that had any in the last hours. */
      readonly kind: 'silent';
      readonly line: PanelLine;
      readonly minutes: number;
      readonly hours: number;
    };

/** The aggregate of a line over the whole period, for each node and the groups of the line. */
export function whole(asked: PanelLine, ago: SecondsAgo): AlertQuery {
  return { kind: 'whole', line: asked, ago };
}

/** The same over all nodes of each network. It is compared with the values of each node on the network. */
export function ofNetwork(asked: PanelLine, ago: SecondsAgo): AlertQuery {
  return { kind: 'network', line: asked, ago };
}

/**
 * Combines the aggregates of a line in buckets of some minutes: their mean, or the number of buckets that
 * have one.
 */
export function overBuckets(
  fn: 'mean' | 'count',
  asked: PanelLine,
  minutes: number,
  ago: SecondsAgo,
): AlertQuery {
  return { kind: 'buckets', line: asked, ago, fn, minutes };
}

/**
 * The number of points about itself that a process wrote in the last minutes, for each that wrote any in the
 * last hours: 0 for a silent one.
 */
export function silent(minutes: number, hours: number): AlertQuery {
  return { kind: 'silent', line: line('', 'btcdmon', 'count', 'rss'), minutes, hours };
}
