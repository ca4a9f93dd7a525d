/**
 * The two generations of a memory that forgets its oldest entries. New entries go into the young generation.
 * When that one is full, it becomes the old generation, and the former old one is dropped. So at least the
 * last full generation of entries is remembered, and at most twice as many.
 */
export class Generations<T> {
  private youngOne: T;
  private oldOne: T;

  /**
   * @param make makes an empty generation
   * @param isFull tells whether a generation takes no further entry
   */
  constructor(
    private readonly make: () => T,
    private readonly isFull: (generation: T) => boolean,
  ) {
    this.youngOne = make();
    this.oldOne = make();
  }

  get young(): T {
    return this.youngOne;
  }

  get old(): T {
    return this.oldOne;
  }

  /** The generation that takes the next new entry. */
  forNewEntry(): T {
    if (this.isFull(this.youngOne)) {
      this.oldOne = this.youngOne;
      this.youngOne = this.make();
    }
    return this.youngOne;
  }
}
