// The filters of bcoin have no types. This is what bench/inventory.ts compares with.

declare module 'bfilter' {
  export class RollingFilter {
    constructor(items: number, rate: number);
    test(value: string, encoding: 'hex'): boolean;
    add(value: string, encoding: 'hex'): void;
  }
}
