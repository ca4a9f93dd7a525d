import { type PointRow, numberIn } from './node-queries';

/**
 * The program and version of a watched node, such as "btcd 0.26.0" or "Core 31.0". Both tell a number: btcd
 * 1000000 · major + 10000 · minor + 100 · patch (`rpcserver.go` handleGetInfo), Core the same until 0.21, and
 * since 22 10000 · major + 100 · minor + build (`src/clientversion.h`). Only Core tells how much of the chain
 * it has validated. The number itself is the answer until the chain is known.
 */
export function nodeVersion(health: PointRow | undefined): string | null {
  const version = numberIn(health, 'version');
  if (version === null || numberIn(health, 'headers') === null) return version === null ? null : `${version}`;
  const part = (unit: number): number => Math.floor(version / unit) % 100;
  const isCore = numberIn(health, 'progress') !== null;
  const parts =
    isCore && version >= 220_000 ? [part(10_000), part(100)] : [part(1_000_000), part(10_000), part(100)];
  const build = version % 100;
  return `${isCore ? 'Core' : 'btcd'} ${[...parts, ...(build > 0 ? [build] : [])].join('.')}`;
}
