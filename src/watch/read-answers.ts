import type {
  AddressCounts,
  ChainInfo,
  ChainTip,
  MempoolEntry,
  MempoolInfo,
  NetTotals,
  NetworkInfo,
  NodeBlock,
  NodeBlockHeader,
  NodeOrphan,
} from './answers';
import { TIP_STATUSES } from './answers';
import { Fields, hashIn } from './fields';
import type { ZmqPublisher } from './zmq-places';

/*
 * Answers that btcd and Core give in the same form, or whose fields have names of their own. Sources: btcd
 * v0.26 `btcjson/chainsvrresults.go`; Bitcoin Core 31 `src/rpc/*.cpp`.
 */

export function readNetTotals(fields: Fields): NetTotals {
  return {
    bytesReceived: fields.whole('totalbytesrecv'),
    bytesSent: fields.whole('totalbytessent'),
    timeMs: fields.time('timemillis'),
  };
}

export function readMempoolInfo(fields: Fields): MempoolInfo {
  return {
    transactions: fields.whole('size'),
    bytes: fields.whole('bytes'),
    usage: fields.whole('usage'),
    maxUsage: fields.whole('maxmempool'),
    totalFee: fields.satoshi('total_fee'),
    minFee: fields.satoshi('mempoolminfee'),
    minRelayFee: fields.satoshi('minrelaytxfee'),
    isLoaded: fields.boolean('loaded'),
    unbroadcast: fields.whole('unbroadcastcount'),
  };
}

/** An entry of the verbose mempool: btcd has the fee beside the sizes, Core in an object. */
export function readMempoolEntry(txid: string | null, value: unknown): MempoolEntry | undefined {
  const hash = hashIn(txid);
  const fields = Fields.of(value);
  if (hash === undefined || fields === undefined) return undefined;
  return {
    txid: hash,
    wtxid: fields.hash('wtxid'),
    vsize: fields.whole('vsize'),
    weight: fields.whole('weight'),
    fee: fields.object('fees')?.satoshi('base') ?? fields.satoshi('fee'),
    time: fields.time('time'),
    height: fields.whole('height'),
  };
}

export function readChainTip(fields: Fields): ChainTip | undefined {
  const [height, hash] = [fields.whole('height'), fields.hash('hash')];
  const branchLength = fields.whole('branchlen');
  if (height === undefined || hash === undefined || branchLength === undefined) return undefined;
  const named = fields.text('status');
  return { height, hash, branchLength, status: TIP_STATUSES.find((status) => status === named) };
}

export function readChainInfo(fields: Fields): ChainInfo {
  return {
    chain: fields.text('chain'),
    blocks: fields.whole('blocks'),
    headers: fields.whole('headers'),
    bestBlock: fields.hash('bestblockhash'),
    difficulty: fields.number('difficulty'),
    medianTime: fields.time('mediantime'),
    progress: fields.number('verificationprogress'),
    isInitialDownload: fields.boolean('initialblockdownload'),
    isPruned: fields.boolean('pruned'),
    sizeOnDisk: fields.whole('size_on_disk'),
    warnings: fields.lines('warnings'),
  };
}

export function readBlockHeader(fields: Fields): NodeBlockHeader | undefined {
  const hash = fields.hash('hash');
  if (hash === undefined) return undefined;
  const bits = fields.text('bits') ?? '';
  return {
    hash,
    height: fields.whole('height'),
    confirmations: fields.whole('confirmations', -1),
    version: fields.whole('version', -0x8000_0000),
    time: fields.time('time'),
    bits: /^[0-9a-f]{1,8}$/i.test(bits) ? Number.parseInt(bits, 16) : undefined,
    difficulty: fields.number('difficulty'),
    previous: fields.hash('previousblockhash'),
  };
}

/** A block of verbosity 1. */
export function readBlock(fields: Fields): NodeBlock | undefined {
  const header = readBlockHeader(fields);
  if (header === undefined) return undefined;
  return {
    ...header,
    size: fields.whole('size'),
    strippedSize: fields.whole('strippedsize'),
    weight: fields.whole('weight'),
    txids: fields
      .list('tx')
      .map(hashIn)
      .filter((txid) => txid !== undefined),
  };
}

/** btcd's getinfo. */
export function readInfo(fields: Fields): NetworkInfo {
  return {
    version: fields.whole('version'),
    userAgent: undefined,
    protocolVersion: fields.whole('protocolversion'),
    services: undefined,
    timeOffset: fields.number('timeoffset'),
    connections: fields.whole('connections'),
    inbound: undefined,
    outbound: undefined,
    isActive: undefined,
    reachable: undefined,
    relayFee: fields.satoshi('relayfee'),
    warnings: fields.lines('errors'),
  };
}

/** Core's getnetworkinfo. */
export function readNetworkInfo(fields: Fields): NetworkInfo {
  return {
    version: fields.whole('version'),
    userAgent: fields.text('subversion'),
    protocolVersion: fields.whole('protocolversion'),
    services: hexNumber(fields.text('localservices')),
    timeOffset: fields.number('timeoffset'),
    connections: fields.whole('connections'),
    inbound: fields.whole('connections_in'),
    outbound: fields.whole('connections_out'),
    isActive: fields.boolean('networkactive'),
    reachable: fields
      .list('networks')
      .map((network) => Fields.of(network))
      .filter((network) => network?.boolean('reachable') === true)
      .map((network) => network?.text('name', 32))
      .filter((name) => name !== undefined),
    relayFee: fields.satoshi('relayfee'),
    warnings: fields.lines('warnings'),
  };
}

/** Core's getaddrmaninfo: counts by network. */
export function readAddresses(fields: Fields): ReadonlyMap<string, AddressCounts> {
  const counts = new Map<string, AddressCounts>();
  for (const name of fields.names()) {
    const network = fields.object(name);
    if (network !== undefined)
      counts.set(name, {
        fresh: network.whole('new'),
        tried: network.whole('tried'),
        total: network.whole('total'),
      });
  }
  return counts;
}

/** An entry of Core's getorphantxs with verbosity 1. */
export function readOrphan(fields: Fields): NodeOrphan | undefined {
  const txid = fields.hash('txid');
  if (txid === undefined) return undefined;
  return {
    txid,
    wtxid: fields.hash('wtxid'),
    bytes: fields.whole('bytes'),
    vsize: fields.whole('vsize'),
    weight: fields.whole('weight'),
    peers: fields.list('from').filter((peer) => typeof peer === 'number'),
  };
}

/** Service bits that are written in hexadecimal, as Core does. */
export function hexNumber(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : undefined;
}

/** An entry of Core's getzmqnotifications: `src/zmq/zmqrpc.cpp`. */
export function readZmqPublisher(fields: Fields): ZmqPublisher | undefined {
  const [type, address] = [fields.text('type', 32), fields.text('address')];
  return type === undefined || address === undefined ? undefined : { type, address };
}
