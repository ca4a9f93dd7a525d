import { createHash, randomBytes } from 'node:crypto';

/** Most sessions at one time; a new one ends the oldest. */
const MAX_SESSIONS = 100;

/** How long a session lives. After a week the token is needed again. */
const LIFE_MS = 7 * 86_400_000;

/** Sessions of clients that have given the token, by random ids. They are lost when the node stops. */
export class Sessions {
  /**
   * End of each session, by the hash of its id, so that the time of a look-up reveals nothing about an id.
   */
  private readonly ends = new Map<string, number>();

  /** @param nowMs milliseconds on a clock that never jumps */
  constructor(private readonly nowMs: () => number) {}

  /** Starts a session and returns its id. */
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

  /** How long a cookie is kept, in seconds. */
  static readonly lifeS = LIFE_MS / 1_000;
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}
