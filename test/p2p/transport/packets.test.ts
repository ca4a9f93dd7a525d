import { createECDH } from 'node:crypto';
import { LengthCipher, PacketCipher } from '../../../src/p2p/transport/cipher';
import { decodeEllswift } from '../../../src/p2p/transport/ellswift';
import { EphemeralKey } from '../../../src/p2p/transport/key-exchange';
import { NETWORKS } from '../../../src/wire/networks';
import { bytesOf, readVectors } from '../../support/bip324';
import { sharedBip324 } from '../../support/data';

const EMPTY = Buffer.alloc(0);

sharedBip324.describe('the vectors of BIP324', (folder) => {
  const vectors = readVectors(folder, 'packet_encoding');

  it('are all there', () => {
    expect(vectors).toHaveLength(7);
  });

  it.each(vectors)('packet $in_idx of $in_multiply times $in_contents', (row) => {
    const theirs = bytesOf(row, 'in_ellswift_theirs');
    const ecdh = createECDH('secp256k1');
    ecdh.setPrivateKey(bytesOf(row, 'in_priv_ours'));
    const key = new EphemeralKey(ecdh, bytesOf(row, 'in_ellswift_ours'));
    const isInitiator = row['in_initiating'] === '1';
    const { send, receive, sessionId } = key.secretsWith(theirs, isInitiator, NETWORKS.mainnet.magic);
    const [initiator, responder] = isInitiator ? [send, receive] : [receive, send];
    expect({
      mid_x_ours: ecdh.getPublicKey('hex', 'compressed').slice(2),
      mid_x_theirs: decodeEllswift(theirs).toString('hex'),
      mid_initiator_l: initiator.lengthKey.toString('hex'),
      mid_initiator_p: initiator.packetKey.toString('hex'),
      mid_responder_l: responder.lengthKey.toString('hex'),
      mid_responder_p: responder.packetKey.toString('hex'),
      mid_send_garbage_terminator: send.garbageTerminator.toString('hex'),
      mid_recv_garbage_terminator: receive.garbageTerminator.toString('hex'),
      out_session_id: sessionId.toString('hex'),
    }).toEqual(
      Object.fromEntries(
        Object.entries(row).filter(
          ([column]) =>
            column === 'out_session_id' ||
            (column.startsWith('mid_') && column !== 'mid_x_shared' && column !== 'mid_shared_secret'),
        ),
      ),
    );
    expect(decodeEllswift(key.encoded).toString('hex')).toBe(row['mid_x_ours']);

    const lengths = new LengthCipher(send.lengthKey);
    const packets = new PacketCipher(send.packetKey);
    const seal = (contents: Buffer, associated: Buffer, flags: number): Buffer => {
      const length = Buffer.alloc(3);
      length.writeUIntLE(lengths.apply(contents.length), 0, 3);
      return Buffer.concat([length, ...packets.seal(Buffer.of(flags), contents, associated)]);
    };
    for (let i = 0; i < Number(row['in_idx']); i++) seal(EMPTY, EMPTY, 0);
    const contents = Buffer.from(row['in_contents'] ?? '', 'hex');
    const packet = seal(
      Buffer.concat(Array.from({ length: Number(row['in_multiply']) }, () => contents)),
      bytesOf(row, 'in_aad'),
      row['in_ignore'] === '1' ? 0x80 : 0,
    ).toString('hex');
    const [whole, end] = [row['out_ciphertext'] ?? '', row['out_ciphertext_endswith'] ?? ''];
    if (whole !== '') expect(packet).toBe(whole);
    expect(packet.endsWith(end)).toBe(true);
    expect(whole + end).not.toBe('');
  });
});

describe('the ciphers of one direction', () => {
  const key = Buffer.alloc(32, 7);
  const other = Buffer.alloc(32, 8);

  it('undo each other over many keys', () => {
    const lengths = [new LengthCipher(key), new LengthCipher(key)] as const;
    const packets = [new PacketCipher(other), new PacketCipher(other)] as const;
    for (let n = 0; n < 1_000; n++) {
      expect(lengths[1].apply(lengths[0].apply(n))).toBe(n);
      const contents = Buffer.alloc(n, n);
      const associated = Buffer.alloc(n % 3, 5);
      const sealed = Buffer.concat(packets[0].seal(Buffer.of(0), contents, associated));
      expect(packets[1].open(sealed, associated)).toEqual(Buffer.concat([Buffer.of(0), contents]));
    }
  });

  it.each([
    ['a bit of the contents', (sealed: Buffer) => (sealed[1] = (sealed[1] ?? 0) ^ 1)],
    ['a bit of the tag', (sealed: Buffer) => (sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 0x80)],
  ])('refuse a packet with another %s', (_, damage) => {
    const sealed = Buffer.concat(new PacketCipher(key).seal(Buffer.of(0), Buffer.alloc(9), EMPTY));
    damage(sealed);
    expect(new PacketCipher(key).open(sealed, EMPTY)).toBeNull();
  });

  it('refuse a packet with other associated bytes, or out of turn', () => {
    const cipher = new PacketCipher(key);
    const first = Buffer.concat(cipher.seal(Buffer.of(0), EMPTY, Buffer.of(1)));
    const second = Buffer.concat(cipher.seal(Buffer.of(0), EMPTY, EMPTY));
    expect(new PacketCipher(key).open(first, Buffer.of(2))).toBeNull();
    expect(new PacketCipher(key).open(second, EMPTY)).toBeNull();
  });
});
