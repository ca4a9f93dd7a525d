import { matches } from '../../src/query/matches';
import type { Value } from '../../src/query/result';
import { parseWhere } from '../../src/query/where';

const ROW: Readonly<Record<string, Value>> = {
  ...{ address: '192.0.2.1:8333', asn: 24_940, duration: 60, is_inbound: true, reason: 'stalled' },
  ping_median: 1.5,
};

it.each([
  ['asn = 24940', true],
  ['asn != 24940', false],
  ['asn >= 24940 AND asn <= 24940', true],
  ['asn > 24940 OR duration < 60', false],
  ['ping_median > 1.4', true],
  ['is_inbound = true', true],
  ['NOT is_inbound = true', false],
  ["reason IN ('closed-by-peer', 'stalled')", true],
  ["reason NOT IN ('closed-by-peer', 'stalled')", false],
  ["address = '192.0.2.1:8333' AND (duration = 1 OR duration = 60)", true],
  // What is not known meets no condition, as in a store.
  ['spy_score = 0', false],
  ['spy_score != 0', false],
  ['NOT spy_score = 0', false],
  ["labels != 'x'", false],
])('%s: %s', (text, expected) => {
  expect(matches(parseWhere('peer_sessions', text), (name) => ROW[name] ?? null)).toBe(expected);
});
