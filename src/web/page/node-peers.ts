import { UNKNOWN, digits, formatDuration, formatValue, known, networkWord } from './format';
import type { LiveColumn } from './live-table';
import { type PointRow, newestList, numberIn, textIn, timeOf } from './node-queries';

/** A peer of the watched node. Unknown numbers are null, unknown texts are ''. */
export interface NodePeer {
  readonly address: string;
  readonly network: string;
  readonly isInbound: boolean;
  readonly connectionType: string;
  readonly userAgent: string;
  readonly version: number | null;
  readonly services: string;
  readonly startHeight: number | null;
  readonly height: number | null;
  readonly bytesRecv: number | null;
  readonly bytesSent: number | null;
  /** Bytes per second since the list before; null for a peer that is new in the list. */
  readonly recvPerS: number | null;
  readonly sentPerS: number | null;
  readonly ping: number | null;
  readonly banScore: number | null;
  /** In sat/vB. */
  readonly feeFilter: number | null;
  readonly transport: string;
  /** Milliseconds since it connected. */
  readonly ageMs: number | null;
}

/** The peers of the newest list, those with the most traffic first. */
export function nodePeers(points: readonly PointRow[]): readonly NodePeer[] {
  const { newest, before } = newestList(points);
  const earlier = new Map(before.map((point) => [textIn(point, 'address'), point]));
  const byAddress = new Map(newest.map((point) => [textIn(point, 'address'), point]));
  const traffic = ({ bytesRecv, bytesSent }: NodePeer): number => (bytesRecv ?? 0) + (bytesSent ?? 0);
  return [...byAddress]
    .map(([address, point]) => peerOf(point, earlier.get(address)))
    .sort((a, b) => traffic(b) - traffic(a));
}

function peerOf(point: PointRow, earlier: PointRow | undefined): NodePeer {
  const age = numberIn(point, 'age');
  const rate = (name: string): number | null => {
    const [now, then] = [numberIn(point, name), numberIn(earlier, name)];
    // A peer that connected again from the same address counts from 0.
    if (earlier === undefined || now === null || then === null || now < then) return null;
    return ((now - then) / (timeOf(point) - timeOf(earlier))) * 1_000;
  };
  return {
    address: textIn(point, 'address'),
    network: textIn(point, 'address_network'),
    isInbound: point['is_inbound'] === true,
    connectionType: textIn(point, 'connection_type'),
    userAgent: textIn(point, 'user_agent'),
    version: numberIn(point, 'version'),
    services: textIn(point, 'services'),
    startHeight: numberIn(point, 'start_height'),
    height: numberIn(point, 'height'),
    bytesRecv: numberIn(point, 'bytes_recv'),
    bytesSent: numberIn(point, 'bytes_sent'),
    recvPerS: rate('bytes_recv'),
    sentPerS: rate('bytes_sent'),
    ping: numberIn(point, 'ping'),
    banScore: numberIn(point, 'ban_score'),
    feeFilter: numberIn(point, 'fee_filter'),
    transport: textIn(point, 'transport'),
    ageMs: age === null ? null : age * 1_000,
  };
}

/** Columns of the peers of the watched node. All can be sorted. */
export const NODE_PEER_COLUMNS: readonly LiveColumn<NodePeer>[] = [
  text('Address', ({ address }) => address, 'strong'),
  text('Network', ({ network }) => networkWord(network || null)),
  {
    ...text('Direction', ({ isInbound }) => (isInbound ? 'in' : 'out')),
    hint: ({ connectionType }) => (connectionType === '' ? undefined : connectionType),
  },
  {
    ...text('User agent', ({ userAgent }) => userAgent, 'agent'),
    hint: ({ userAgent, version, services, startHeight }) =>
      [
        userAgent,
        `version ${known(version, String)}, services ${services === '' ? UNKNOWN : services}`,
        `height at its handshake ${known(startHeight, digits)}`,
      ].join('\n'),
  },
  text('Transport', ({ transport }) => transport),
  number('Height', ({ height, startHeight }) => height ?? startHeight, digits),
  number(
    'Ping',
    ({ ping }) => ping,
    (ms) => formatValue(ms, 'ms'),
  ),
  number('Connected', ({ ageMs }) => ageMs, formatDuration),
  number(
    'Received',
    ({ bytesRecv }) => bytesRecv,
    (bytes) => formatValue(bytes, 'bytes'),
  ),
  number(
    'Received/s',
    ({ recvPerS }) => recvPerS,
    (bytes) => formatValue(bytes, 'bytes/s'),
  ),
  number(
    'Sent',
    ({ bytesSent }) => bytesSent,
    (bytes) => formatValue(bytes, 'bytes'),
  ),
  number(
    'Sent/s',
    ({ sentPerS }) => sentPerS,
    (bytes) => formatValue(bytes, 'bytes/s'),
  ),
  number('Ban score', ({ banScore }) => banScore, digits),
  number(
    'Fee filter',
    ({ feeFilter }) => feeFilter,
    (rate) => formatValue(rate, 'sat/vB'),
  ),
];

function text(title: string, valueOf: (peer: NodePeer) => string, className?: string): LiveColumn<NodePeer> {
  return {
    title,
    ...(className === undefined ? {} : { className }),
    text: (peer) => valueOf(peer) || UNKNOWN,
    order: (peer) => valueOf(peer) || null,
  };
}

function number(
  title: string,
  valueOf: (peer: NodePeer) => number | null,
  write: (value: number) => string,
): LiveColumn<NodePeer> {
  return {
    title,
    className: 'number',
    text: (peer) => known(valueOf(peer), write),
    order: valueOf,
  };
}
