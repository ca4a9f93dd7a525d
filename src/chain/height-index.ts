import type { HeaderTable } from './header-table';

/** The best chain by height: finds its header at a height, and the ancestors of any header. */
export class HeightIndex {
  /** Index of the header at each height of the best chain. */
  private main = new Uint32Array(4_096);
  private tip = 0;

  constructor(private readonly table: HeaderTable) {}

  /** Index of the last header of the best chain; the genesis header at first. */
  get best(): number {
    return this.tip;
  }

  /** Height of the best chain. */
  get height(): number {
    return this.table.height(this.tip);
  }

  /** Makes a header the last one of the best chain. */
  setBest(index: number): void {
    const { table } = this;
    const height = table.height(index);
    // A chain with more work can have fewer blocks.
    this.main.fill(0, height + 1, this.height + 1);
    this.tip = index;
    if (height >= this.main.length) {
      const longer = new Uint32Array(Math.ceil((height + 1) * 1.5));
      longer.set(this.main);
      this.main = longer;
    }
    for (let each = index, at = height; this.main[at] !== each; each = table.parent(each), at--)
      this.main[at] = each;
  }

  /** Whether a header is part of the best chain. */
  isMain(index: number): boolean {
    const height = this.table.height(index);
    return height <= this.height && this.main[height] === index;
  }

  /** Index of this header's ancestor at a height that is not above its own. */
  ancestor(index: number, height: number): number {
    let each = index;
    while (this.table.height(each) > height && !this.isMain(each)) each = this.table.parent(each);
    return this.table.height(each) > height ? (this.main[height] ?? 0) : each;
  }

  /** Index of the last header that two chains share. */
  forkPoint(a: number, b: number): number {
    const height = Math.min(this.table.height(a), this.table.height(b));
    let left = this.ancestor(a, height);
    let right = this.ancestor(b, height);
    while (left !== right) {
      left = this.table.parent(left);
      right = this.table.parent(right);
    }
    return left;
  }
}
