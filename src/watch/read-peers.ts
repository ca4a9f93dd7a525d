import type { NodePeer } from './answers';
import type { Fields } from './fields';
import { hexNumber } from './read-answers';

/** btcd writes pings in microseconds, Core in seconds. */
const MICROSECOND_MS = 0.001;
const SECOND_MS = 1_000;

/** What both nodes tell in the same form. */
function readCommon(fields: Fields) {
  return {
    id: fields.whole('id'),
    address: fields.text('addr'),
    isInbound: fields.boolean('inbound'),
    userAgent: fields.text('subver'),
    version: fields.whole('version'),
    bytesReceived: fields.whole('bytesrecv'),
    bytesSent: fields.whole('bytessent'),
    connectedAt: fields.time('conntime'),
    lastReceivedAt: fields.time('lastrecv'),
    lastSentAt: fields.time('lastsend'),
    timeOffset: fields.number('timeoffset'),
    relaysTransactions: fields.boolean('relaytxes'),
  };
}

/** An entry of btcd's getpeerinfo: `rpcserver.go`, handleGetPeerInfo. */
export function readBtcdPeer(fields: Fields): NodePeer {
  const services = fields.text('services') ?? '';
  const isEncrypted = fields.boolean('v2_connection');
  return {
    ...readCommon(fields),
    network: undefined,
    // btcd writes them in decimal digits.
    services: /^\d{1,20}$/.test(services) ? BigInt(services) : undefined,
    startHeight: fields.whole('startingheight'),
    height: fields.whole('currentheight'),
    pingMs: fields.duration('pingtime', MICROSECOND_MS),
    pingWaitMs: fields.duration('pingwait', MICROSECOND_MS),
    minPingMs: undefined,
    banScore: fields.whole('banscore'),
    feeFilter: fields.whole('feefilter'),
    isSyncPeer: fields.boolean('syncnode'),
    transport: isEncrypted === undefined ? undefined : isEncrypted ? 'v2' : 'v1',
    connectionType: undefined,
    receivedByCommand: undefined,
    sentByCommand: undefined,
  };
}

/** An entry of Core's getpeerinfo: `src/rpc/net.cpp`. */
export function readCorePeer(fields: Fields): NodePeer {
  const transport = fields.text('transport_protocol_type');
  return {
    ...readCommon(fields),
    network: fields.text('network', 32),
    services: hexNumber(fields.text('services')),
    startHeight: fields.whole('startingheight'),
    height: fields.whole('synced_blocks'),
    pingMs: fields.duration('pingtime', SECOND_MS),
    pingWaitMs: fields.duration('pingwait', SECOND_MS),
    minPingMs: fields.duration('minping', SECOND_MS),
    banScore: undefined,
    feeFilter: fields.satoshi('minfeefilter'),
    isSyncPeer: undefined,
    transport: transport === 'v1' || transport === 'v2' ? transport : undefined,
    connectionType: fields.text('connection_type', 32),
    receivedByCommand: fields.object('bytesrecv_per_msg')?.counts(),
    sentByCommand: fields.object('bytessent_per_msg')?.counts(),
  };
}
