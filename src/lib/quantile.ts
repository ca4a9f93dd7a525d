/**
 * The smallest value of a sorted list that at least `share` of its values do not exceed (nearest rank).
 * Undefined of an empty list.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
