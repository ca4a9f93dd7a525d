import { randomInt } from 'node:crypto';

/**
 * Items in a random order that nobody can predict.
 * @param most how many of them; default: all
 */
export function shuffled<T>(items: readonly T[], most = items.length): T[] {
  const result = [...items];
  const count = Math.min(most, result.length);
  for (let i = 0; i < count; i++) {
    const j = randomInt(i, result.length);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  result.length = count;
  return result;
}
