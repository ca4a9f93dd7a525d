import type { LiveBlock, LivePeer } from '../../src/live/live';
import type { PeerRow, TopData } from '../../src/top/data';
import type { Picture, View } from '../../src/top/view';

/** The time of the frames in tests. */
export const NOW_MS = Date.UTC(2026, 0, 31, 12, 0, 0);

/** A peer in the form of `top`. */
export function peerRow(changes: Partial<PeerRow> = {}): PeerRow {
  return { ...livePeer(), messagesPerS: 13.9, ...changes };
}

/** A peer in the form of a node's live view. */
export function livePeer(changes: Partial<LivePeer> = {}): LivePeer {
  return {
    ...{ id: 1, address: '192.0.2.1:8333', outbound: true, userAgent: '/Satoshi:31.0.0/', version: 70_016 },
    ...{ network: 'ipv4', transport: 'v2' },
    ...{
      services: '0000000000000c09',
      startHeight: 900_000,
      height: 900_002,
      relay: true,
      sinceMs: NOW_MS - 3_600_000,
    },
    ...{ lastMessageMs: NOW_MS - 1_000, pingMs: 20.4, leastPingMs: 12.3, bytesSent: 1_234_567 },
    ...{ bytesRecv: 98_765_432, messagesSent: 1_000, messagesRecv: 50_000 },
    ...changes,
  };
}

/** A block in the form of `top`. */
export function blockOf(height: number, changes: Partial<LiveBlock> = {}): LiveBlock {
  return {
    ...{ height, sha: `${'0'.repeat(52)}${String(height).padStart(12, 'a')}`, status: 'accepted' },
    ...{ timeMs: NOW_MS - (900_002 - height) * 600_000, size: 1_600_000, numTx: 3_210 },
    ...{ totalFees: 1_234_567, processMs: 41.27, firstFrom: null },
    ...changes,
  };
}

const flow = (messagesPerS: number, bytesPerS: number) => ({
  ...{ messages: messagesPerS * 60, bytes: bytesPerS * 60, messagesPerS, bytesPerS },
});

/** The data of `top` about a node on mainnet. */
export function topData(changes: Partial<TopData> = {}): TopData {
  return {
    ...{ source: 'duckdb:/home/me/.btcdmon/btcdmon.duckdb', atMs: NOW_MS, version: '0.1.0', notes: [] },
    ...{ nodeLost: false, verdicts: [], firing: [] },
    choices: 1,
    ...{ newestMs: NOW_MS - 3_000, intervalMs: 5_000, startedMs: NOW_MS - 273_600_000 },
    nodes: [{ node: 'alice', network: 'mainnet', silentMs: 0 }],
    peers: [
      peerRow(),
      peerRow({
        id: 2,
        address: '[2001:db8:85a3:8d3:1319:8a2e:370:7348]:8333',
        network: 'ipv6',
        leastPingMs: 8,
      }),
      peerRow({
        id: 3,
        address: '198.51.100.77:48444',
        outbound: false,
        userAgent: '/btcwire:0.5.0/btcd:0.26.0/',
      }),
      peerRow({ id: 4, address: '203.0.113.9:18555', userAgent: null, pingMs: null, leastPingMs: null }),
    ],
    gauges: { total: 3, outbound: 2, inbound: 1, banned: 1, known: 2_034 },
    agents: [],
    rates: {
      ...{ seconds: 60, windows: [] },
      recv: { inv: flow(52, 15_300), tx: flow(7, 3_100), addrv2: flow(0.25, 90), ping: flow(0.05, 2) },
      sent: { getdata: flow(6.5, 2_100), pong: flow(0.05, 2) },
    },
    mempool: { transactions: 81_234, bytes: 45_600_000, orphans: 12, conflicts: 3, heldBack: 0 },
    blocks: [900_001, 900_000, 899_999, 899_998].map((height) => blockOf(height)),
    exporters: [
      {
        node: 'alice',
        name: 'duckdb',
        sent: 5e6,
        acked: 5e6,
        dropped: 0,
        queued: 20,
        retried: 0,
        droppedNow: 0,
      },
    ],
    clockStep: null,
    ...changes,
  };
}

/** The first picture of these data. */
export function pictureOf(data: TopData, view: Partial<View> = {}, trouble: string | null = null): Picture {
  return {
    ...{ data, nowMs: NOW_MS, everyMs: 2_000, trouble },
    view: { sort: 'direction', scroll: 0, paused: false, help: false, ...view },
  };
}
