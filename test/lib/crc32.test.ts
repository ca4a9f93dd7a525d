import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { crc32, ownCrc32 } from '../../src/lib/crc32';

it('gives the checksum that gzip writes behind the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const expected = gzipSync(bytes).readUInt32LE(gzipSync(bytes).length - 8);
      expect([crc32(bytes), ownCrc32(bytes)]).toEqual([expected, expected]);
    }),
  );
});
