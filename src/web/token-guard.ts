import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TokenAttempts, type Warn } from '../lib/token-attempts';
import { HttpError } from './http-error';
import type { Proxies } from './proxies';
import { Sessions } from './sessions';

/**
 * Decides who may look: everybody with the token, or with a session that began with the token. Without a
 * configured token, everybody.
 */
export class TokenGuard {
  private readonly sessions: Sessions;
  private readonly attempts: TokenAttempts;
  private readonly token: Buffer | null;

  constructor(
    token: string | null,
    /** All ports of a host share cookies, so each server has a cookie with its own name. */
    private readonly cookie: string,
    private readonly modules: {
      /** Milliseconds on a clock that never jumps. */
      readonly nowMs: () => number;
      readonly warn: Warn;
      readonly proxies: Proxies;
    },
  ) {
    this.token = token === null ? null : digest(token);
    this.sessions = new Sessions(modules.nowMs);
    this.attempts = new TokenAttempts(modules);
  }

  /** Whether a request has a session or the token. @throws HttpError 401, 429 for a wrong token */
  allows(request: IncomingMessage): boolean {
    const bearer = bearerOf(request);
    if (this.token !== null && bearer !== undefined) this.checkToken(bearer, request);
    return this.stillAllows(request);
  }

  /**
   * Whether an allowed request is still allowed. Sessions end. The token stays valid, even if others at the
   * same address guess wrongly.
   */
  stillAllows(request: IncomingMessage): boolean {
    if (this.token === null || bearerOf(request) !== undefined) return true;
    const id = this.sessionOf(request);
    return id !== null && this.sessions.has(id);
  }

  /** Begins a session and returns its cookie. @throws HttpError 401, 429 */
  logIn(token: string, request: IncomingMessage): string {
    this.checkToken(token, request);
    return this.cookieOf(this.sessions.begin(), Sessions.lifeS, request);
  }

  /** Ends the session of a request and returns the cookie that replaces it. */
  logOut(request: IncomingMessage): string {
    const id = this.sessionOf(request);
    if (id !== null) this.sessions.end(id);
    return this.cookieOf('', 0, request);
  }

  private checkToken(token: string, request: IncomingMessage): void {
    const from = this.modules.proxies.clientOf(request);
    const waitS = this.attempts.waitS(from);
    if (waitS > 0)
      throw new HttpError(429, `too many wrong tokens; try again in ${waitS} s`, {
        'retry-after': `${waitS}`,
      });
    if (this.token === null || timingSafeEqual(digest(token), this.token)) return;
    this.attempts.fail(from);
    throw new HttpError(401, 'the token is wrong', { 'www-authenticate': 'Bearer' });
  }

  private sessionOf({ headers }: IncomingMessage): string | null {
    for (const part of (headers.cookie ?? '').split(';')) {
      const [name, value = ''] = part.trim().split('=', 2);
      if (name === this.cookie) return value;
    }
    return null;
  }

  /**
   * The cookie is only marked Secure behind TLS. The request's claim needs no trust: a client that lies only
   * gets a cookie that it will not send back.
   */
  private cookieOf(id: string, maxAgeS: number, { headers }: IncomingMessage): string {
    const secure = headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
    return `${this.cookie}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${secure}`;
  }
}

function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}

/** All digests have the same length, so comparing them takes constant time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
