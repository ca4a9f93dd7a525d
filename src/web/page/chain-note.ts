import { digits, formatValue } from './format';
import type { NodePeer } from './node-peers';
import { type PointRow, numberIn } from './node-queries';

/** How many blocks a node may lack of those of its peers without a note: a block may be on its way. */
const NEAR_BLOCKS = 6;

/**
 * The note beside the height of a watched node that does not have the whole chain. Core reports an initial
 * download until its best block is less than a day old, even if no newer block exists. So there is no note
 * for a node that has all blocks of its headers. btcd tells neither its progress nor its headers (v0.26
 * `rpcserver.go` handleGetBlockChainInfo: they are its blocks). Its height is compared with one that half of
 * its peers have, so that the claims of a few change nothing.
 */
export function chainNote(
  health: PointRow | undefined,
  peers: readonly Pick<NodePeer, 'height'>[] = [],
): string {
  const [height, headers] = [numberIn(health, 'height'), numberIn(health, 'headers')];
  const progress = numberIn(health, 'progress');
  const median = progress === null ? medianHeight(peers) : null;
  if (height !== null && median !== null && median > height + NEAR_BLOCKS)
    return `of ${digits(median)} that its peers have`;
  if (height === 0 && (headers ?? 0) === 0) return 'only the genesis block';
  if (health?.['is_initial_download'] === true && progress !== null && headers !== height)
    return `loads the chain, ${formatValue(progress * 100, 'percent')}`;
  return headers !== null && height !== null && headers > height ? `of ${digits(headers)} headers` : '';
}

/** The lower median of the heights that peers are known to have; null where none is known. */
function medianHeight(peers: readonly Pick<NodePeer, 'height'>[]): number | null {
  const heights = peers.flatMap(({ height }) => height ?? []).sort((a, b) => a - b);
  return heights[(heights.length - 1) >> 1] ?? null;
}
