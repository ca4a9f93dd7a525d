import { Generations } from './generations';

/**
 * A set of strings with bounded memory: it remembers at least the last `capacity` values and at most twice as
 * many.
 */
export class RollingSet<Value extends string = string> {
  private readonly generations: Generations<Set<Value>>;

  constructor(capacity: number) {
    this.generations = new Generations(
      () => new Set(),
      ({ size }) => size >= capacity,
    );
  }

  has(value: Value): boolean {
    const { young, old } = this.generations;
    return young.has(value) || old.has(value);
  }

  add(value: Value): void {
    if (!this.generations.young.has(value)) this.generations.forNewEntry().add(value);
  }

  delete(value: Value): void {
    this.generations.young.delete(value);
    this.generations.old.delete(value);
  }
}
