import { type Header, HEADER_BYTES, parseHeader } from '../header';
import { ByteReader } from '../byte-reader';

/** The most headers of a message (Core 31 `src/net_processing.h` MAX_HEADERS_RESULTS). */
export const MAX_HEADERS = 2_000;

/**
 * Decodes `headers` (Core 31 `src/net_processing.cpp`, btcd v0.26 `wire/msgheaders.go`). The `bytes` of each
 * header are a view of its own 80 bytes. The count of transactions after each header should be 0. Any count
 * is accepted, as in Core; btcd refuses others.
 */
export function decodeHeaders(payload: Buffer): readonly Header[] {
  const reader = new ByteReader(payload);
  return Array.from({ length: reader.count(HEADER_BYTES + 1, MAX_HEADERS) }, () => {
    const header = parseHeader(reader.bytes(HEADER_BYTES));
    reader.compactSize();
    return header;
  });
}
