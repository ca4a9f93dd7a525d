/**
 * A set of strings with bounded memory: it remembers at least the last `capacity` values and at most twice as many.
 * Two generations; when the young one is full, the old one is forgotten.
 */
export class RollingSet {
  private young = new Set<string>();
  private old = new Set<string>();

  constructor(private readonly capacity: number) {}

  has(value: string): boolean {
    return this.young.has(value) || this.old.has(value);
  }

  add(value: string): void {
    if (this.young.size >= this.capacity) {
      this.old = this.young;
      this.young = new Set();
    }
    this.young.add(value);
  }

  delete(value: string): void {
    this.young.delete(value);
    this.old.delete(value);
  }
}
