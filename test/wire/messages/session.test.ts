import { createHash } from 'node:crypto';
import { SystemClock } from '../../../src/lib/clock';
import { displayOf, hash256 } from '../../../src/wire/hash';
import { addrRelay } from '../../../src/metrics/collectors/addr-relay';
import { msgRecv } from '../../../src/metrics/collectors/msg-recv';
import { FrameReader } from '../../../src/wire/framing';
import { encodeInventory } from '../../../src/wire/messages/inventory';
import { ipOf } from '../../../src/wire/messages/network-address';
import { type DecodedCommand, DECODERS, type MessageOf } from '../../../src/wire/messages/table';
import { NETWORKS } from '../../../src/wire/networks';
import { Pool } from '../../../src/p2p/pool';
import { DecodeError } from '../../../src/wire/decode-error';
import { parseBlock } from '../../../src/wire/block';
import { parseTransaction } from '../../../src/wire/transaction';
import { NO_COMPACT } from '../../support/compact';
import { readSession, sharedSession } from '../../support/data';
import { FakePeer } from '../../support/fake-peer';
import { benchOf } from '../../support/points';
import { until } from '../../support/until';
import { sipHash } from './siphash';

interface Message {
  readonly command: string;
  readonly payload: Buffer;
}

function messagesOf(stream: Buffer): Message[] {
  const found: Message[] = [];
  new FrameReader(NETWORKS.regtest.magic, {
    arrived: () => undefined,
    message: (command, payload) => found.push({ command, payload }),
    violation: (reason) => {
      throw new Error(reason);
    },
  }).push(stream);
  return found;
}

/** A hash in wire order, one character for each byte, as people write it. */
const display = (hash: string): string => Buffer.from(hash, 'latin1').reverse().toString('hex');

const wire = (hash: string): Buffer => Buffer.from(hash, 'hex').reverse();

/**
 * The points that the listener writes about a peer that answers its `version` with `stream`, all at once.
 * Columns of 0 are left out.
 */
async function listenTo(
  stream: Buffer,
  messages: number,
): Promise<{ series: Record<string, unknown>; breaches: string[] }> {
  const peer = await FakePeer.start({
    onMessage: (connection, { command }) => {
      if (command === 'version') connection.raw(stream);
    },
  });
  const bench = benchOf([msgRecv, addrRelay]);
  const faults: unknown[] = [];
  const breaches: string[] = [];
  let received = 0;
  bench.bus.on('violation', ({ reason }) => breaches.push(reason));
  bench.bus.on('received', () => received++);
  const pool = new Pool(
    {
      network: 'regtest',
      connect: [{ host: '127.0.0.1', port: peer.port }],
      userAgent: '/test/',
      wtxidRelay: true,
      txPerSecond: 200,
    },
    {
      bus: bench.bus,
      clock: new SystemClock(),
      ...NO_COMPACT,
      reportUnreachable: (...what) => faults.push(what),
      fault: (error) => faults.push(error),
    },
  );
  pool.start();
  try {
    await until('the whole stream', () => received === messages, { giveUp: () => faults.map(String)[0] });
  } finally {
    bench.interval();
    await pool.stop();
    await peer.stop();
  }
  expect(faults).toEqual([]);
  const series = bench.points.map(({ series, fields }) => [
    series,
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== 0)),
  ]);
  return { series: Object.fromEntries(series) as Record<string, unknown>, breaches };
}

sharedSession.describe('a session with Bitcoin Core 31', (session) => {
  const { recv, sent, messages } = readSession(session);
  const fromCore = messagesOf(recv);
  const fromClient = messagesOf(sent);

  function all<C extends DecodedCommand>(side: readonly Message[], command: C): MessageOf<C>[] {
    return side
      .filter((message) => message.command === command)
      .map(({ payload }) => DECODERS[command](payload) as MessageOf<C>);
  }

  function one<C extends DecodedCommand>(side: readonly Message[], command: C): MessageOf<C> {
    const [value] = all(side, command);
    if (value === undefined) throw new Error(`no ${command}`);
    return value;
  }

  const [wholeHeaders] = all(fromCore, 'headers');
  const headers = wholeHeaders ?? [];

  it('has a decoder for every message of either side, and each reads to the last byte', () => {
    expect(fromCore.length + fromClient.length).toBe(messages.length);
    for (const { command, payload } of [...fromCore, ...fromClient]) {
      if (command === 'tx') expect(parseTransaction(payload).size).toBe(payload.length);
      else if (command === 'block') expect(parseBlock(payload).size).toBe(payload.length);
      else {
        const decode: (payload: Buffer) => unknown = DECODERS[command as DecodedCommand];
        expect(decode(payload)).toBeDefined();
        // A version without its last byte means the same.
        if (payload.length > 0 && command !== 'version')
          expect(() => decode(payload.subarray(0, -1))).toThrow(DecodeError);
      }
    }
  });

  it.each([
    // A merkleblock is followed by the transactions that matched, here a coinbase. Only a peer that sends a
    // filter gets one: the listener sends none and accepts no coinbase as a transaction. Nor has it asked for
    // the six blocktxn.
    [
      'Core',
      true,
      // The clock of these collectors is at 1970, before all times that are told.
      { messages: 1, entries: 18, ipv4: 10, ipv6: 8, wrong_time: 18 },
      ['unrequested-blocktxn', 'invalid-tx', ...Array<string>(5).fill('unrequested-blocktxn')],
    ],
    ['the client', false, {}, []],
  ])(
    'is counted by command where %s is the peer, and nothing as `other`',
    async (_, isCore, relay, breaches) => {
      const stream = isCore ? recv : sent;
      const counts: Record<string, number> = {};
      const bytes: Record<string, number> = {};
      const side = messages.filter(({ fromCore }) => fromCore === isCore);
      for (const { command, length } of side) {
        counts[command] = (counts[command] ?? 0) + 1;
        bytes[command] = (bytes[command] ?? 0) + length + 24;
      }
      expect(await listenTo(stream, side.length)).toEqual({
        series: { msg_recv: counts, msg_recv_bytes: bytes, addr_relay: relay },
        breaches,
      });
    },
  );

  it('reads every address with its network', () => {
    const entries = all(fromCore, 'addrv2').flat();
    const counts: Record<string, number> = {};
    for (const { network } of entries) counts[network] = (counts[network] ?? 0) + 1;
    // The lengths allow no other reading: 1 + 10 x 13 + 8 x 25 bytes. Core answers getaddr with a random part
    // of its addresses, and none of the other networks was among them.
    expect(counts).toEqual({ ipv4: 10, ipv6: 8 });
    for (const entry of entries) {
      expect(entry.services).toBe(9n);
      expect(entry.port).toBe(8333);
      expect(ipOf(entry)).toMatch(entry.network === 'ipv4' ? /^1\.\d+\.\d+\.9$/ : /^2a01:[0-9a-f]+::1$/);
    }
  });

  it('reads headers that make a chain, whose last block is asked for', () => {
    expect(headers).toHaveLength(114);
    for (const [i, header] of headers.entries())
      if (i > 0) expect(header.prevHash).toBe(headers[i - 1]?.hash);
    const asked = all(fromClient, 'getdata').flat();
    expect(display(asked[0]?.hash ?? '')).toBe(headers.at(-1)?.hash);
    expect(headers[0]?.prevHash).toBe(display(one(fromClient, 'getheaders').locator[0] ?? ''));
    expect(one(fromClient, 'getblocks')).toEqual(one(fromClient, 'getheaders'));
  });

  it('encodes the inventories that it decodes to the same bytes', () => {
    for (const { command, payload } of [...fromCore, ...fromClient])
      if (command === 'inv' || command === 'getdata' || command === 'notfound')
        expect(encodeInventory(DECODERS[command](payload))).toEqual(payload);
  });

  it('reads every short id: each is that of a transaction that was relayed', () => {
    const wtxids = fromCore
      .filter(({ command }) => command === 'tx')
      .map(({ payload }) => wire(parseTransaction(payload).wtxid));
    const blocks = all(fromCore, 'cmpctblock');
    expect(blocks.map(({ shortIds }) => shortIds.length)).toEqual([12, 6, 0, 0, 0]);
    for (const { header, nonce, shortIds, prefilled } of blocks) {
      const salt = Buffer.alloc(8);
      salt.writeBigUInt64LE(nonce);
      const key = createHash('sha256').update(header.bytes).update(salt).digest();
      const known = new Set(wtxids.map((id) => Number(BigInt.asUintN(48, sipHash(key, id)))));
      expect(shortIds.filter((id) => !known.has(id))).toEqual([]);
      expect(prefilled.map(({ index, transaction }) => [index, transaction.isCoinbase])).toEqual([[0, true]]);
    }
  });

  it('reads the answers to what was asked of blocks', () => {
    const answers = all(fromCore, 'blocktxn');
    const questions = all(fromClient, 'getblocktxn');
    expect(questions.map(({ indexes }) => indexes)).toEqual(Array(6).fill([0]));
    expect(answers.map(({ blockHash }) => blockHash)).toEqual(questions.map(({ blockHash }) => blockHash));
    for (const { transactions } of answers) expect(transactions.map((tx) => tx.isCoinbase)).toEqual([true]);

    const { header, transactions, hashes } = one(fromCore, 'merkleblock');
    expect(transactions).toBe(1);
    expect(hashes.map(display)).toEqual([header.merkleRoot]);
  });

  it('reads every filter: each has the hash that cfheaders gives', () => {
    const { stopHash, filterHashes, previousHeader } = one(fromCore, 'cfheaders');
    expect(display(stopHash)).toBe(headers.at(-1)?.hash);
    expect(filterHashes).toHaveLength(114);
    expect(previousHeader).not.toBe(stopHash);
    const filters = all(fromCore, 'cfilter');
    expect(filters.map(({ filter }) => displayOf(hash256(filter)))).toEqual(
      filterHashes.slice(-6).map(display),
    );
    expect(filters.map(({ blockHash }) => display(blockHash))).toEqual(
      headers.slice(-6).map(({ hash }) => hash),
    );
    expect(one(fromCore, 'cfcheckpt')).toEqual({ filterType: 0, stopHash, filterHeaders: [] });
    expect(one(fromClient, 'getcfilters')).toEqual({ filterType: 0, startHeight: 109, stopHash });
    expect(one(fromClient, 'getcfheaders')).toEqual({ filterType: 0, startHeight: 1, stopHash });
    expect(one(fromClient, 'getcfcheckpt')).toEqual({ filterType: 0, stopHash });
  });

  it('reads what the peers ask of each other', () => {
    expect(one(fromCore, 'feefilter')).toBe(100n);
    expect(one(fromCore, 'sendcmpct')).toEqual({ highBandwidth: false, version: 2n });
    expect(one(fromClient, 'sendcmpct')).toEqual({ highBandwidth: true, version: 2n });
    expect(one(fromCore, 'sendtxrcncl').version).toBe(1);
    expect(one(fromClient, 'pong')).toBe(one(fromCore, 'ping'));
    expect(one(fromCore, 'pong')).toBe(one(fromClient, 'ping'));
    expect(one(fromClient, 'filterload')).toEqual({
      filter: Buffer.alloc(8, 0xff),
      hashFunctions: 5,
      tweak: 7,
      flags: 1,
    });
  });
});
