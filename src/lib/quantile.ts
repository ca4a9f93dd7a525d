/**
 * The quantile of a sorted list by nearest rank: its smallest value that at least `share` of its values do
 * not exceed. Undefined for an empty list.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
