/**
 * The one of `names` that a mistyped `name` most likely means; null if none is near. Two letters may be
 * wrong, or a third of them.
 */
export function nearest(name: string, names: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    // The name itself is valid elsewhere and would be no help here.
    if (candidate === name) continue;
    const distance = editDistance(name, candidate);
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** `; did you mean X?`, or an empty string where no name is near. */
export function suggestion(name: string, names: Iterable<string>): string {
  const near = nearest(name, names);
  return near === null ? '' : `; did you mean ${near}?`;
}

/**
 * The number of insertions, deletions and replacements that turn `a` into `b` (Levenshtein), computed one row
 * of the table at a time.
 */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
