import { COUNTED_COMMANDS } from '../wire/commands';
import { formatNs } from '../query/time';
import type { Flow, Rates, Window } from './data';
import { type StorePoint, groupByNode } from './points';

/** Points of the four series of messages. */
export interface MessagePoints {
  readonly recv: readonly StorePoint[];
  readonly recvBytes: readonly StorePoint[];
  readonly sent: readonly StorePoint[];
  readonly sentBytes: readonly StorePoint[];
}

interface Count {
  readonly total: number;
  readonly perS: number;
}

/**
 * Rates of messages. A point counts the messages since the point before it, so the first point of each node
 * only marks the start of its window. Null if no node has two points.
 */
export function ratesOf({ recv, recvBytes, sent, sentBytes }: MessagePoints): Rates | null {
  const spans = spansOf(recv);
  if (spans.length === 0) return null;
  return {
    seconds: Math.max(...spans.map(({ seconds }) => seconds)),
    windows: spans.map(({ window }) => window),
    recv: flows(counts(recv), counts(recvBytes)),
    sent: flows(counts(sent), counts(sentBytes)),
  };
}

function flows(messages: ReadonlyMap<string, Count>, bytes: ReadonlyMap<string, Count>): Rates['recv'] {
  const all: Record<string, Flow> = {};
  for (const [command, { total, perS }] of messages) {
    const size = bytes.get(command);
    if (total > 0)
      all[command] = {
        ...{ messages: total, bytes: size?.total ?? 0 },
        ...{ messagesPerS: perS, bytesPerS: size?.perS ?? 0 },
      };
  }
  return all;
}

function counts(points: readonly StorePoint[]): Map<string, Count> {
  const sums = new Map<string, Count>();
  for (const { counted, seconds } of spansOf(points))
    for (const command of COUNTED_COMMANDS) {
      const count = counted.reduce((sum, { values }) => sum + Number(values[command] ?? 0), 0);
      const { total, perS } = sums.get(command) ?? { total: 0, perS: 0 };
      sums.set(command, { total: total + count, perS: perS + count / seconds });
    }
  return sums;
}

/** For each node, the points that count, and the period that they cover. */
function spansOf(points: readonly StorePoint[]): {
  readonly window: Window;
  readonly seconds: number;
  readonly counted: readonly StorePoint[];
}[] {
  return groupByNode(points).flatMap(({ first, last, all }) => {
    if (first === last) return [];
    const { node, network, time } = first;
    const window = { node, network, since: formatNs(time + 1n), until: formatNs(last.time + 1n) };
    return [{ window, counted: all.slice(1), seconds: Number(last.time - time) / 1e9 }];
  });
}
