import { createCipheriv, createDecipheriv } from 'node:crypto';

/** The keys are replaced after this many packets (BIP324, REKEY_INTERVAL). */
const REKEY_INTERVAL = 224;

/** Bytes of the length of a packet, and of the tag that authenticates it. */
export const LENGTH_BYTES = 3;
export const TAG_BYTES = 16;

const KEY_BYTES = 32;
const NONCE_BYTES = 12;

/** The key stream for the lengths under one key: 224 lengths, and the next key. */
const STREAM = Buffer.alloc(REKEY_INTERVAL * LENGTH_BYTES + KEY_BYTES);

const NO_BYTES = Buffer.alloc(0);

/** The bytes of ChaCha20's key stream (RFC 8439) from a block on; `zeros` sets their number. */
function keyStream(key: Buffer, block: number, nonce: Buffer, zeros: Buffer): Buffer {
  const start = Buffer.alloc(4);
  start.writeUInt32LE(block);
  return createCipheriv('chacha20', key, Buffer.concat([start, nonce])).update(zeros);
}

/** Hides the lengths of the packets of one direction. BIP324 calls it FSChaCha20. */
export class LengthCipher {
  private stream: Buffer = NO_BYTES;
  /** The number of lengths under the present key, and of keys. */
  private used = REKEY_INTERVAL;
  private keys = 0;

  constructor(private key: Buffer) {}

  /** Encrypts or decrypts the length of the next packet. */
  apply(length: number): number {
    if (this.used === REKEY_INTERVAL) this.begin();
    const mask = this.stream.readUIntLE(this.used * LENGTH_BYTES, LENGTH_BYTES);
    this.used += 1;
    return length ^ mask;
  }

  /** Begins with a key. The next one is at the end of its stream. */
  private begin(): void {
    const nonce = Buffer.alloc(NONCE_BYTES);
    nonce.writeUInt32LE(this.keys, 4);
    this.stream = keyStream(this.key, 0, nonce, STREAM);
    this.key = this.stream.subarray(REKEY_INTERVAL * LENGTH_BYTES);
    this.keys += 1;
    this.used = 0;
  }
}

/** Encrypts and authenticates the packets of one direction. BIP324 calls it FSChaCha20Poly1305. */
export class PacketCipher {
  /** The number of packets under this key, 4 bytes, and of replaced keys, 8 bytes. */
  private readonly nonce = Buffer.alloc(NONCE_BYTES);
  private used = 0;
  private rekeyed = 0;

  constructor(private key: Buffer) {}

  /**
   * Encrypts the next packet: `head`, then `body`.
   * @param associated bytes that the tag authenticates as well
   * @returns the encrypted parts, and the tag
   */
  seal(head: Buffer, body: Buffer, associated: Buffer): readonly Buffer[] {
    const cipher = createCipheriv('chacha20-poly1305', this.key, this.nonce, { authTagLength: TAG_BYTES });
    if (associated.length > 0) cipher.setAAD(associated, { plaintextLength: head.length + body.length });
    const parts = [cipher.update(head), cipher.update(body)];
    cipher.final();
    parts.push(cipher.getAuthTag());
    this.count();
    return parts;
  }

  /** Decrypts the next packet, the last bytes of which are its tag. Returns null if the tag is wrong. */
  open(sealed: Buffer, associated: Buffer): Buffer | null {
    const end = sealed.length - TAG_BYTES;
    const cipher = createDecipheriv('chacha20-poly1305', this.key, this.nonce, { authTagLength: TAG_BYTES });
    if (associated.length > 0) cipher.setAAD(associated, { plaintextLength: end });
    cipher.setAuthTag(sealed.subarray(end));
    const plain = cipher.update(sealed.subarray(0, end));
    try {
      cipher.final();
    } catch {
      return null;
    }
    this.count();
    return plain;
  }

  private count(): void {
    this.used += 1;
    if (this.used === REKEY_INTERVAL) {
      this.nonce.writeUInt32LE(0xffff_ffff, 0);
      this.key = keyStream(this.key, 1, this.nonce, STREAM.subarray(0, KEY_BYTES));
      this.used = 0;
      this.rekeyed += 1;
      this.nonce.writeUInt32LE(this.rekeyed, 4);
    }
    this.nonce.writeUInt32LE(this.used, 0);
  }
}
