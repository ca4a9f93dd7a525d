import { type StorePoint, type Points, numberOf } from './points';
import type { PeerRow } from './data';
import { longAge, millis, whole } from './text';

const SECOND_NS = 1_000_000_000n;

/** Peers come once a minute; the points of one list follow one another closely (`Emitter.together`). */
const LIST_NS = 90n * SECOND_NS;
const NEXT_NS = 1_000_000n;

const STATUS_NS = 600n * SECOND_NS;

/** The peers of a watched node in its newest list before `until`. */
export async function watchedPeers(points: Points, until: bigint): Promise<readonly PeerRow[]> {
  const all = await points.read('node_peers', { since: until - LIST_NS, until });
  const begin = all.findLastIndex(({ time }, at) => time - (all[at - 1]?.time ?? 0n) > NEXT_NS);
  const byAddress = new Map(all.slice(Math.max(0, begin)).map((point) => [textOf(point, 'address'), point]));
  return [...byAddress.values()].map(peerRow);
}

function peerRow(point: StorePoint, id: number): PeerRow {
  const { time, values } = point;
  const number = (name: string): number | null => numberOf(values[name]);
  const ping = number('ping');
  return {
    ...{ id, address: textOf(point, 'address'), outbound: values['is_inbound'] !== true },
    network: textOf(point, 'address_network') || null,
    transport: textOf(point, 'transport') || null,
    ...{ userAgent: textOf(point, 'user_agent'), version: number('version') },
    ...{ services: textOf(point, 'services'), startHeight: number('start_height'), relay: null },
    height: number('height') ?? number('start_height'),
    sinceMs: Number(time / 1_000_000n) - (number('age') ?? 0) * 1_000,
    ...{ lastMessageMs: null, pingMs: ping, leastPingMs: null },
    ...{ bytesSent: number('bytes_sent') ?? 0, bytesRecv: number('bytes_recv') ?? 0 },
    ...{ messagesSent: 0, messagesRecv: 0, messagesPerS: null },
  };
}

/** The health of a watched node in a line. */
export async function watchedNote(points: Points, until: bigint): Promise<string> {
  const [status] = await points.read('node_status', { since: until - STATUS_NS, until }, { limit: 1 });
  if (status === undefined) return 'a watched node, of which the tap tells alone';
  const number = (name: string): number | null => numberOf(status.values[name]);
  if (status.values['is_up'] !== true) return 'a watched node: it does not answer its RPC';
  const [height, uptime, warnings] = [number('height'), number('uptime'), number('warnings') ?? 0];
  return [
    'a watched node',
    ...(height === null ? [] : [`height ${whole(height)}`]),
    ...(uptime === null ? [] : [`up ${longAge(uptime * 1_000)}`]),
    `RPC ${millis(number('rpc_latency'))} ms`,
    ...(warnings === 0 ? [] : [`${warnings} warnings: ${textOf(status, 'warning')}`]),
  ].join(', ');
}

function textOf({ values }: StorePoint, name: string): string {
  const value = values[name];
  return typeof value === 'string' ? value : '';
}
