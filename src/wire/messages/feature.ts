import { ByteReader } from '../byte-reader';
import { DecodeError } from '../decode-error';

/** A feature that a peer offers between version and verack (BIP434). */
export interface FeatureMessage {
  /**
   * 4 to 80 of a stranger's bytes, one character each. They are printable ASCII if the peer follows the BIP.
   */
  readonly id: string;
  /** Data of the feature, at most 512 bytes: a view of the payload. */
  readonly data: Buffer;
}

const MIN_ID_BYTES = 4;
const MAX_ID_BYTES = 80;
const MAX_DATA_BYTES = 512;

/**
 * Decodes `feature` (BIP434, a draft that Core 31 does not have). Unlike other messages it must end with its
 * last field.
 */
export function decodeFeature(payload: Buffer): FeatureMessage {
  const reader = new ByteReader(payload);
  const id = reader.sizedBytes(MAX_ID_BYTES).toString('latin1');
  if (id.length < MIN_ID_BYTES) throw new DecodeError('invalid-field', 0, `feature id of ${id.length} bytes`);
  const data = reader.sizedBytes(MAX_DATA_BYTES);
  reader.expectEnd();
  return { id, data };
}
