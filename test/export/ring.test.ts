import fc from 'fast-check';
import { Ring } from '../../src/export/ring';

it('a ring behaves as a list does, and its array grows with it', () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer() }),
    fc.record({ take: fc.nat(6), putBack: fc.boolean() }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 8 }),
      fc.array(step),
      (capacity, room, steps) => {
        const ring = new Ring<number>(capacity, room);
        let list: number[] = [];
        for (const action of steps) {
          if ('push' in action) {
            if (list.length === capacity) continue;
            ring.push(action.push);
            list.push(action.push);
          } else {
            const taken = ring.take(action.take);
            expect(taken).toEqual(list.slice(0, action.take));
            if (action.putBack) ring.putBack(taken);
            else list = list.slice(taken.length);
          }
          expect(ring.length).toBe(list.length);
        }
        expect(ring.take(capacity)).toEqual(list);
      },
    ),
  );
});
