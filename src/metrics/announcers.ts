/** Announcements in one chunk. */
const CHUNK = 256;

/** Chunks that are kept for later: those of 2 million announcements. */
const MOST_FREE = 8_192;

const US_A_MS = 1_000;

/** Chunks that share their arrays: arrays of its own would take a third of a chunk's memory. */
const SLAB_CHUNKS = 64;

/** Announcements in the order in which they came: `CHUNK` items of both arrays, from `start`. */
interface Chunk {
  readonly peers: Uint16Array;
  readonly timesUs: Uint32Array;
  readonly start: number;
}

/** Chunks that nobody uses, for later: arrays that grow would leave the program's memory in pieces. */
const free: Chunk[] = [];

function takeChunk(): Chunk {
  const chunk = free.pop();
  if (chunk !== undefined) return chunk;
  const peers = new Uint16Array(SLAB_CHUNKS * CHUNK);
  const timesUs = new Uint32Array(SLAB_CHUNKS * CHUNK);
  for (let i = SLAB_CHUNKS - 1; i > 0; i--) free.push({ peers, timesUs, start: i * CHUNK });
  return { peers, timesUs, start: 0 };
}

/** Where times are sorted. */
let scratch = new Uint32Array(CHUNK);

/**
 * Which peers announced something, and when: 6 bytes and a bit for each. Peers are told apart by their
 * numbers (`PeerNumbers`), times are kept in microseconds. With 10,000 peers and 7 transactions a second, 2
 * million announcements are remembered.
 */
export class Announcers {
  private readonly chunks: Chunk[] = [];
  /** A bit for each peer that announced it. */
  private seen = new Uint32Array(1);
  private count = 0;

  get size(): number {
    return this.count;
  }

  has(peer: number): boolean {
    return (((this.seen[peer >>> 5] ?? 0) >>> (peer & 31)) & 1) === 1;
  }

  /**
   * Adds a peer that is not among them.
   * @param timeMs at most an hour
   */
  add(peer: number, timeMs: number): void {
    const place = this.count % CHUNK;
    if (place === 0) this.chunks.push(takeChunk());
    this.count += 1;
    const chunk = this.chunks[this.chunks.length - 1];
    if (chunk === undefined) return;
    chunk.peers[chunk.start + place] = peer;
    chunk.timesUs[chunk.start + place] = Math.round(timeMs * US_A_MS);
    const word = peer >>> 5;
    if (word >= this.seen.length) this.enlargeSeen(word + 1);
    this.seen[word] = (this.seen[word] ?? 0) | (1 << (peer & 31));
  }

  /** Adds those of `others`, each `behindMs` later. A peer of both counts once, with its earlier time. */
  absorb(others: Announcers, behindMs: number): void {
    const places = new Map<number, readonly [Chunk, number]>();
    this.each((chunk, i) => places.set(chunk.peers[i] ?? 0, [chunk, i]));
    others.each((chunk, i) => {
      const peer = chunk.peers[i] ?? 0;
      const timeMs = (chunk.timesUs[i] ?? 0) / US_A_MS + behindMs;
      const place = places.get(peer);
      if (place === undefined) {
        this.add(peer, timeMs);
      } else {
        const [own, at] = place;
        own.timesUs[at] = Math.min(own.timesUs[at] ?? 0, Math.round(timeMs * US_A_MS));
      }
    });
  }

  /** The times in microseconds, ascending; valid until the next call for any announcers. */
  sortedUs(): Uint32Array {
    if (scratch.length < this.count) scratch = new Uint32Array(2 * this.count);
    for (const [i, { timesUs, start }] of this.chunks.entries())
      scratch.set(timesUs.subarray(start, start + Math.min(CHUNK, this.count - i * CHUNK)), i * CHUNK);
    return scratch.subarray(0, this.count).sort();
  }

  /** The numbers of the peers. */
  eachPeer(visit: (peer: number) => void): void {
    this.each(({ peers }, i) => visit(peers[i] ?? 0));
  }

  /** Gives the memory back; nothing is remembered after that. */
  release(): void {
    for (const chunk of this.chunks) if (free.length < MOST_FREE) free.push(chunk);
    this.chunks.length = 0;
    this.count = 0;
  }

  /** @param visit gets the place of each announcement in the arrays of its chunk */
  private each(visit: (chunk: Chunk, place: number) => void): void {
    for (let i = 0; i < this.count; i++) {
      const chunk = this.chunks[Math.floor(i / CHUNK)];
      if (chunk !== undefined) visit(chunk, chunk.start + (i % CHUNK));
    }
  }

  private enlargeSeen(words: number): void {
    const seen = new Uint32Array(Math.max(words, 2 * this.seen.length));
    seen.set(this.seen);
    this.seen = seen;
  }
}
