import { BlockNotes } from '../../src/live/block-notes';
import type { Hash } from '../../src/wire/hash';
import { fakeHash } from '../support/fake-hash';

const peer = (id: number) => ({ id, address: `192.0.2.${id}:8333` });
const connect = (notes: BlockNotes, count: number): void => {
  for (let i = 0; i < count; i++) notes.greeted();
};

it('tells who announced a block first, and to how many of the connected peers it came', () => {
  const notes = new BlockNotes();
  connect(notes, 3);
  const hash = fakeHash('a');
  for (const id of [2, 1, 2]) notes.announced(hash, peer(id), 1_000);
  expect(notes.get(hash)).toEqual({
    ...{ firstFrom: '192.0.2.2:8333', peers: 2, connected: 3 },
    ...{ pool: null, hasCome: false, reason: null },
  });
  notes.greeted();
  notes.left();
  notes.left();
  notes.announced(hash, peer(3), 2_000);
  notes.judged(hash, { pool: 'SpiderPool', reason: null });
  expect(notes.get(hash)).toEqual({
    ...{ firstFrom: '192.0.2.2:8333', peers: 3, connected: 3 },
    ...{ pool: 'SpiderPool', hasCome: true, reason: null },
  });
});

it('counts for half a minute, also where the clock was set back', () => {
  const notes = new BlockNotes();
  connect(notes, 9);
  const [a, b] = [fakeHash('a'), fakeHash('b')];
  notes.announced(a, peer(1), 0);
  notes.announced(b, peer(1), 20_000);
  notes.expire(29_999);
  notes.announced(a, peer(2), 29_999);
  notes.expire(30_000);
  notes.announced(a, peer(3), 30_000);
  notes.announced(b, peer(3), 30_000);
  expect([notes.get(a)?.peers, notes.get(b)?.peers]).toEqual([2, 2]);
  notes.expire(1_000);
  notes.announced(b, peer(4), 1_000);
  expect(notes.get(b)?.peers).toBe(2);
});

it('is not displaced by a peer that names hashes of nothing', () => {
  const notes = new BlockNotes();
  const real = fakeHash('real');
  notes.announced(real, peer(1), 0);
  const junk = Array.from({ length: 2_000 }, (_, i): Hash => fakeHash(`junk ${i}`));
  for (const hash of junk) notes.announced(hash, peer(2), 1);
  expect(junk.filter((hash) => notes.get(hash) !== undefined)).toHaveLength(16);
  expect(notes.get(real)?.firstFrom).toBe('192.0.2.1:8333');
  // Many peers together displace hashes whose block has not come, and none of those that have.
  notes.judged(real, { pool: null, reason: 'bad-cb-missing' });
  for (const [at, hash] of junk.entries()) notes.announced(hash, peer(at), 2);
  expect(junk.filter((hash) => notes.get(hash) !== undefined)).toHaveLength(500);
  expect(notes.get(real)).toMatchObject({ firstFrom: '192.0.2.1:8333', reason: 'bad-cb-missing' });
});

it('counts on when a hash that others displaced is announced again', () => {
  const notes = new BlockNotes();
  const hash = fakeHash('a');
  for (let round = 0; round < 13; round++) {
    for (let id = 0; id < 9_000; id++) notes.announced(hash, peer(id), 0);
    expect(notes.get(hash)?.peers).toBe(9_000);
    for (let id = 0; id < 500; id++) notes.announced(fakeHash(`junk ${id}`), peer(id), 0);
    expect(notes.get(hash)).toBeUndefined();
  }
  notes.expire(30_000);
  notes.announced(fakeHash('later'), peer(1), 30_000);
  expect(notes.get(fakeHash('later'))?.peers).toBe(1);
});

it('knows who was first where too many announcements are counted already', () => {
  const notes = new BlockNotes();
  const hashes = Array.from({ length: 11 }, (_, i) => fakeHash(String(i)));
  for (const hash of hashes) for (let id = 0; id < 10_000; id++) notes.announced(hash, peer(id), 0);
  expect(hashes.map((hash) => notes.get(hash)?.peers)).toEqual([...Array<number>(10).fill(10_000), 0]);
  expect(notes.get(fakeHash('10'))?.firstFrom).toBe('192.0.2.0:8333');
  notes.expire(30_000);
  notes.announced(fakeHash('later'), peer(1), 30_000);
  expect(notes.get(fakeHash('later'))?.peers).toBe(1);
});
