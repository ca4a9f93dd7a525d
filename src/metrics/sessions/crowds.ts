/** Open connections that have something in common. */
export interface Crowd {
  /** The most at one time, since there were none. */
  readonly most: number;
}

/** Counts open connections by what they have in common. It has as many entries as there are connections. */
export class Crowds {
  private readonly crowds = new Map<string, { size: number; most: number }>();

  join(name: string): Crowd {
    const crowd = this.crowds.get(name) ?? { size: 0, most: 0 };
    this.crowds.set(name, crowd);
    crowd.size += 1;
    crowd.most = Math.max(crowd.most, crowd.size);
    return crowd;
  }

  leave(name: string): void {
    const crowd = this.crowds.get(name);
    if (crowd === undefined) return;
    crowd.size -= 1;
    if (crowd.size === 0) this.crowds.delete(name);
  }
}
