import { digits, formatValue } from './format';
import { type PointRow, numberIn } from './node-queries';

/**
 * The note beside the height of a watched node that does not have the whole chain. Core reports an initial
 * download until its best block is less than a day old, even if no newer block exists. So there is no note
 * for a node that has all blocks of its headers.
 */
export function chainNote(health: PointRow | undefined): string {
  const [height, headers] = [numberIn(health, 'height'), numberIn(health, 'headers')];
  if (height === 0 && (headers ?? 0) === 0) return 'only the genesis block';
  const progress = numberIn(health, 'progress');
  if (health?.['is_initial_download'] === true && progress !== null && headers !== height)
    return `loads the chain, ${formatValue(progress * 100, 'percent')}`;
  return headers !== null && height !== null && headers > height ? `of ${digits(headers)} headers` : '';
}
