import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { LIMITS } from '../../src/live/limits';

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}

const file = path.join(__dirname, '..', '..', 'config', 'prometheus', 'rules.yml');
const { groups } = parse(readFileSync(file, 'utf8')) as Rules;
const rules = new Map(
  groups.flatMap((group) => group.rules.map(({ alert, expr }) => [alert, expr] as const)),
);

/** Numbers of an alert's expression, as a pattern finds them. */
function numbers(alert: string, pattern: RegExp): number[] {
  return [...(pattern.exec(rules.get(alert) ?? '') ?? [])].slice(1).map(Number);
}

it.each([
  ['BtcdmonNoBlock', /> (\d+)$/, [LIMITS.noBlockMs / 1_000]],
  // More disconnected blocks than reorganisations, that is, two blocks in one.
  ['BtcdmonReorganisation', /\[(\d+)h\].*> (0\.5)$/, [LIMITS.reorgMs / 3_600_000, LIMITS.reorgDepth - 1.5]],
  ['BtcdmonFewPeers', /< ([\d.]+) \*[^]*>= (\d+)$/, [LIMITS.fewPeersPart, LIMITS.fewPeersFrom]],
  ['BtcdmonMempoolSurge', /> (\d+)\n[^]*<= (\d+) \*/, [LIMITS.surgeFrom, LIMITS.surgeFactor]],
  ['BtcdmonPointsLost', /\[(\d+)m\]\)\) > (\d+)$/, [LIMITS.lostMs / 60_000, 0]],
  ['BtcdmonPointsDamaged', /\[(\d+)m\]\)\) > (\d+)\n/, [LIMITS.lostMs / 60_000, 0]],
  ['BtcdmonPointsStuck', /\[(\d+)m\]/, [LIMITS.stuckMs / 60_000]],
  ['BtcdmonLoopLag', /\[(\d+)m\]\)\) > ([\d.]+)$/, [LIMITS.lagForMs / 60_000, LIMITS.lagMs / 1_000]],
  ['BtcdmonStall', /\[(\d+)m\]\)\) > (\d+)$/, [LIMITS.stalledForMs / 60_000, LIMITS.stalledMs / 1_000]],
  ['BtcdmonNodeBehind', />= (\d+)/, [LIMITS.behindBlocks]],
] as const)('a verdict has the limit of %s', (alert, pattern, limits) => {
  expect(numbers(alert, pattern)).toEqual(limits);
});
