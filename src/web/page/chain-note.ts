import { digits, formatValue } from './format';
import { type PointRow, numberIn } from './node-queries';

/**
 * What stands beside the height of a watched node while it does not have the whole chain. Core says that it
 * is in its initial download until its best block is less than a day old, even where nobody has a newer one:
 * a node that has all blocks of its headers loads nothing.
 */
export function chainNote(health: PointRow | undefined): string {
  const [height, headers] = [numberIn(health, 'height'), numberIn(health, 'headers')];
  if (height === 0 && (headers ?? 0) === 0) return 'only the genesis block';
  const progress = numberIn(health, 'progress');
  if (health?.['is_initial_download'] === true && progress !== null && headers !== height)
    return `loads the chain, ${formatValue(progress * 100, 'percent')}`;
  return headers !== null && height !== null && headers > height ? `of ${digits(headers)} headers` : '';
}
