import fc from 'fast-check';
import { type DecodedCommand, DECODERS } from '../../../src/wire/messages/table';
import { DecodeError } from '../../../src/wire/decode-error';
import { bytes, compact, hash, HEADER, le, list, TRANSACTION } from './bytes';

const addr = bytes(le(4, 1), le(8, 9), '00000000000000000000ffff01020304', '208d');
const addrv2 = (id: number, address: Buffer): Buffer =>
  bytes(le(4, 1), 9, id, compact(address.length), address, '208d');
const withUserAgent = (length: number): Buffer =>
  bytes(Buffer.alloc(80), compact(length), Buffer.alloc(length), le(4, 0), 1);

/** Commands without a payload. They cannot be malformed. */
const EMPTY = ['verack', 'getaddr', 'sendaddrv2', 'sendheaders', 'wtxidrelay', 'mempool', 'filterclear'];

interface Example {
  /** Payloads that are decoded to their last byte. */
  readonly whole: readonly Buffer[];
  /** Payloads that are refused, beside those that are cut off. */
  readonly refused?: readonly Buffer[];
}

const inventory: Example = {
  whole: [bytes(0), list(50_000, bytes(le(4, 1), hash(1)))],
  refused: [list(50_001, bytes(le(4, 1), hash(1)))],
};
const locator: Example = {
  whole: [bytes(le(4, 70_016), 0, hash(0)), bytes(le(4, 70_016), list(101, hash(1)), hash(0))],
  refused: [bytes(le(4, 70_016), list(102, hash(1)), hash(0))],
};
const filterRange: Example = { whole: [bytes(0, le(4, 7), hash(1))] };

const input = bytes(hash(1), le(4, 0), 0, le(4, -1));
const output = bytes(le(8, 5), 0);

/**
 * For every command with a payload: the smallest and the largest payload of each form, and those just beyond.
 */
const EXAMPLES: Readonly<Partial<Record<DecodedCommand, Example>>> = {
  version: { whole: [], refused: [withUserAgent(257), withUserAgent(0xfffff)] },
  addr: { whole: [bytes(0), list(1_000, addr)], refused: [list(1_001, addr)] },
  addrv2: {
    whole: [
      bytes(0),
      list(1_000, addrv2(1, Buffer.alloc(4))),
      list(1, addrv2(2, Buffer.alloc(16))),
      list(1, addrv2(3, Buffer.alloc(10))),
      list(1, addrv2(4, Buffer.alloc(32))),
      list(1, addrv2(5, Buffer.alloc(32))),
      list(1, addrv2(6, Buffer.alloc(16))),
      list(1, addrv2(7, Buffer.alloc(16))),
      list(1, addrv2(0, Buffer.alloc(0))),
      list(1, addrv2(255, Buffer.alloc(512))),
    ],
    refused: [
      list(1_001, addrv2(1, Buffer.alloc(4))),
      ...[1, 2, 4, 5, 6].map((id) => list(1, addrv2(id, Buffer.alloc(5)))),
      ...[1, 2, 4, 5, 6].map((id) => list(1, addrv2(id, Buffer.alloc(0)))),
      list(1, addrv2(255, Buffer.alloc(513))),
      // Service bits that are not in their shortest form.
      bytes(1, le(4, 1), 'fdfc00', 1, 4, '01020304', '208d'),
      bytes(1, le(4, 1), 'ffffffffff00000000', 1, 4, '01020304', '208d'),
    ],
  },
  inv: inventory,
  getdata: inventory,
  notfound: inventory,
  getblocks: locator,
  getheaders: locator,
  headers: {
    whole: [bytes(0), list(2_000, bytes(HEADER, 0))],
    refused: [list(2_001, bytes(HEADER, 0)), bytes(1, HEADER, 'fe01000002')],
  },
  ping: { whole: [le(8, -1)] },
  pong: { whole: [le(8, -1)], refused: [bytes()] },
  feefilter: { whole: [le(8, -1)], refused: [bytes()] },
  filterload: {
    whole: [bytes(0, le(9, 0), 0), bytes(list(36_000, bytes(1)), le(4, 50), le(4, 1), 1)],
    refused: [
      bytes(list(36_001, bytes(1)), le(4, 50), le(4, 1), 1),
      bytes(list(1, bytes(1)), le(4, 51), le(4, 1), 1),
      bytes(list(1, bytes(1)), le(4, -1), le(4, 1), 1),
    ],
  },
  filteradd: { whole: [bytes(0), list(520, bytes(1))], refused: [list(521, bytes(1))] },
  merkleblock: { whole: [bytes(HEADER, le(4, 0), 0, 0), bytes(HEADER, le(4, 9), list(9, hash(1)), 1, 7)] },
  sendcmpct: { whole: [bytes(1, le(8, 2))] },
  cmpctblock: {
    whole: [
      bytes(HEADER, le(8, 1), list(3, le(6, 1)), 0),
      bytes(HEADER, le(8, 1), list(1, le(6, 1)), 2, 0, TRANSACTION, 1, TRANSACTION),
      bytes(HEADER, le(8, 1), list(65_534, le(6, 1)), 1, 'fdfeff', TRANSACTION),
    ],
    refused: [
      bytes(HEADER, le(8, 1), 0, 0),
      // A prefilled transaction behind a gap that short ids do not fill.
      bytes(HEADER, le(8, 1), 0, 1, 1, TRANSACTION),
      bytes(HEADER, le(8, 1), list(1, le(6, 1)), 2, 0, TRANSACTION, 2, TRANSACTION),
      bytes(HEADER, le(8, 1), list(1, le(6, 1)), 1, 'fe00000100', TRANSACTION),
      // 65,536 transactions.
      bytes(HEADER, le(8, 1), list(65_535, le(6, 1)), 1, 0, TRANSACTION),
      // A transaction with the marker of witnesses and an unknown flag behind it.
      bytes(HEADER, le(8, 1), 0, 1, 0, le(4, 2), '0002', TRANSACTION),
    ],
  },
  getblocktxn: {
    whole: [
      bytes(hash(1), 0),
      bytes(hash(1), 1, 'fdffff'),
      bytes(hash(1), list(0xfc, bytes(0xfc))),
      bytes(hash(1), list(0x1_0000, bytes(0))),
    ],
    refused: [
      bytes(hash(1), 2, 'fdffff', 0),
      bytes(hash(1), 1, 'fe00000100'),
      bytes(hash(1), 1, 'ffffffffffffffffff'),
      bytes(hash(1), list(0x1_0001, bytes(0))),
      bytes(hash(1), 1, 'fdfc00'),
    ],
  },
  blocktxn: {
    whole: [bytes(hash(1), 0), bytes(hash(1), list(3, TRANSACTION))],
    refused: [bytes(hash(1), 3, TRANSACTION), bytes(hash(1), 1, le(4, 2), '0001', '00', le(8, 0))],
  },
  getcfilters: filterRange,
  getcfheaders: filterRange,
  getcfcheckpt: { whole: [bytes(0, hash(1))] },
  cfilter: {
    whole: [bytes(0, hash(1), 0), bytes(0, hash(1), list(262_144, bytes(1)))],
    refused: [bytes(0, hash(1), list(262_145, bytes(1)))],
  },
  cfheaders: {
    whole: [bytes(0, hash(1), hash(2), 0), bytes(0, hash(1), hash(2), list(2_000, hash(3)))],
    refused: [bytes(0, hash(1), hash(2), list(2_001, hash(3)))],
  },
  cfcheckpt: { whole: [bytes(0, hash(1), 0), bytes(0, hash(1), list(925, hash(3)))] },
  sendtxrcncl: { whole: [bytes(le(4, 1), le(8, -1))] },
  feature: {
    whole: [bytes(list(4, bytes(0x42)), 0), bytes(list(80, bytes(0x42)), list(512, bytes(1)))],
    refused: [
      bytes(list(3, bytes(0x42)), 0),
      bytes(list(81, bytes(0x42)), 0),
      bytes(list(4, bytes(0x42)), list(513, bytes(1))),
      bytes(list(4, bytes(0x42)), 0, 0),
    ],
  },
  reject: {
    whole: [
      bytes(0, 1, 0),
      bytes(list(12, bytes(0x61)), 0x10, list(4_000, bytes(0x62))),
      bytes(2, Buffer.from('tx'), 0x40, 4, Buffer.from('dust'), hash(1)),
    ],
    refused: [bytes(list(13, bytes(0x61)), 0x10, 0)],
  },
  alert: { whole: [bytes(0, 0), bytes(list(300, bytes(1)), list(72, bytes(2)))] },
  getutxos: { whole: [bytes(1, 0), bytes(1, list(15, bytes(hash(1), le(4, 1))))] },
  tx: {
    whole: [TRANSACTION, bytes(le(4, 2), '0001', 1, input, 1, output, list(1, bytes('01aa')), le(4, 0))],
    refused: [
      bytes(le(4, 2), '0002', 1, input, 1, output, list(1, bytes('01aa')), le(4, 0)),
      bytes(le(4, 2), '0001', 0, 1, output, le(4, 0)),
      bytes(le(4, 2), '0001', 1, input, 1, output, 0, le(4, 0)),
      bytes(le(4, 2), 'fd0100', input, 1, output, le(4, 0)),
    ],
  },
  block: {
    whole: [bytes(HEADER, 0), bytes(HEADER, list(300, TRANSACTION))],
    refused: [bytes(HEADER, 'fd0100', TRANSACTION), bytes(HEADER, 'fe00000002', TRANSACTION)],
  },
  utxos: {
    whole: [
      bytes(le(4, 1), hash(1), 0, 0),
      bytes(le(4, 1), hash(1), 1, 3, list(2, bytes(le(4, 2), le(4, 9), le(8, 5), 2, '5151'))),
    ],
  },
};

const commands = Object.keys(DECODERS) as DecodedCommand[];
const examples = Object.entries(EXAMPLES) as [DecodedCommand, Example][];

/** Decodes a payload; undefined where it is malformed. Other errors are not caught. */
function decoded(command: DecodedCommand, payload: Buffer): unknown {
  try {
    return DECODERS[command](payload);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Payloads above this length are cut in fewer places. */
const SMALL = 1_000;

/**
 * The places where a payload is cut: everywhere in a small one; in a large one at both ends and at some
 * places between.
 */
function cuts(length: number): number[] {
  const all = Array.from({ length }, (_, i) => i);
  return length < SMALL ? all : all.filter((i) => i < 10 || i > length - 10 || i % 99_991 === 0);
}

it('has examples of every command that carries a payload', () => {
  expect(examples.map(([command]) => command).sort()).toEqual(
    commands.filter((command) => !EMPTY.includes(command)).sort(),
  );
});

/** An empty ping is one of an old peer, and the hash in a reject is optional. */
function mayEndAt(command: DecodedCommand, payload: Buffer, end: number): boolean {
  if (command === 'ping') return end === 0;
  return (
    command === 'reject' &&
    ['tx', 'block'].some((name) => payload.indexOf(name) === 1) &&
    end >= payload.length - 32
  );
}

describe.each(examples)('%s', (command, { whole, refused = [] }) => {
  it('is decoded to its last byte, and refused where it is cut off', () => {
    for (const payload of whole) {
      expect(decoded(command, payload)).toBeDefined();
      for (const end of cuts(payload.length))
        if (!mayEndAt(command, payload, end))
          expect(decoded(command, payload.subarray(0, end))).toBeUndefined();
    }
  });

  it('is decoded the same with bytes behind it, except for feature', () => {
    for (const payload of whole) {
      const longer = decoded(command, bytes(payload, 'ffff'));
      if (command === 'feature') expect(longer).toBeUndefined();
      else expect(longer).toBeDefined();
    }
  });

  it('is refused where it breaks a limit', () => {
    for (const payload of refused)
      expect({ payload: payload.toString('hex', 0, 200), value: decoded(command, payload) }).toMatchObject({
        value: undefined,
      });
  });

  it('is refused where a count promises more than there is', () => {
    const promise = Buffer.from('feffffff7f', 'hex');
    for (const payload of whole.filter(({ length }) => length < SMALL))
      for (let offset = 0; offset < payload.length; offset++) {
        decoded(command, bytes(payload.subarray(0, offset), promise));
        decoded(command, bytes(payload.subarray(0, offset), promise, payload.subarray(offset)));
      }
  });
});

it.each(EMPTY)('%s is decoded with or without bytes', (command) => {
  expect(decoded(command as DecodedCommand, bytes())).toBeNull();
  expect(decoded(command as DecodedCommand, bytes('00ff'))).toBeNull();
});

it.each(commands)('%s throws DecodeError and nothing else, whatever the bytes', (command) => {
  const starts = (EXAMPLES[command]?.whole ?? []).map((payload) => payload.subarray(0, 600));
  fc.assert(
    fc.property(
      fc.constantFrom(bytes(), ...starts),
      fc.nat(600),
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(50),
      (start, offset, noise, skipped) => {
        decoded(
          command,
          bytes(start.subarray(0, offset), Buffer.from(noise), start.subarray(offset + skipped)),
        );
      },
    ),
    { numRuns: 500 },
  );
});
