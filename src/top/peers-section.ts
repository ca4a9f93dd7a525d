import type { PeerRow, TopData } from './data';
import { type TextLine, type Section, line } from './layout';
import { type TableColumn, table } from './table';
import { age, cutMiddle, millis, short } from './text';
import { type Picture, sorted } from './view';

const PEER_COLUMNS: readonly TableColumn[] = [
  { title: 'dir' },
  { title: 'net' },
  { title: 'v' },
  { title: 'address', least: 19, cut: cutMiddle },
  { title: 'user agent', least: 10 },
  { title: 'ping', right: true },
  { title: 'least', right: true },
  { title: 'up', right: true },
  { title: 'in', right: true },
  { title: 'out', right: true },
  { title: 'last', right: true },
  { title: 'msg/s', right: true },
];

/** The connected peers. For a store, which has no table of them, the user agents of the last hour. */
export function peersSection({ data, view, nowMs }: Picture, width: number): Section {
  const { peers } = data;
  if (peers === null) return agentsSection(data, width);
  const [titles = '', ...rows] = table(
    PEER_COLUMNS,
    sorted(peers, view.sort).map((peer) => peerCells(peer, nowMs)),
    width,
  );
  const outbound = peers.filter((peer) => peer.outbound).length;
  const counts = `PEERS ${peers.length}: ${outbound} out, ${peers.length - outbound} in; by ${view.sort}`;
  return {
    head: ({ first, count }) => [
      line(
        count < rows.length ? `${counts}; ${first + 1}-${first + count} of ${rows.length}` : counts,
        'title',
      ),
      line(titles, 'faint'),
    ],
    headLines: 2,
    rows: rows.map((text) => line(text)),
    from: view.scroll,
    least: 4,
  };
}

function peerCells(peer: PeerRow, nowMs: number): readonly string[] {
  const { lastMessageMs, pingMs, leastPingMs } = peer;
  return [
    peer.outbound ? 'out' : 'in',
    peer.network === 'not_publicly_routable' ? 'local' : (peer.network ?? '-'),
    peer.transport ?? '-',
    peer.address,
    (peer.userAgent ?? '(no version yet)').replace(/^\/(.*)\/$/, '$1'),
    millis(pingMs),
    millis(leastPingMs),
    age(nowMs - peer.sinceMs),
    short(peer.bytesRecv),
    short(peer.bytesSent),
    lastMessageMs === null ? '-' : age(nowMs - lastMessageMs),
    peer.messagesPerS === null ? '-' : short(peer.messagesPerS),
  ];
}

function agentsSection({ gauges, agents }: TopData, width: number): Section {
  const counts =
    gauges === null ? 'PEERS' : `PEERS ${gauges.total}: ${gauges.outbound} out, ${gauges.inbound} in`;
  const more = gauges === null ? '' : `; ${gauges.known ?? 'no'} addresses known, ${gauges.banned} banned`;
  const [titles = '', ...rows] = table(
    [
      { title: 'user agents of the last hour', least: 10 },
      { title: 'handshakes', right: true },
    ],
    agents.map(({ userAgent, handshakes }) => [userAgent, String(handshakes)]),
    width,
  );
  const lines: TextLine[] = rows.map((text) => line(text));
  return {
    head: () => [line(`${counts}${more}`, 'title'), line(titles, 'faint')],
    headLines: 2,
    rows: lines,
    least: 4,
  };
}
