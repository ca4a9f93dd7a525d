import { type Header, HEADER_BYTES, parseHeader } from '../header';
import { PayloadReader } from '../reader';

/** Core 31 `src/net_processing.h` MAX_HEADERS_RESULTS. */
const MAX_HEADERS = 2_000;

/** The largest count that Core reads; Core 31 `src/serialize.h` MAX_SIZE. */
const MAX_COUNT = 0x0200_0000;

/**
 * Decodes `headers` (Core 31 `src/net_processing.cpp`, btcd v0.26 `wire/msgheaders.go`). Each header's `bytes` are a view of
 * its own 80 bytes. The count of transactions behind each is 0 and is passed over, as in Core; btcd refuses another.
 */
export function decodeHeaders(payload: Buffer): readonly Header[] {
  const reader = new PayloadReader(payload);
  return Array.from({ length: reader.count(MAX_HEADERS, HEADER_BYTES + 1) }, () => {
    const header = parseHeader(reader.bytes(HEADER_BYTES));
    reader.compactSize(MAX_COUNT);
    return header;
  });
}
