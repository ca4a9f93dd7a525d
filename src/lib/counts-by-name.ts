/** Counts by name. A name whose count is 0 takes no memory. */
export class CountsByName<Name extends string | number = string> {
  private readonly counts = new Map<Name, number>();

  of(name: Name): number {
    return this.counts.get(name) ?? 0;
  }

  /** The names whose count is not 0, with their counts. */
  [Symbol.iterator](): IterableIterator<[Name, number]> {
    return this.counts.entries();
  }

  add(name: Name, change: number): void {
    const count = this.of(name) + change;
    if (count > 0) this.counts.set(name, count);
    else this.counts.delete(name);
  }
}
