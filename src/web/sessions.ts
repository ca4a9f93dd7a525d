import { createHash, randomBytes } from 'node:crypto';

/** The most sessions at one time; the oldest ends for one more. */
const MAX_SESSIONS = 100;

/** How long a session lives: after a week the token is asked for again. */
const LIFE_MS = 7 * 86_400_000;

/** Who has given the token, by random ids. They are gone when the node stops. */
export class Sessions {
  /** When each ends, by the hash of its id: the time of a look-up says nothing about an id. */
  private readonly ends = new Map<string, number>();

  /** @param nowMs milliseconds on a clock that never steps */
  constructor(private readonly nowMs: () => number) {}

  /** A new session's id. */
  begin(): string {
    const [oldest] = this.ends.keys();
    if (this.ends.size >= MAX_SESSIONS && oldest !== undefined) this.ends.delete(oldest);
    const id = randomBytes(32).toString('base64url');
    this.ends.set(keyOf(id), this.nowMs() + LIFE_MS);
    return id;
  }

  has(id: string): boolean {
    const key = keyOf(id);
    const end = this.ends.get(key);
    if (end === undefined) return false;
    if (end > this.nowMs()) return true;
    this.ends.delete(key);
    return false;
  }

  end(id: string): void {
    this.ends.delete(keyOf(id));
  }

  /** Seconds that a cookie is kept. */
  static readonly lifeS = LIFE_MS / 1_000;
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}
