import fc from 'fast-check';
import { encodeFrame, FrameReader } from '../../src/wire/framing';
import { decodeInventory, encodeInventory, INV_TX } from '../../src/wire/messages/inventory';
import { fakeHash } from '../support/fake-hash';
import { decodeVersion, type VersionMessage } from '../../src/wire/messages/version';
import { NETWORKS } from '../../src/wire/networks';
import { DecodeError } from '../../src/wire/decode-error';
import { readSession, sharedSession } from '../support/data';
import { versionPayload } from '../support/fake-peer';

function payloads(stream: Buffer, wanted: string): Buffer[] {
  const found: Buffer[] = [];
  new FrameReader(NETWORKS.regtest.magic, {
    arrived: () => undefined,
    message: (command, payload) => {
      if (command === wanted) found.push(payload);
    },
    violation: (reason) => {
      throw new Error(reason);
    },
  }).push(stream);
  return found;
}

sharedSession.describe('messages of Bitcoin Core 31', (session) => {
  const { recv } = readSession(session);

  it('decodes its version', () => {
    const [payload] = payloads(recv, 'version');
    expect(decodeVersion(payload ?? Buffer.alloc(0))).toMatchObject({
      version: 70_016,
      userAgent: expect.stringMatching(/^\/Satoshi:31\./) as string,
      relay: true,
    });
  });

  it('decodes its inventories, and encodes them to the same bytes', () => {
    const all = payloads(recv, 'inv');
    expect(all.length).toBeGreaterThan(0);
    for (const payload of all) expect(encodeInventory(decodeInventory(payload))).toEqual(payload);
  });
});

describe('decodeVersion', () => {
  const payload = versionPayload({
    userAgent: '/x/',
    services: 0xffff_ffff_ffff_ffffn,
    height: 7,
    relay: false,
  });

  it('keeps all 64 service bits', () => {
    expect(decodeVersion(payload)).toMatchObject({
      services: 0xffff_ffff_ffff_ffffn,
      userAgent: '/x/',
      startHeight: 7,
      relay: false,
    });
  });

  it('reads a version without `relay` as one that wants transactions', () => {
    expect(decodeVersion(payload.subarray(0, -1)).relay).toBe(true);
  });

  it('reads one that ends after any field behind our address, with Core’s defaults, and refuses one that ends elsewhere', () => {
    const claims = { ...decodeVersion(payload), time: 5n };
    payload.writeBigInt64LE(5n, 12);
    const noHeight = { ...claims, startHeight: -1, relay: true };
    const noAgent = { ...noHeight, userAgent: '' };
    const noNonce = { ...noAgent, nonce: 1n };
    const whole = new Map<number, VersionMessage>([
      [46, noNonce],
      [72, noNonce],
      [80, noAgent],
      [84, noHeight],
      [88, { ...claims, relay: true }],
      [89, claims],
    ]);
    expect(payload).toHaveLength(89);
    for (let end = 0; end <= payload.length; end++) {
      const expected = whole.get(end);
      if (expected === undefined) expect(() => decodeVersion(payload.subarray(0, end))).toThrow(DecodeError);
      else expect(decodeVersion(payload.subarray(0, end))).toEqual(expected);
    }
  });

  it('reads a time before 1970 as 1970, like Core', () => {
    const early = Buffer.from(payload);
    early.writeBigInt64LE(-1n, 12);
    expect(decodeVersion(early).time).toBe(0n);
  });

  it('refuses a user agent of more than 256 bytes', () => {
    expect(() => decodeVersion(versionPayload({ userAgent: 'x'.repeat(257) }))).toThrow(DecodeError);
    expect(decodeVersion(versionPayload({ userAgent: 'x'.repeat(256) })).userAgent).toHaveLength(256);
  });
});

describe('decodeInventory', () => {
  it('refuses a count that the payload does not hold, without allocating for it', () => {
    expect(() => decodeInventory(Buffer.from('feffffff7f', 'hex'))).toThrow(DecodeError);
    expect(() => decodeInventory(Buffer.from('01', 'hex'))).toThrow(DecodeError);
  });

  it('refuses more than 50,000 items', () => {
    const item = { type: INV_TX, hash: fakeHash('') };
    expect(decodeInventory(encodeInventory(Array(50_000).fill(item)))).toHaveLength(50_000);
    expect(() => decodeInventory(encodeInventory(Array(50_001).fill(item)))).toThrow(DecodeError);
  });
});

describe('every decoder', () => {
  it.each([
    ['version', decodeVersion],
    ['inventory', decodeInventory],
  ])('%s throws DecodeError and nothing else, whatever the bytes', (_, decode) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          decode(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('encodeFrame', () => {
  it('writes a header: magic, command, length, checksum', () => {
    expect(encodeFrame(NETWORKS.mainnet.magic, 'verack', Buffer.alloc(0)).toString('hex')).toBe(
      'f9beb4d976657261636b000000000000000000005df6e0e2',
    );
  });
});
