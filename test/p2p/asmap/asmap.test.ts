import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AsMap } from '../../../src/p2p/asmap/asmap';
import { checkProgram, lookUp } from '../../../src/p2p/asmap/program';
import { parseIp } from '../../../src/p2p/join/ip';
import { DEFAULT, JUMP, MATCH, RETURN, asn, distance, one, program } from '../../support/asmap';
import { sharedAsMap } from '../../support/data';

/** Eight bits that must be 1. */
const EIGHT_ONES = '1'.repeat(7 + 8);

/** The first bit of an address decides: 0 leads to number 7, 1 to number 9. */
const FIRST_BIT = program(JUMP, distance(17), RETURN, asn(7), RETURN, asn(9));

const LOW = Buffer.alloc(16);
const HIGH = Buffer.alloc(16, 0xff);

describe('a program of a map', () => {
  it.each([
    ['returns', program(RETURN, asn(1234)), 1234, 1234],
    ['jumps where the bit is 1', FIRST_BIT, 7, 9],
    ['ends with nothing where a bit does not match', program(MATCH, one(1), RETURN, asn(5)), 0, 5],
    ['ends with the default then', program(DEFAULT, asn(3), MATCH, one(1), RETURN, asn(5)), 3, 5],
  ])('%s', (_, bytes, low, high) => {
    expect(checkProgram(bytes)).toBeNull();
    expect([lookUp(bytes, LOW), lookUp(bytes, HIGH)]).toEqual([low, high]);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'ends without a result'],
    ['a text', Buffer.from('not a map'), ''],
    ['half a number', program(RETURN, '0101'), 'ends within a number'],
    ['a jump behind the end', program(JUMP, distance(40), RETURN, asn(7)), 'behind the end'],
    [
      'a jump into an instruction',
      program(JUMP, distance(18), RETURN, asn(7), RETURN, asn(9)),
      'no path leads',
    ],
    ['a default without use', program(DEFAULT, asn(3), RETURN, asn(5)), 'a default has no use'],
    [
      'something behind its end',
      Buffer.concat([program(RETURN, asn(5)), Buffer.alloc(1)]),
      'follows its end',
    ],
    ['bits in the padding', program(RETURN, asn(5), '001'), 'follows its end'],
    [
      'more matches than an address has bits',
      program(...Array<string>(17).fill(`${MATCH}${EIGHT_ONES}`)),
      'more than an address has',
    ],
  ])('is refused with %s', (_, bytes, problem) => {
    expect(checkProgram(bytes)).toContain(`is no map: at bit`);
    expect(checkProgram(bytes)).toContain(problem);
  });
});

sharedAsMap.describe('the map of Core 31', (folder) => {
  const bytes = readFileSync(path.join(folder, 'ip_asn.dat'));
  const truth = readFileSync(path.join(folder, 'expected.tsv'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t') as [ip: string, asn: string]);

  it('gives the numbers that Core’s own decoder gives', () => {
    const map = AsMap.from(bytes, 'ip_asn.dat');
    expect(truth.length).toBeGreaterThan(300);
    const found = truth.map(([ip]) => {
      const address = parseIp(ip);
      return [ip, String(address === null ? 'no address' : (map.asnOf(address) ?? 0))];
    });
    expect(found).toEqual(truth);
  });

  it('looks up no private address', () => {
    const map = AsMap.from(bytes, 'ip_asn.dat');
    for (const ip of ['10.0.0.1', '127.0.0.1', '::1', 'fe80::1', 'fc00::1', '192.168.3.4']) {
      const address = parseIp(ip);
      expect(address === null ? null : map.asnOf(address)).toBeUndefined();
    }
  });

  it('is refused where it is cut, and a flipped bit neither throws nor loops', () => {
    for (const length of [1, 1_000, 100_001, bytes.length - 1])
      expect(() => AsMap.from(bytes.subarray(0, length), 'cut.dat')).toThrow(
        /^cut\.dat: is no map: at bit \d+ /,
      );
    const damaged = Buffer.from(bytes);
    for (let at = 0; at < bytes.length; at += 300_007) {
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      const problem = checkProgram(damaged);
      expect(problem === null || problem.startsWith('is no map: at bit ')).toBe(true);
      expect(lookUp(damaged, HIGH)).toBeGreaterThanOrEqual(0);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    }
  });
});
