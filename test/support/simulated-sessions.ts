import { mulberry32 } from '../../scripts/support/random';
import type { Point } from '../../src/metrics/point';
import type { FieldsOf } from '../../src/metrics/schema';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Clients and their shares of a hundred. The numbers are made up. */
const CLIENTS: readonly (readonly [share: number, userAgent: string])[] = [
  [44, '/Satoshi:31.0.0/'],
  [26, '/Satoshi:30.2.0/'],
  [16, '/Satoshi:29.3.0/Knots:20260507/'],
  [10, '/Satoshi:28.1.0/'],
  [4, '/btcwire:0.5.0/btcd:0.26.0/'],
];

/**
 * Autonomous systems with the part of the peers that are there, of a hundred, and how much later than the
 * first a peer of it announces a transaction, in milliseconds in the mean. All of it is made up; the numbers
 * are among those that are kept for documentation (RFC 5398).
 */
export const SIMULATED_SYSTEMS: readonly (readonly [asn: number, share: number, delayMs: number])[] = [
  [64_496, 22, 1_200],
  [64_497, 16, 1_500],
  [64_498, 12, 1_900],
  [64_499, 10, 2_400],
  [64_500, 10, 3_000],
  [64_501, 9, 3_600],
  [64_502, 8, 4_300],
  [64_503, 7, 5_200],
  [64_504, 6, 6_500],
];

/** A peer that does not exist. */
interface SimulatedPeer {
  readonly address: string;
  readonly asn: number;
  readonly delayMs: number;
  readonly userAgent: string;
}

function chosen<T>(shares: readonly T[], shareOf: (each: T) => number, random: () => number): T {
  let left = random() * shares.reduce((sum, each) => sum + shareOf(each), 0);
  for (const each of shares) if ((left -= shareOf(each)) < 0) return each;
  throw new RangeError('nothing to choose from');
}

/**
 * The points of a day of a listener whose network does not exist: `peers` sessions at a time, each of which
 * ends after some hours and makes room for another one (`peer_sessions`), and each peer's announcement of
 * each of `transactions` sampled transactions (`arrivals`). The day begins at `startMs`, in Unix
 * milliseconds.
 */
export function simulatedSessions({
  startMs,
  peers,
  transactions,
}: {
  readonly startMs: number;
  readonly peers: number;
  readonly transactions: number;
}): readonly Point[] {
  const random = mulberry32(15);
  const points: { readonly atMs: number; readonly point: Omit<Point, 'time'> }[] = [];
  const tags = { node: 'simulated', network: 'mainnet' };
  const exponential = (meanMs: number): number => -Math.log(1 - random()) * meanMs;
  let made = 0;
  const peer = (): SimulatedPeer => {
    const [asn, , delayMs] = chosen(SIMULATED_SYSTEMS, ([, share]) => share, random);
    const [, userAgent] = chosen(CLIENTS, ([share]) => share, random);
    const n = made++;
    return { address: `198.18.${(n >> 8) & 255}.${n & 255}:8333`, asn, delayMs, userAgent };
  };
  const connected: { readonly peer: SimulatedPeer; readonly fromMs: number; readonly toMs: number }[] = [];
  for (let slot = 0; slot < peers; slot++) {
    let atMs = startMs + random() * HOUR_MS;
    while (atMs < startMs + DAY_MS) {
      const who = peer();
      // At night, UTC, fewer leave.
      const isDay = Math.sin(((atMs - startMs) / DAY_MS) * 2 * Math.PI) < 0;
      const toMs = Math.min(atMs + exponential(isDay ? 4 * HOUR_MS : 8 * HOUR_MS), startMs + DAY_MS);
      connected.push({ peer: who, fromMs: atMs, toMs });
      const session: FieldsOf<'peer_sessions'> = {
        ...{ address: who.address, session: connected.length, address_network: 'ipv4', asn: who.asn },
        ...{ is_inbound: false, is_established: true, user_agent: who.userAgent, transport: 'v2' },
        duration: Math.floor((toMs - atMs) / 1_000),
      };
      const reason = toMs < startMs + DAY_MS ? 'closed-by-peer' : 'stopped';
      points.push({ atMs: toMs, point: { series: 'peer_sessions', tags, fields: { ...session, reason } } });
      atMs = toMs + exponential(60_000);
    }
  }
  for (let i = 0; i < transactions; i++) {
    const firstMs = startMs + ((i + 0.5) / transactions) * DAY_MS;
    const sha = i.toString(16).padStart(64, '0');
    const there = connected.filter(({ fromMs, toMs }) => fromMs <= firstMs && firstMs < toMs);
    const delays = there.map(({ peer: who }) => ({ who, delay: exponential(who.delayMs) }));
    const first = Math.min(...delays.map(({ delay }) => delay));
    for (const { who, delay } of delays)
      points.push({
        atMs: firstMs + delay - first,
        point: {
          series: 'arrivals',
          tags: { ...tags, kind: 'tx' },
          fields: {
            ...{ sha, is_wtxid: true, delay: delay - first, address: who.address },
            ...{ address_network: 'ipv4', asn: who.asn, is_inbound: false },
          },
        },
      });
  }
  points.sort((a, b) => a.atMs - b.atMs);
  let lastNs = 0n;
  return points.map(({ atMs, point }) => {
    const ns = BigInt(Math.round(atMs)) * 1_000_000n;
    lastNs = ns > lastNs ? ns : lastNs + 1_000n;
    return { ...point, time: lastNs };
  });
}
