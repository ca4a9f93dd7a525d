/**
 * What a test must undo, whatever happens to it: done in the opposite order, each even where another fails.
 */
export class Cleanup {
  private readonly steps: (() => unknown)[] = [];

  /** Notes how to undo something, and returns it. */
  add<T>(thing: T, undo: (thing: T) => unknown): T {
    this.steps.push(() => undo(thing));
    return thing;
  }

  /** @throws AggregateError of what failed */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (const step of this.steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join('; '));
  }
}
