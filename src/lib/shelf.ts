/** How many things a shelf has room for. */
export interface ShelfRoom {
  /** Things that came. */
  readonly came: number;
  /** Things that were only named. */
  readonly named: number;
  /** Of these, those that one stranger named first. */
  readonly ofOne: number;
}

/**
 * Things that strangers name and that come later or never, such as blocks. Each stranger has a part of the
 * room for what did not come, and what came has its own room: whoever names nonsense displaces neither what
 * others named nor what is real. Where the room is used up, the oldest is forgotten.
 */
export class Shelf<Key, T> {
  private readonly real = new Map<Key, T>();
  private readonly named = new Map<Key, { readonly thing: T; readonly by: number }>();
  /** How many of the named things a stranger has named first. */
  private readonly namedBy = new Map<number, number>();

  constructor(
    private readonly room: ShelfRoom,
    private readonly make: (key: Key) => T,
  ) {}

  get(key: Key): T | undefined {
    return this.real.get(key) ?? this.named.get(key)?.thing;
  }

  /** Those that came, the oldest first. */
  list(): readonly T[] {
    return [...this.real.values()];
  }

  /** The keys of those that came, then of those that were only named; in each part the oldest first. */
  keys(): readonly Key[] {
    return [...this.real.keys(), ...this.named.keys()];
  }

  /** A thing that a stranger names; undefined if it is new and he has used up his part. */
  name(key: Key, by: number): T | undefined {
    const known = this.get(key);
    if (known !== undefined) return known;
    const count = this.namedBy.get(by) ?? 0;
    if (count >= this.room.ofOne) return undefined;
    this.namedBy.set(by, count + 1);
    const thing = this.make(key);
    this.named.set(key, { thing, by });
    for (const [oldest] of this.named) {
      if (this.named.size <= this.room.named) break;
      this.unname(oldest);
    }
    return thing;
  }

  /** A thing that came. */
  came(key: Key): T {
    let thing = this.real.get(key);
    if (thing !== undefined) return thing;
    thing = this.named.get(key)?.thing ?? this.make(key);
    this.unname(key);
    this.real.set(key, thing);
    for (const [oldest] of this.real) {
      if (this.real.size <= this.room.came) break;
      this.real.delete(oldest);
    }
    return thing;
  }

  /** Forgets those that came, and those that were only named, of which these are true. */
  forget(isOld: { readonly came: (thing: T) => boolean; readonly named: (thing: T) => boolean }): void {
    for (const [key, { thing }] of this.named) if (isOld.named(thing)) this.unname(key);
    for (const [key, thing] of this.real) if (isOld.came(thing)) this.real.delete(key);
  }

  private unname(key: Key): void {
    const by = this.named.get(key)?.by;
    if (by === undefined) return;
    this.named.delete(key);
    const count = (this.namedBy.get(by) ?? 1) - 1;
    if (count === 0) this.namedBy.delete(by);
    else this.namedBy.set(by, count);
  }
}
