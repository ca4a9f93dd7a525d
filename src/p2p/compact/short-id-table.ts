/** No place. */
export const NOWHERE = -1;

/**
 * The most ids that may stand before one at its place in the table. Random ones do not reach it in a lifetime; whoever chooses
 * ids to fill one place makes every search long (Core's bound of 12 on a bucket, `src/blockencodings.cpp` InitData).
 */
const MAX_PROBES = 64;

/** Finds short ids: a table with open addressing, which a search of 100,000 ids passes in 3 ms; a Map takes 10. */
export class ShortIdTable {
  private readonly ids: Float64Array;
  private readonly places: Int32Array;
  private readonly mask: number;

  private constructor(count: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2 * count, 2)));
    this.ids = new Float64Array(size);
    this.places = new Int32Array(size).fill(NOWHERE);
    this.mask = size - 1;
  }

  /** A table of the places of ids in a list; undefined where one is there twice, or they are not random. */
  static of(ids: readonly number[]): ShortIdTable | undefined {
    const table = new ShortIdTable(ids.length);
    for (const [place, id] of ids.entries()) if (!table.add(id, place)) return undefined;
    return table;
  }

  /** The place of an id in the list, or NOWHERE. */
  find(id: number): number {
    const { ids, places, mask } = this;
    for (let slot = id & mask; ; slot = (slot + 1) & mask) {
      const place = places[slot] ?? NOWHERE;
      if (place === NOWHERE || ids[slot] === id) return place;
    }
  }

  private add(id: number, place: number): boolean {
    const { ids, places, mask } = this;
    for (let slot = id & mask, probes = 0; probes < MAX_PROBES; slot = (slot + 1) & mask, probes++) {
      if (places[slot] === NOWHERE) {
        ids[slot] = id;
        places[slot] = place;
        return true;
      }
      if (ids[slot] === id) return false;
    }
    return false;
  }
}
