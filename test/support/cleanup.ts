/**
 * The steps by which a test undoes what it did, whether it passes or fails. They run in the opposite order,
 * each even where another one fails.
 */
export class Cleanup {
  private readonly steps: (() => unknown)[] = [];

  /** Remembers how to undo something, and returns it. */
  add<T>(thing: T, undo: (thing: T) => unknown): T {
    this.steps.push(() => undo(thing));
    return thing;
  }

  /** @throws AggregateError with the errors of all steps that failed */
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
