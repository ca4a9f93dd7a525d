import fc from 'fast-check';
import { ipOf } from '../../../src/wire/messages/network-address';
import { DECODERS } from '../../../src/wire/messages/table';
import { bytes, compact, hash, HEADER, le, list, TRANSACTION } from './bytes';

const latin1 = (byte: number): string => String.fromCharCode(byte).repeat(32);

describe('addr', () => {
  const decode = (ip: string) => DECODERS.addr(bytes(1, le(4, 0xffff_ffff), le(8, -1), ip, 'ffff'));

  it.each([
    ['00000000000000000000ffff01020304', 'ipv4', '01020304', '1.2.3.4'],
    ['20010db8000000000000000000000001', 'ipv6', '20010db8000000000000000000000001', '2001:db8::1'],
    ['fd87d87eeb4300112233445566778899', 'torv2', '00112233445566778899', null],
    ['fd6b88c0872400112233445566778899', 'unknown', 'fd6b88c0872400112233445566778899', null],
    ['00000000000000000000000000000000', 'ipv6', '00000000000000000000000000000000', '::'],
  ])('reads %s as %s', (wire, network, address, ip) => {
    const [entry] = decode(wire);
    expect(entry).toEqual({
      time: 0xffff_ffff,
      services: 0xffff_ffff_ffff_ffffn,
      network,
      address: bytes(address),
      port: 0xffff,
    });
    expect(entry === undefined ? undefined : ipOf(entry)).toBe(ip);
  });
});

describe('addrv2', () => {
  it.each([
    [1, '7f000001', 'ipv4'],
    [2, '20010db8000000000000000000000001', 'ipv6'],
    [2, '00000000000000000000ffff01020304', 'unknown'],
    [2, 'fd87d87eeb4300112233445566778899', 'unknown'],
    [3, '00112233445566778899', 'torv2'],
    [4, 'aa'.repeat(32), 'torv3'],
    [5, 'aa'.repeat(32), 'i2p'],
    [6, 'fc000000000000000000000000000001', 'cjdns'],
    [6, '20010db8000000000000000000000001', 'unknown'],
    [7, '02000000000000000000000000000001', 'yggdrasil'],
    [7, '03000000000000000000000000000001', 'yggdrasil'],
    [7, '04000000000000000000000000000001', 'unknown'],
    [8, '', 'unknown'],
    [255, 'aa'.repeat(512), 'unknown'],
  ])('network %i, address %s: %s', (id, address, network) => {
    const [entry] = DECODERS.addrv2(bytes(1, le(4, 5), 9, id, compact(address.length / 2), address, '208d'));
    expect({ ...entry, address: entry?.address.toString('hex') }).toEqual({
      time: 5,
      services: 9n,
      network,
      address,
      port: 8333,
    });
  });

  it('reads what was written, whatever it is', () => {
    const entry = fc.record({
      time: fc.nat(0xffff_ffff),
      services: fc.oneof(
        fc.bigInt(0n, 0xffff_ffff_ffff_ffffn),
        fc.constantFrom(0n, 0xfcn, 0xfdn, 0xffffn, 0x1_0000n, 0xffff_ffffn, 0x1_0000_0000n),
      ),
      address: fc.oneof(
        fc.tuple(fc.constant(1), fc.uint8Array({ minLength: 4, maxLength: 4 })),
        fc.tuple(fc.constantFrom(4, 5), fc.uint8Array({ minLength: 32, maxLength: 32 })),
        fc.tuple(fc.integer({ min: 8, max: 255 }), fc.uint8Array({ maxLength: 512 })),
      ),
      port: fc.nat(0xffff),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const payload = bytes(
          compact(entries.length),
          ...entries.map(({ time, services, address: [id, address], port }) =>
            bytes(
              le(4, time),
              compact(services),
              id,
              compact(address.length),
              Buffer.from(address),
              le(2, port).reverse(),
            ),
          ),
        );
        const names = ['', 'ipv4', '', '', 'torv3', 'i2p'];
        expect(DECODERS.addrv2(payload)).toEqual(
          entries.map(({ address: [id, address], ...rest }) => ({
            ...rest,
            network: names[id] ?? 'unknown',
            address: Buffer.from(address),
          })),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('compact blocks', () => {
  it('reads short ids of 48 bits, and makes indexes of distances', () => {
    const block = DECODERS.cmpctblock(
      bytes(HEADER, le(8, 77), 2, 'ffffffffffff', '010000000000', 2, 0, TRANSACTION, 1, TRANSACTION),
    );
    expect(block.nonce).toBe(77n);
    expect(block.header.bytes).toEqual(HEADER);
    expect(block.shortIds).toEqual([0xffff_ffff_ffff, 1]);
    expect(block.prefilled.map(({ index }) => index)).toEqual([0, 2]);
    expect(block.prefilled.map(({ transaction }) => transaction.size)).toEqual([
      TRANSACTION.length,
      TRANSACTION.length,
    ]);
  });

  it('reads ascending indexes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(0xffff), { maxLength: 300 }), (unordered) => {
        const indexes = unordered.sort((a, b) => a - b);
        const distances = indexes.map((index, i) => compact(index - (indexes[i - 1] ?? -1) - 1));
        expect(DECODERS.getblocktxn(bytes(hash(3), compact(indexes.length), ...distances))).toEqual({
          blockHash: latin1(3),
          indexes,
        });
      }),
    );
  });

  it('reads every byte but 0 of sendcmpct as true', () => {
    expect(DECODERS.sendcmpct(bytes(2, le(8, -1)))).toEqual({
      highBandwidth: true,
      version: 0xffff_ffff_ffff_ffffn,
    });
    expect(DECODERS.sendcmpct(bytes(0, le(8, 2)))).toEqual({ highBandwidth: false, version: 2n });
  });
});

describe('single numbers', () => {
  it.each([0n, 100n, -1n, 2n ** 63n - 1n, -(2n ** 63n)])('feefilter %d', (rate) => {
    expect(DECODERS.feefilter(le(8, rate))).toBe(rate);
  });

  it('ping and pong', () => {
    expect(DECODERS.ping(bytes())).toBeNull();
    expect(DECODERS.ping(le(8, -1))).toBe(0xffff_ffff_ffff_ffffn);
    expect(DECODERS.pong(le(8, 5))).toBe(5n);
  });
});

describe('the other messages', () => {
  it.each([
    [
      'getheaders',
      DECODERS.getheaders(bytes(le(4, -1), 2, hash(1), hash(2), hash(3))),
      { version: -1, locator: [latin1(1), latin1(2)], stop: latin1(3) },
    ],
    [
      'filterload',
      DECODERS.filterload(bytes(2, 'abcd', le(4, 11), le(4, -1), 2)),
      { filter: bytes('abcd'), hashFunctions: 11, tweak: 0xffff_ffff, flags: 2 },
    ],
    ['filteradd', DECODERS.filteradd(bytes(2, 'abcd')), bytes('abcd')],
    [
      'getcfilters',
      DECODERS.getcfilters(bytes(0, le(4, 900_000), hash(1))),
      { filterType: 0, startHeight: 900_000, stopHash: latin1(1) },
    ],
    ['getcfcheckpt', DECODERS.getcfcheckpt(bytes(1, hash(1))), { filterType: 1, stopHash: latin1(1) }],
    [
      'cfilter',
      DECODERS.cfilter(bytes(0, hash(1), 2, 'abcd')),
      { filterType: 0, blockHash: latin1(1), filter: bytes('abcd') },
    ],
    [
      'cfheaders',
      DECODERS.cfheaders(bytes(0, hash(1), hash(2), 1, hash(3))),
      { filterType: 0, stopHash: latin1(1), previousHeader: latin1(2), filterHashes: [latin1(3)] },
    ],
    [
      'cfcheckpt',
      DECODERS.cfcheckpt(bytes(0, hash(1), 1, hash(3))),
      { filterType: 0, stopHash: latin1(1), filterHeaders: [latin1(3)] },
    ],
    ['sendtxrcncl', DECODERS.sendtxrcncl(bytes(le(4, 1), le(8, -1))), { version: 1, salt: 2n ** 64n - 1n }],
    [
      'feature',
      DECODERS.feature(bytes(6, Buffer.from('BIP434'), 1, 'ff')),
      { id: 'BIP434', data: bytes('ff') },
    ],
    [
      'reject of a transaction',
      DECODERS.reject(bytes(2, Buffer.from('tx'), 0x41, 4, Buffer.from('dust'), hash(1))),
      { command: 'tx', code: 0x41, reason: 'dust', hash: latin1(1) },
    ],
    [
      'reject of another message, its reason cut',
      DECODERS.reject(bytes(7, Buffer.from('version'), 0x11, list(257, bytes(0x61)))),
      { command: 'version', code: 0x11, reason: 'a'.repeat(256), hash: null },
    ],
    ['alert', DECODERS.alert(bytes(1, 7, 2, 8, 9)), { alert: bytes(7), signature: bytes(8, 9) }],
    [
      'getutxos',
      DECODERS.getutxos(bytes(1, 1, hash(1), le(4, -1))),
      { checkMempool: true, outpoints: [{ hash: latin1(1), index: 0xffff_ffff }] },
    ],
    [
      'utxos',
      DECODERS.utxos(bytes(le(4, 5), hash(1), 1, 1, 1, le(4, 2), le(4, 0x7fff_ffff), le(8, 6), 1, '51')),
      {
        height: 5,
        tip: latin1(1),
        hits: bytes(1),
        utxos: [{ version: 2, height: 0x7fff_ffff, value: 6n, script: bytes('51') }],
      },
    ],
  ])('%s', (_, value, expected) => {
    expect(value).toEqual(expected);
  });

  it('merkleblock', () => {
    const { header, ...rest } = DECODERS.merkleblock(bytes(HEADER, le(4, 2), 1, hash(4), 1, 3));
    expect(header.bytes).toEqual(HEADER);
    expect(rest).toEqual({ transactions: 2, hashes: [latin1(4)], flags: bytes(3) });
  });

  it('headers: each a view of its own 80 bytes', () => {
    const payload = list(3, bytes(HEADER, 0));
    const headers = DECODERS.headers(payload);
    expect(headers.map(({ bytes: view }) => view)).toEqual([HEADER, HEADER, HEADER]);
    expect(headers.every(({ bytes: view }) => view.buffer === payload.buffer)).toBe(true);
  });
});
