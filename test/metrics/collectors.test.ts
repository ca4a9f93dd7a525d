import { addrRelay } from '../../src/metrics/collectors/addr-relay';
import { wireHash } from '../../src/wire/hash';
import { bandwidth } from '../../src/metrics/collectors/bandwidth';
import { blocks } from '../../src/metrics/collectors/blocks';
import { btcdmon } from '../../src/metrics/collectors/btcdmon';
import { COLLECTORS } from '../../src/metrics/collectors/list';
import { chainTips } from '../../src/metrics/collectors/chain-tips';
import { compactBlocks } from '../../src/metrics/collectors/compact-blocks';
import { doubleSpends } from '../../src/metrics/collectors/double-spends';
import { inv } from '../../src/metrics/collectors/inv';
import { projectionOf } from '../../src/mempool/fee-projection';
import { BinSums, binOf } from '../../src/mempool/feerate-bins';
import { mempool } from '../../src/metrics/collectors/mempool';
import { mempoolFees } from '../../src/metrics/collectors/mempool-fees';
import { msgRecv } from '../../src/metrics/collectors/msg-recv';
import { msgSent } from '../../src/metrics/collectors/msg-sent';
import { peers } from '../../src/metrics/collectors/peers';
import { ping } from '../../src/metrics/collectors/ping';
import { processedBlocks } from '../../src/metrics/collectors/processed-blocks';
import { rejects } from '../../src/metrics/collectors/rejects';
import { reorgs } from '../../src/metrics/collectors/reorgs';
import { replacements } from '../../src/metrics/collectors/replacements';
import { tx } from '../../src/metrics/collectors/tx';
import { txFees } from '../../src/metrics/collectors/tx-fees';
import { SERIES_NAMES } from '../../src/metrics/schema';
import { COUNTED_COMMANDS } from '../../src/wire/commands';
import { AddressLabels } from '../../src/p2p/join/address-labels';
import { AddressList } from '../../src/p2p/join/address-lists';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import type { NetworkAddress } from '../../src/wire/messages/network-address';
import { parseTransaction } from '../../src/wire/transaction';
import { type Block, parseBlock } from '../../src/wire/block';
import { mineBlock, REGTEST } from '../chain/mine';
import { type Bench, benchOf, somePeer } from '../support/points';

const TAGS = 'network=regtest,node=n';

/** Of peers without a public address. */
const NO_GROUPS = 'netgroups=0i,largest_netgroup=0i,netgroup_entropy=0';

function claims(userAgent: string, services = 1n): NonNullable<PeerInfo['claims']> {
  return { version: 70_016, services, userAgent, time: 0n, startHeight: 5, relay: true, nonce: 0n };
}

describe('bandwidth', () => {
  it('is cumulative, and is written even if nothing happened', () => {
    const bench = benchOf([bandwidth]);
    bench.interval();
    bench.bus.emit('bytesRead', { peer: somePeer, bytes: 10 });
    bench.bus.emit('bytesRead', { peer: somePeer, bytes: 5 });
    bench.bus.emit('bytesWritten', { peer: somePeer, bytes: 1 });
    bench.interval();
    bench.interval();
    const none = 'handshake_sent=0i,handshake_recv=0i,decoys_recv=0i';
    expect(bench.lines()).toEqual([
      `bandwidth,${TAGS} bytes_sent=0i,bytes_recv=0i,${none} 1`,
      `bandwidth,${TAGS} bytes_sent=1i,bytes_recv=15i,${none} 2`,
      `bandwidth,${TAGS} bytes_sent=1i,bytes_recv=15i,${none} 3`,
    ]);
  });

  it('tells apart what carried no message', () => {
    const bench = benchOf([bandwidth]);
    bench.bus.emit('overhead', { peer: somePeer, kind: 'handshake', read: 64, written: 0 });
    bench.bus.emit('overhead', { peer: somePeer, kind: 'handshake', read: 36, written: 100 });
    bench.bus.emit('overhead', { peer: somePeer, kind: 'decoy', read: 20, written: 0 });
    bench.interval();
    expect(bench.lines()).toEqual([
      `bandwidth,${TAGS} bytes_sent=0i,bytes_recv=0i,handshake_sent=100i,handshake_recv=100i,decoys_recv=20i 1`,
    ]);
  });
});

describe('msg_recv and msg_sent', () => {
  const columns = (line: string): Record<string, number> =>
    Object.fromEntries(
      (line.split(' ')[1] ?? '').split(',').map((field) => {
        const [name = '', value = ''] = field.split('=');
        return [name, Number.parseInt(value)];
      }),
    );

  it('count per command and restart each interval', () => {
    const bench = benchOf([msgRecv, msgSent]);
    bench.bus.emit('received', { peer: somePeer, command: 'inv', bytes: 61 });
    bench.bus.emit('received', { peer: somePeer, command: 'inv', bytes: 97 });
    bench.bus.emit('received', { peer: somePeer, command: 'other', bytes: 24 });
    bench.bus.emit('sent', { peer: somePeer, command: 'getdata', bytes: 61 });
    bench.interval();
    const [recv = '', recvBytes = '', sent = '', sentBytes = ''] = bench.lines();
    const zeros = Object.fromEntries(COUNTED_COMMANDS.map((command) => [command, 0]));
    expect(columns(recv)).toEqual({ ...zeros, inv: 2, other: 1 });
    expect(columns(recvBytes)).toEqual({ ...zeros, inv: 158, other: 24 });
    expect(columns(sent)).toEqual({ ...zeros, getdata: 1, inv_known: 0 });
    expect(columns(sentBytes)).toEqual({ ...zeros, getdata: 61 });
    bench.interval();
    expect(bench.lines().map(columns)).toEqual([zeros, zeros, { ...zeros, inv_known: 0 }, zeros]);
  });
});

describe('peers', () => {
  it('writes the claims at a handshake and the gauges at each interval', () => {
    const bench = benchOf([peers]);
    const full: PeerInfo = { ...somePeer, claims: claims('/Satoshi:31.0.0/', 0xc09n) };
    const pruned: PeerInfo = {
      ...somePeer,
      ...{ claims: claims('/x/', 1n << 10n), outbound: false, transport: 'v2' },
    };
    const light: PeerInfo = { ...somePeer, claims: claims('', 1n << 63n) };
    for (const peer of [full, pruned, light])
      bench.bus.emit('handshake', { peer, claims: peer.claims ?? claims('') });
    bench.interval();
    bench.bus.emit('disconnected', { peer: full, established: true, reason: 'stopped' });
    bench.bus.emit('disconnected', { peer: somePeer, established: false, reason: 'stopped' });
    bench.interval();
    expect(bench.lines()).toEqual([
      `peers,${TAGS},user_agent=/Satoshi:31.0.0/ version=70016i,services="0000000000000c09",start_height=5i,relay=true 1`,
      `peers,${TAGS},user_agent=/x/ version=70016i,services="0000000000000400",start_height=5i,relay=true,transport="v2" 2`,
      `peers,${TAGS} version=70016i,services="8000000000000000",start_height=5i,relay=true 3`,
      `peers,${TAGS} total_connected=3i,outbound=2i,inbound=1i,fullnode=2i,spv=1i,ipv4=0i,ipv6=0i,onion=0i,i2p=0i,cjdns=0i,not_publicly_routable=3i,${NO_GROUPS},encrypted=1i,num_banned=0i 4`,
      `peers,${TAGS} total_connected=2i,outbound=1i,inbound=1i,fullnode=1i,spv=1i,ipv4=0i,ipv6=0i,onion=0i,i2p=0i,cjdns=0i,not_publicly_routable=2i,${NO_GROUPS},encrypted=1i,num_banned=0i 5`,
    ]);
  });

  it('reports how many addresses are known, if the network is joined, and how many are banned', () => {
    const bench = benchOf([peers], { addresses: { known: 7, banned: 2 } });
    bench.interval();
    expect(bench.lines()).toEqual([
      `peers,${TAGS} total_connected=0i,outbound=0i,inbound=0i,fullnode=0i,spv=0i,ipv4=0i,ipv6=0i,onion=0i,i2p=0i,cjdns=0i,not_publicly_routable=0i,${NO_GROUPS},encrypted=0i,num_addrs=7i,num_banned=2i 1`,
    ]);
  });

  it('counts peers by network and by autonomous system', () => {
    const bench = benchOf([peers], {
      asnOf: (ip) => ({ '8.8.8.8': 15_169, '8.8.4.4': 15_169, '2a01:4f8::1': 24_940 })[ip],
    });
    const at = (address: string): PeerInfo => ({ ...somePeer, address });
    const all = [
      '8.8.8.8:8333',
      '8.8.4.4:8333',
      '[2a01:4f8::1]:8333',
      '127.0.0.1:5',
      `${'a'.repeat(56)}.onion:8333`,
    ].map(at);
    for (const peer of all) bench.bus.emit('handshake', { peer, claims: claims('') });
    expect(bench.points.map(({ fields }) => fields['asn'])).toEqual([
      15_169,
      15_169,
      24_940,
      undefined,
      undefined,
    ]);
    bench.interval();
    expect(bench.points.at(-1)?.fields).toMatchObject({
      ...{ total_connected: 5, ipv4: 2, ipv6: 1, onion: 1, i2p: 0, cjdns: 0, not_publicly_routable: 1 },
      ...{ autonomous_systems: 2, largest_as: 2, as_entropy: expect.closeTo(0.918_3, 4) as number },
      ...{ netgroups: 2, largest_netgroup: 2, netgroup_entropy: expect.closeTo(0.918_3, 4) as number },
    });
    for (const peer of all.slice(0, 2))
      bench.bus.emit('disconnected', { peer, established: true, reason: 'stopped' });
    bench.interval();
    expect(bench.points.at(-1)?.fields).toMatchObject({
      ipv4: 0,
      ipv6: 1,
      autonomous_systems: 1,
      largest_as: 1,
      as_entropy: 0,
      largest_netgroup: 1,
    });
  });

  it('counts peers by label, also where there is none', () => {
    const lists = Object.entries({ spies: '192.0.2.0/24', cloud: '192.0.2.7', empty: '' });
    const labels = new AddressLabels(lists.map(([name, text]) => [name, AddressList.parse(text, name)]));
    const bench = benchOf([peers], { labels });
    const at = (address: string): PeerInfo => ({ ...somePeer, address });
    for (const host of ['192.0.2.7', '192.0.2.8', '198.51.100.1'])
      bench.bus.emit('handshake', { peer: at(`${host}:8333`), claims: claims('') });
    bench.interval();
    const counts = bench.points.filter(({ series }) => series === 'peer_labels');
    expect(counts.map(({ tags, fields }) => [tags['label'], fields])).toEqual([
      ['spies', { connected: 2 }],
      ['cloud', { connected: 1 }],
      ['empty', { connected: 0 }],
    ]);
  });

  it('makes a bounded, printable tag from a peer’s user agent', () => {
    const bench = benchOf([peers], { maxUserAgents: 4 });
    for (const name of ['a\nb\x1b[2J', 'é=,', 'x'.repeat(100), 'a\\b\\\\', 'fifth', 'é=,'])
      bench.bus.emit('handshake', { peer: somePeer, claims: claims(name) });
    expect(bench.points.map(({ tags }) => tags['user_agent'])).toEqual([
      'a?b?[2J',
      '?=,',
      'x'.repeat(64),
      'a\\b??',
      'other',
      '?=,',
    ]);
  });
});

describe('inv', () => {
  const sizes = (all: number, ...counts: readonly number[]): string =>
    [
      `messages=${all}i`,
      ...['1', '10', '100', '1000', 'more'].map((name, i) => `items_${name}=${counts[i]}i`),
    ].join();

  it('counts items by type, and their outcome', () => {
    const bench = benchOf([inv]);
    const items = [1, 1, 5, 2, 3].map((type) => ({ type, hash: wireHash('') }));
    bench.bus.emit('announced', { peer: somePeer, items, known: 2 });
    bench.bus.emit('requested', { peer: somePeer, count: 2 });
    bench.bus.emit('notFound', { peer: somePeer, count: 1 });
    bench.interval();
    bench.interval();
    expect(bench.lines()).toEqual([
      `inv,${TAGS} tx=2i,wtx=1i,block=1i,known=2i,requested=2i,notfound=1i,${sizes(1, 0, 1, 0, 0, 0)},largest=5i 1`,
      `inv,${TAGS} tx=0i,wtx=0i,block=0i,known=0i,requested=0i,notfound=0i,${sizes(0, 0, 0, 0, 0, 0)},largest=0i 2`,
    ]);
  });

  it('counts messages by their number of items', () => {
    const bench = benchOf([inv]);
    for (const count of [0, 1, 2, 10, 11, 100, 101, 1_000, 1_001, 50_000])
      bench.bus.emit('announced', {
        peer: somePeer,
        items: Array.from({ length: count }, () => ({ type: 99, hash: wireHash('') })),
        known: 0,
      });
    bench.interval();
    expect(bench.lines()[0]).toContain(`,${sizes(10, 2, 2, 2, 2, 2)},largest=50000i `);
  });
});

describe('addr_relay', () => {
  const NO_AGES = 'self_announced=0i,fresh=0i,month_old=0i,year_old=0i,wrong_time=0i,tried=0i,reachable=0i';

  it('counts addresses by network', () => {
    const bench = benchOf([addrRelay]);
    const entry = { time: 0, services: 0n, address: Buffer.alloc(0), port: 0 };
    const addresses = (['ipv4', 'ipv4', 'torv3', 'unknown'] as const).map((network) => ({
      ...entry,
      network,
    }));
    bench.bus.emit('addresses', { peer: somePeer, addresses });
    bench.bus.emit('addresses', { peer: somePeer, addresses: [] });
    bench.bus.emit('addressesLimited', { peer: somePeer, count: 3 });
    bench.interval();
    expect(bench.lines()).toEqual([
      `addr_relay,${TAGS} messages=2i,entries=4i,ipv4=2i,ipv6=0i,torv2=0i,torv3=1i,i2p=0i,cjdns=0i,yggdrasil=0i,unknown=1i,rate_limited=3i,${NO_AGES.replace('wrong_time=0i', 'wrong_time=4i')} 1`,
    ]);
  });

  it('counts them by age, those of the sender, and those that were tried', () => {
    const bench = benchOf([addrRelay]);
    const now = 1_800_000_000;
    bench.clock.ms = now * 1_000;
    const day = 86_400;
    const told = (age: number, last: number): NetworkAddress => ({
      ...{ network: 'ipv4', address: Buffer.of(192, 0, 2, last), port: 8_333 },
      ...{ services: 9n, time: now - age },
    });
    const ages = [-600, 0, day, day + 1, 30 * day, 30 * day + 1, 365 * day, 365 * day + 1, -601];
    // The peer is 192.0.2.1.
    const addresses = ages.map((age, i) => told(age, i < 2 ? 1 : 9));
    bench.bus.emit('addresses', { peer: somePeer, addresses: [...addresses, told(now - 100_000_000, 9)] });
    for (const isReachable of [true, false, false]) bench.bus.emit('addressTried', { isReachable });
    bench.interval();
    bench.interval();
    const networks = 'ipv6=0i,torv2=0i,torv3=0i,i2p=0i,cjdns=0i,yggdrasil=0i,unknown=0i,rate_limited=0i';
    const counts = 'self_announced=2i,fresh=3i,month_old=3i,year_old=1i,wrong_time=2i,tried=3i,reachable=1i';
    expect(bench.lines()).toEqual([
      `addr_relay,${TAGS} messages=1i,entries=10i,ipv4=10i,${networks},${counts} 1`,
      `addr_relay,${TAGS} messages=0i,entries=0i,ipv4=0i,${networks},${NO_AGES} 2`,
    ]);
  });
});

describe('ping', () => {
  it('has one point for each pong', () => {
    const bench = benchOf([ping]);
    bench.bus.emit('pong', { peer: somePeer, rttMs: 1.5 });
    expect(bench.lines()).toEqual([`ping,${TAGS} rtt=1.5 1`]);
  });
});

describe('rejects', () => {
  it('counts violations by reason, and totals even if nothing happened', () => {
    const bench = benchOf([rejects]);
    bench.bus.emit('violation', { peer: somePeer, reason: 'wrong-magic' });
    bench.bus.emit('disconnected', { peer: somePeer, established: false, reason: 'wrong-magic' });
    bench.bus.emit('disconnected', { peer: somePeer, established: true, reason: 'closed-by-peer' });
    bench.bus.emit('refused', { reason: 'inbound-full' });
    bench.interval();
    bench.interval();
    expect(bench.lines()).toEqual([
      `rejects,${TAGS},reason=wrong-magic violations=1i,disconnects=1i 1`,
      `rejects,${TAGS},reason=closed-by-peer violations=0i,disconnects=1i 2`,
      `rejects,${TAGS},reason=inbound-full violations=0i,disconnects=1i 3`,
      `rejects,${TAGS} total_violations=1i,total_disconnects=3i 4`,
      `rejects,${TAGS} total_violations=0i,total_disconnects=0i 5`,
    ]);
  });
});

describe('mempool', () => {
  const left = (...counts: readonly number[]): string =>
    ['block', 'conflict', 'replaced', 'expired', 'evicted']
      .map((reason, i) => `removed_${reason}=${counts[i]}i`)
      .join();
  const reorged = (returned: number, lost: number): string =>
    `reorg_returned=${returned}i,reorg_lost=${lost}i`;

  it('reports the relay view, and counts conflicts and delayed requests', () => {
    const bench = benchOf([mempool], { mempool: { transactions: 5, bytes: 1_000, withFee: 2, orphans: 1 } });
    bench.bus.emit('rateLimited', { count: 3 });
    bench.bus.emit('rateLimited', { count: 4 });
    bench.bus.emit('conflict', {
      txid: wireHash('0a'),
      conflictsWith: wireHash('0b'),
      prevTxid: wireHash('0c'),
      prevIndex: 0,
      fee: undefined,
      otherFee: 7,
    });
    bench.interval();
    bench.interval();
    expect(bench.lines()).toEqual([
      `mempool,${TAGS} num_tx=5i,num_orphans=1i,size=1000i,double_spend=1i,tx_rate_limit=7i,${left(0, 0, 0, 0, 0)},${reorged(0, 0)} 1`,
      `mempool,${TAGS} num_tx=5i,num_orphans=1i,size=1000i,double_spend=0i,tx_rate_limit=0i,${left(0, 0, 0, 0, 0)},${reorged(0, 0)} 2`,
    ]);
  });

  it('counts what left, by reason, and what became of reorganised transactions', () => {
    const bench = benchOf([mempool]);
    const reasons = ['block', 'conflict', 'replaced', 'expired', 'evicted'] as const;
    reasons.forEach((reason, i) => {
      for (let n = 0; n <= i; n++) bench.bus.emit('removed', { txid: wireHash('0a'), reason });
    });
    bench.bus.emit('reorganised', { returned: 3, confirmed: 5, lost: 1 });
    bench.bus.emit('reorganised', { returned: 1, confirmed: 0, lost: 1 });
    bench.interval();
    bench.interval();
    const [first, second] = bench.lines();
    expect(first).toContain(`,${left(1, 2, 3, 4, 5)},${reorged(4, 2)} 1`);
    expect(second).toContain(`,${left(0, 0, 0, 0, 0)},${reorged(0, 0)} 2`);
  });
});

describe('double_spends', () => {
  it('has one point for each conflict, without unknown fees', () => {
    const bench = benchOf([doubleSpends]);
    bench.bus.emit('conflict', {
      txid: wireHash('0a'),
      conflictsWith: wireHash('0b'),
      prevTxid: wireHash('0c'),
      prevIndex: 0,
      fee: undefined,
      otherFee: 7,
    });
    expect(bench.lines()).toEqual([
      `double_spends,${TAGS} tx_id="0a",conflicts_with="0b",prev_out="0c:0",other_fee=7i 1`,
    ]);
  });
});

describe('replacements', () => {
  const hash = (digit: string) => wireHash(digit.repeat(64));
  const evicted = { transactions: 3, fees: 700, vsize: 350 };

  it('tells what a replacement pays more, and how many led to it', () => {
    const bench = benchOf([replacements]);
    const facts = { vsize: 100, waitedMs: 1_500, evicted };
    bench.bus.emit('replacement', {
      ...facts,
      txid: hash('b'),
      fee: 1_000,
      replaced: [hash('a'), hash('1')],
    });
    bench.bus.emit('replacement', {
      ...facts,
      txid: hash('c'),
      fee: 1_200,
      replaced: [hash('2'), hash('b')],
    });
    bench.bus.emit('replacement', {
      ...{ ...facts, txid: hash('d'), fee: undefined, replaced: [hash('3')] },
      evicted: { ...evicted, fees: undefined },
    });
    const id = (digit: string): string => `"${digit.repeat(64)}"`;
    expect(bench.lines()).toEqual([
      `replacements,${TAGS} tx_id=${id('b')},replaced=${id('a')},num_replaced=2i,num_evicted=3i,fee=1000i,fee_rate=10,evicted_fees=700i,extra_fee=300i,generation=1i,waited=1500 1`,
      `replacements,${TAGS} tx_id=${id('c')},replaced=${id('2')},num_replaced=2i,num_evicted=3i,fee=1200i,fee_rate=12,evicted_fees=700i,extra_fee=500i,generation=2i,waited=1500 2`,
      `replacements,${TAGS} tx_id=${id('d')},replaced=${id('3')},num_replaced=1i,num_evicted=3i,generation=1i,waited=1500 3`,
    ]);
  });
});

describe('mempool_fees', () => {
  it('tells the buckets, the next blocks and the feerates that they need', () => {
    const sums = new BinSums();
    // A block and a half at 10 sat/vB, and a tenth of a block at 2.
    for (let i = 0; i < 15; i++) sums.add(binOf(10), 998_000, 99_800, 1);
    sums.add(binOf(2), 199_600, 99_800, 1);
    const waiting = { fees: () => projectionOf(sums), template: () => [], find: () => undefined };
    const bench = benchOf([mempoolFees], { waiting });
    bench.interval();
    const [point] = bench.points;
    expect(point?.fields).toMatchObject({
      ...{ num_tx_unknown: 0, vsize_unknown: 0 },
      ...{ block_1_fees: 9_980_000, block_1_num_tx: 10, block_1_min_rate: 10 },
      ...{ block_2_fees: 5_189_600, block_2_num_tx: 6, block_2_min_rate: 2 },
      ...{ block_3_fees: 0, block_3_num_tx: 0, block_3_min_rate: undefined },
      ...{ rate_1: 10, rate_3: 1, rate_6: 1, rate_24: 1 },
      ...{ num_tx_2: 1, vsize_2: 99_800, num_tx_10: 15, vsize_10: 1_497_000, num_tx_0_1: 0 },
    });
    // Half of what waits has no known fee: it takes half of each block.
    sums.addUnknown(1_596_800, 1);
    bench.interval();
    expect(bench.points[1]?.fields).toMatchObject({
      ...{ num_tx_unknown: 1, vsize_unknown: 1_596_800 },
      ...{ block_1_fees: 4_990_000, block_1_num_tx: 5, rate_1: 10, rate_3: 10, rate_6: 1 },
    });
    expect(bench.lines()).toHaveLength(2);
  });

  it('is not written where there is no relay view of our own', () => {
    const bench = benchOf([]);
    expect(mempoolFees({ emit: () => bench, policy: 'core' } as never).interval).toBeUndefined();
  });
});

describe('tx_fees', () => {
  it.each([
    ['btcd', 141, 1],
    ['core', 15, 9.4],
  ] as const)('compares a fee with the least that %s relays', (policy, least, ratio) => {
    const bench = benchOf([txFees], { policy });
    bench.bus.emit('feeKnown', { txid: wireHash('0a'), fee: 141, size: 222, vsize: 141 });
    expect(bench.lines()).toEqual([
      `tx_fees,${TAGS} tx_fee=141i,tx_size=222i,min_fee=${least}i,fee_ratio=${ratio},fee_rate=1 1`,
    ]);
  });
});

describe('tx', () => {
  // Version 2, one input with an empty script, outputs: P2WPKH of 1 BTC, nulldata, bare 1-of-2 multisig,
  // taproot dust.
  const key = '02' + '11'.repeat(32);
  const scripts = [
    '0014' + '22'.repeat(20),
    '6a0401020304',
    `5121${key}21${key}52ae`,
    '5120' + '33'.repeat(32),
  ];
  const values = ['00e1f50500000000', '0000000000000000', '10270000000000', '0100000000000000'];
  values[2] = '1027000000000000';
  const transaction = parseTransaction(
    Buffer.from(
      '02000000' +
        '01' +
        '44'.repeat(32) +
        '05000000' +
        '00' +
        'fdffffff' +
        '04' +
        scripts
          .map((script, i) => (values[i] ?? '') + (script.length / 2).toString(16).padStart(2, '0') + script)
          .join('') +
        '00000000',
      'hex',
    ),
  );

  it.each([
    ['nothing, as far as is known', undefined, 'is_standard=true'],
    ['nothing', 0, 'is_standard=true'],
    ['something', 9, 'is_standard=false,non_standard_reason="dust"'],
  ])('accepts one dust output under Core’s policy if the transaction pays %s', (_, fee, verdict) => {
    const bench = benchOf([tx], { policy: 'core' });
    const { wireTxid: txid, size, vsize } = transaction;
    bench.bus.emit('feeKnown', { txid: wireHash('0b'), fee: 5, size, vsize });
    if (fee !== undefined) bench.bus.emit('feeKnown', { txid, fee, size, vsize });
    bench.bus.emit('transaction', { peer: somePeer, transaction, first: true, receivedMs: 0 });
    expect(bench.lines()[0]).toContain(`num_op_return_outs=1i,${verdict},sha=`);
  });

  it('writes one point for the transaction and one for each input and output, once', () => {
    const bench = benchOf([tx]);
    bench.bus.emit('transaction', { peer: somePeer, transaction, first: true, receivedMs: 0 });
    bench.bus.emit('transaction', { peer: somePeer, transaction, first: false, receivedMs: 0 });
    const { size, txid } = transaction;
    expect(bench.lines()).toEqual([
      `tx,${TAGS} version_num=2i,tx_size=${size}i,num_inputs=1i,num_outputs=4i,weight=${size * 4}i,vsize=${size}i,` +
        `num_op_return_outs=1i,is_standard=false,non_standard_reason="dust",sha="${txid}" 1`,
      `tx_inputs,${TAGS} sig_script_len=0i,witness_size=0i,sequence_num=4294967293i,is_standard=true 2`,
      `tx_outputs,${TAGS},script_type=witness_v0_keyhash size=22i,value=100000000i,is_standard=true,is_dust=false 3`,
      `tx_outputs,${TAGS},script_type=nulldata size=6i,value=0i,is_standard=true,is_dust=true 4`,
      `tx_outputs,${TAGS},script_type=multisig num_pubkeys=2i,num_keys=1i,size=71i,value=10000i,is_standard=true,is_dust=false 5`,
      `tx_outputs,${TAGS},script_type=witness_v1_taproot size=34i,value=1i,is_standard=false,is_dust=true 6`,
    ]);
  });
});

describe('blocks', () => {
  it('leaves the median time out until it is known', () => {
    const bench = benchOf([blocks]);
    const block = { size: 285, transactions: [1, 2], hash: 'ab' } as never;
    bench.bus.emit('newBest', { block, height: 7, medianTime: undefined });
    bench.bus.emit('newBest', { block, height: 8, medianTime: 1_700_000_000 });
    expect(bench.lines()).toEqual([
      `blocks,${TAGS} size=285i,num_tx=2i,best_height=7i,sha="ab" 1`,
      `blocks,${TAGS} size=285i,num_tx=2i,best_height=8i,median_time=1700000000i,sha="ab" 2`,
    ]);
  });
});

describe('processed_blocks', () => {
  const mined = (version: number, text: string): Block => {
    const coinbaseScript = Buffer.concat([Buffer.of(2, 7, 1), Buffer.from(text, 'latin1')]);
    const transactions = [{ inputs: [{}, { prevIndex: 1 }], outputs: [{}, {}] }];
    return parseBlock(mineBlock({ on: REGTEST.genesis, height: 263, version, coinbaseScript, transactions }));
  };
  const block = mined(0x2000_0000, '/ab/');
  const judged = { block, peerAddress: '192.0.2.1:8333', processTimeMs: 1.5 };

  it('reports the status of a block, and leaves out what is unknown', () => {
    const bench = benchOf([processedBlocks]);
    const accepted = { status: 'accepted', height: 7, reason: undefined, totalTxFees: 0 } as const;
    const orphan = {
      status: 'orphan',
      height: undefined,
      reason: undefined,
      totalTxFees: undefined,
    } as const;
    const rejected = { ...orphan, status: 'rejected', reason: 'bad-txnmrklroot' } as const;
    for (const outcome of [accepted, orphan, rejected])
      bench.bus.emit('processedBlock', { ...judged, ...outcome });
    const facts =
      `size=${block.size}i,weight=${block.weight}i,num_tx=2i,num_inputs=3i,num_outputs=3i,num_unseen_tx=0i,` +
      'sigops=12i,difficulty=4.6565423739069247e-10,version=536870912i,is_version_rolled=false,coinbase_text="/ab/",pool="unknown",';
    const ends = `sha="${block.hash}",peer_addr="192.0.2.1:8333"`;
    expect(bench.lines()).toEqual([
      `processed_blocks,${TAGS} height=7i,process_time=1.5,status="accepted",is_orphan=false,${facts}total_tx_fees=0i,${ends} 1`,
      `processed_blocks,${TAGS} process_time=1.5,status="orphan",is_orphan=true,${facts}${ends} 2`,
      `processed_blocks,${TAGS} process_time=1.5,status="rejected",is_orphan=false,reject_code=16i,` +
        `reject_reason="bad-txnmrklroot",${facts}${ends} 3`,
    ]);
  });
});

describe('processed_blocks of miners', () => {
  it.each([
    ['of BIP9, without a signal', 0x2000_0000, { is_version_rolled: false }],
    ['that signals bits 0, 2 and 12', 0x2000_1005, { version_bits: '0,2,12', is_version_rolled: false }],
    ['with the lowest bit of BIP320', 0x2000_2000, { is_version_rolled: true }],
    [
      'with the highest bit of BIP320, and bit 1',
      0x3000_0002,
      { version_bits: '1', is_version_rolled: true },
    ],
    ['of before BIP9', 4, {}],
    ['with other top bits', 0x6000_0001, {}],
    ['below 0', -0x2000_0000, {}],
  ])('tells a version %s', (_, version, signals) => {
    const fields = pointOf(version, '');
    const { version_bits, is_version_rolled } = fields;
    expect({ version: fields['version'], version_bits, is_version_rolled }).toEqual({ version, ...signals });
  });

  it.each([
    ['', undefined],
    ['abc', undefined],
    ['\x00abcd\xffe\x01/pool/\n', 'abcd /pool/'],
    ['tag\\\\', 'tag??'],
    ['x'.repeat(200), 'x'.repeat(97)],
    ['<b>\x1b[2J"', '[2J"'],
  ])('tells the text %j as %j', (text, told) => {
    const { coinbase_text } = pointOf(4, text);
    expect(coinbase_text).toBe(told);
  });

  it('leaves the difficulty out where the target is 0', () => {
    const bench = benchOf([processedBlocks]);
    const bytes = mineBlock({ on: REGTEST.genesis, height: 263 });
    bytes.writeUInt32LE(0x2000_0000, 72);
    emitBlock(bench, parseBlock(bytes));
    expect(bench.points[0]?.fields['difficulty']).toBeUndefined();
    expect(bench.complaints).toEqual([]);
  });

  function pointOf(version: number, text: string): Readonly<Record<string, unknown>> {
    const bench = benchOf([processedBlocks]);
    const coinbaseScript = Buffer.concat([Buffer.of(2, 7, 1), Buffer.from(text, 'latin1')]);
    emitBlock(bench, parseBlock(mineBlock({ on: REGTEST.genesis, height: 263, version, coinbaseScript })));
    const { fields = {} } = bench.points[0] ?? {};
    return fields;
  }

  function emitBlock(bench: Bench, block: Block): void {
    const judged = { peerAddress: 'a', processTimeMs: 1, totalTxFees: undefined, height: undefined };
    bench.bus.emit('processedBlock', { ...judged, block, status: 'orphan', reason: undefined });
  }
});

describe('compact_blocks', () => {
  it('has one point for each compact block, and leaves out what is unknown', () => {
    const bench = benchOf([compactBlocks]);
    const facts = { prefilled: 1, shortIds: 9, bytes: 400, blockTxnBytes: 70 };
    bench.bus.emit('compactBlock', {
      ...facts,
      hash: wireHash('0a'),
      missing: 2,
      missingKinds: { unseen: 1, nonstandard: 0, replaced: 1, evicted: 0, other: 0 },
      needlessPrefills: 1,
      rebuilt: { bytes: 900, ms: 1.5 },
    });
    bench.bus.emit('compactBlock', { ...facts, hash: wireHash('0b'), blockTxnBytes: 0 });
    expect(bench.lines()).toEqual([
      `compact_blocks,${TAGS} prefilled=1i,needless_prefills=1i,short_ids=9i,missing=2i,missing_unseen=1i,missing_nonstandard=0i,missing_replaced=1i,missing_evicted=0i,missing_other=0i,bytes=400i,blocktxn_bytes=70i,full_bytes=900i,rebuilt=true,rebuild_time=1.5,sha="0a" 1`,
      `compact_blocks,${TAGS} prefilled=1i,short_ids=9i,bytes=400i,blocktxn_bytes=0i,rebuilt=false,sha="0b" 2`,
    ]);
  });
});

describe('reorgs', () => {
  it('has one point for each reorganisation', () => {
    const bench = benchOf([reorgs]);
    bench.bus.emit('reorg', { depth: 2, oldTip: wireHash('0a'), newTip: wireHash('0b'), forkHeight: 5 });
    expect(bench.lines()).toEqual([`reorgs,${TAGS} depth=2i,old_tip="0a",new_tip="0b",fork_height=5i 1`]);
  });
});

describe('chain_tips', () => {
  const tip = { hash: wireHash('0a'), height: 9, branchLength: 0, status: 'active' } as const;
  const fork = { hash: wireHash('0b'), height: 8, branchLength: 2, status: 'valid-fork' } as const;

  it('tells all tips where one may have changed, and nothing otherwise', () => {
    let changes = 5;
    const all = () => ({ tips: [tip, fork], moreTips: 0, stale: 2, best: 8 });
    const bench = benchOf([chainTips], { tips: { changes: () => changes, all } });
    bench.interval();
    const lines = bench.lines();
    expect(lines).toEqual([
      `chain_tips,${TAGS},status=active height=9i,branch_length=0i,stale_rate=20,sha="0a" 1`,
      `chain_tips,${TAGS},status=valid-fork height=8i,branch_length=2i,sha="0b" 2`,
    ]);
    bench.interval();
    expect(bench.lines()).toEqual([]);
    changes += 1;
    bench.interval();
    expect(bench.lines()).toHaveLength(2);
    bench.bus.emit('processedBlock', {
      ...{ block: parseBlock(mineBlock({ on: REGTEST.genesis, height: 1 })), peerAddress: 'a' },
      ...{ status: 'side_chain', height: 1, reason: undefined, processTimeMs: 1, totalTxFees: 0 },
    });
    bench.interval();
    expect(bench.lines()).toHaveLength(2);
  });

  it('has no stale rate at the genesis block', () => {
    const all = () => ({ tips: [{ ...tip, height: 0 }], moreTips: 0, stale: 0, best: 0 });
    const bench = benchOf([chainTips], { tips: { changes: () => 1, all } });
    bench.interval();
    expect(bench.lines()).toEqual([`chain_tips,${TAGS},status=active height=0i,branch_length=0i,sha="0a" 1`]);
  });
});

describe('btcdmon', () => {
  it('reports what was emitted before it, per series, and what each exporter did', async () => {
    const exporters = [{ name: 'duckdb', sent: 5, acked: 4, dropped: 3, queued: 2, retried: 1 }];
    const bench = benchOf([mempool, btcdmon], { exporters });
    bench.interval();
    await new Promise((resolve) => setTimeout(resolve, 100));
    bench.interval();
    const points = bench.points.filter(({ series }) => series === 'btcdmon');
    const own = points.filter(({ tags }) => tags['series'] === undefined && tags['exporter'] === undefined);
    expect(own).toHaveLength(2);
    const number = expect.any(Number) as number;
    const always = { started: number, rss: number, cpu: number, stalled: number };
    // The first interval ends before the event loop has been sampled.
    expect(own.map(({ fields }) => fields)).toEqual([always, { ...always, loop_lag_p99: number }]);
    for (const { time, tags, fields } of points.filter((point) => point.tags['series'] !== undefined))
      expect([tags['series'], fields['emitted']]).toEqual([
        tags['series'],
        bench.points.filter((point) => point.series === tags['series'] && point.time < time).length,
      ]);
    expect(points.find(({ tags }) => tags['exporter'] === 'duckdb')?.fields).toMatchObject({
      sent: 5,
      acked: 4,
      dropped: 3,
      queued: 2,
      retried: 1,
    });
  });
});

describe('collect', () => {
  it('logs the name of a collector that throws, once a minute, and runs the others', () => {
    const broken = () => ({
      name: 'broken',
      on: {
        rateLimited: () => {
          throw new Error('on purpose');
        },
      },
    });
    const bench = benchOf([broken, mempool]);
    bench.bus.emit('rateLimited', { count: 1 });
    bench.bus.emit('rateLimited', { count: 1 });
    bench.interval();
    expect(bench.complaints).toEqual(['broken: Error: on purpose']);
    expect(bench.points[0]?.fields).toMatchObject({ tx_rate_limit: 2 });
  });
});

describe('the list of collectors', () => {
  it('includes every interval series', () => {
    const bench = benchOf(COLLECTORS);
    bench.interval();
    const events = [
      'blocks',
      'processed_blocks',
      'compact_blocks',
      'reorgs',
      'tx',
      'tx_inputs',
      'tx_outputs',
      'propagation',
      'ping',
      'tx_fees',
      'double_spends',
      'fee_error',
      'replacements',
      'policy_differential',
      'block_templates',
      'peer_sessions',
      'session_messages',
      'chain_tips',
    ];
    // What evaluates the alerts writes it. Peers with a label need a list of these, arrivals their option.
    const alerts = ['alerts', 'peer_labels', 'arrivals'];
    // A crawl writes them.
    const crawled = ['nodes', 'crawls'];
    // Of watched nodes, whose RPC or tap writes them.
    const watched = ['node_status', 'node_peers', 'btcd_lag', 'watch_gaps', 'tap'];
    expect(new Set(bench.points.map(({ series }) => series))).toEqual(
      new Set(SERIES_NAMES.filter((name) => ![...events, ...watched, ...alerts, ...crawled].includes(name))),
    );
  });
});
