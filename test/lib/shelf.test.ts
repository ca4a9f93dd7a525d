import { Shelf } from '../../src/lib/shelf';

const shelfOf = (room = { came: 3, named: 4, ofOne: 2 }) =>
  new Shelf<string, { readonly key: string }>(room, (key) => ({ key }));

it('keeps what came apart from what was only named', () => {
  const shelf = shelfOf();
  const a = shelf.name('a', 1);
  expect(shelf.name('a', 2)).toBe(a);
  expect(shelf.get('a')).toBe(a);
  expect(shelf.list()).toEqual([]);
  expect(shelf.came('a')).toBe(a);
  expect(shelf.came('b')).toEqual({ key: 'b' });
  shelf.name('c', 1);
  expect(shelf.list()).toEqual([{ key: 'a' }, { key: 'b' }]);
  expect(shelf.keys()).toEqual(['a', 'b', 'c']);
});

it('has a part for each stranger, which is his again when a thing comes or is forgotten', () => {
  const shelf = shelfOf();
  for (const key of ['a', 'b']) expect(shelf.name(key, 1)).toBeDefined();
  expect(shelf.name('c', 1)).toBeUndefined();
  expect(shelf.name('c', 2)).toBeDefined();
  // What another has named already may be named by anybody.
  expect(shelf.name('c', 1)).toBeDefined();
  shelf.came('a');
  expect(shelf.name('d', 1)).toBeDefined();
  expect(shelf.name('e', 1)).toBeUndefined();
  shelf.forget({ came: () => false, named: ({ key }) => key === 'd' });
  expect(shelf.name('e', 1)).toBeDefined();
  expect(shelf.keys()).toEqual(['a', 'b', 'c', 'e']);
});

it('forgets the oldest where its room is used up, of each kind alone', () => {
  const shelf = shelfOf();
  for (let by = 0; by < 10; by++) shelf.name(`named ${by}`, by);
  for (let at = 0; at < 5; at++) shelf.came(`came ${at}`);
  expect(shelf.keys()).toEqual([
    ...['came 2', 'came 3', 'came 4'],
    ...['named 6', 'named 7', 'named 8', 'named 9'],
  ]);
  // Whoever was displaced has his part again.
  expect(shelf.name('x', 0)).toBeDefined();
  expect(shelf.name('y', 0)).toBeDefined();
  shelf.forget({ came: ({ key }) => key !== 'came 3', named: () => true });
  expect(shelf.keys()).toEqual(['came 3']);
});
