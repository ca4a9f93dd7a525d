const SLOT_MS = 5;

/** What is to be done at which time, in slots of 5 ms. Adding takes constant time, however much there is. */
export class Timetable<T> {
  private readonly slots = new Map<number, T[]>();
  private next: number;

  constructor(nowMs: number) {
    this.next = Math.floor(nowMs / SLOT_MS);
  }

  /** Plans something for a time; for the next slot if that is past. */
  at(timeMs: number, what: T): void {
    const slot = Math.max(this.next, Math.floor(timeMs / SLOT_MS));
    const others = this.slots.get(slot);
    if (others === undefined) this.slots.set(slot, [what]);
    else others.push(what);
  }

  /** Does all that is due, slot by slot. */
  run(nowMs: number, work: (what: T) => void): void {
    for (const last = Math.floor(nowMs / SLOT_MS); this.next < last;) {
      const slot = this.slots.get(this.next) ?? [];
      this.slots.delete(this.next++);
      for (const what of slot) work(what);
    }
  }
}
