import { Cleanup } from '../support/cleanup';
import { type HttpAnswer, type AskOptions, ask, post } from './ask';
import { type Served, servedPage } from './served';

const TOKEN = 'a-token-of-the-test-0123456789';

const cleanup = new Cleanup();
let served: Served;

beforeEach(async () => {
  served = await servedPage(cleanup, { token: TOKEN, points: [] });
});
afterEach(() => cleanup.run());

const bearer = (token: string): AskOptions => ({ headers: { authorization: `Bearer ${token}` } });
const form = (token: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
  ask(served.port, '/login', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ token }).toString(),
  });
const cookieOf = ({ headers }: HttpAnswer): string => headers['set-cookie']?.[0] ?? '';
const withCookie = (cookie: string): AskOptions => ({ headers: { cookie: cookie.split(';', 1).join() } });

it('asks for the token, also on the loopback', async () => {
  const page = await ask(served.port, '/');
  expect([page.status, page.headers.location]).toEqual([303, '/login']);
  for (const path of ['/api/info', '/api/panels', '/api/panels/mempool-size', '/api/series', '/api/live']) {
    const { status, json, headers } = await ask(served.port, path);
    expect([path, status, json]).toEqual([path, 401, { error: 'log in, or send the token as Bearer' }]);
    expect(headers['www-authenticate']).toBe('Bearer');
  }
  expect((await post(served.port, '/api/query', { raw: 'SELECT 1' })).status).toBe(401);
  // The files of the package are no secret, and the login page needs them.
  expect((await ask(served.port, '/assets/plain.css')).status).toBe(200);
});

it('accepts the token as Bearer', async () => {
  expect((await ask(served.port, '/api/info', bearer(TOKEN))).status).toBe(200);
  expect(
    (await ask(served.port, '/api/info', { headers: { authorization: `bearer  ${TOKEN} ` } })).status,
  ).toBe(200);
  for (const wrong of [`${TOKEN}x`, TOKEN.slice(1), 'x', TOKEN.toUpperCase()]) {
    const { status, json } = await ask(served.port, '/api/info', bearer(wrong));
    expect([status, json]).toEqual([401, { error: 'the token is wrong' }]);
  }
  const basic = Buffer.from(`x:${TOKEN}`).toString('base64');
  expect((await ask(served.port, '/api/info', { headers: { authorization: `Basic ${basic}` } })).status).toBe(
    401,
  );
});

describe('wrong tokens behind a proxy', () => {
  const guess = async (
    { port }: Pick<Served, 'port'>,
    forwarded: string | undefined,
    token = 'wrong',
  ): Promise<number> => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }),
    };
    return (await ask(port, '/api/info', { headers })).status;
  };
  const guessTen = async (place: Pick<Served, 'port'>, forwarded: (nth: number) => string): Promise<void> => {
    for (let nth = 0; nth < 10; nth++) expect(await guess(place, forwarded(nth))).toBe(401);
  };

  it('are counted for each client that the proxy names', async () => {
    const behind = await servedPage(cleanup, { token: TOKEN, points: [], proxies: ['127.0.0.1'] });
    // The client's own entries come before what the proxy appends.
    await guessTen(behind, (nth) => `10.1.1.${nth}, 192.0.2.1`);
    expect(await guess(behind, '192.0.2.1', TOKEN)).toBe(429);
    expect(await guess(behind, '192.0.2.2', TOKEN)).toBe(200);
    expect(await guess(behind, undefined, TOKEN)).toBe(200);
    await guessTen(behind, (nth) => `2001:DB8:0001:2::${nth}`);
    expect(await guess(behind, '2001:db8:1:2:ffff::1', TOKEN)).toBe(429);
    expect(await guess(behind, '2001:db8:1:3::1', TOKEN)).toBe(200);
    expect(behind.logged.join('')).toContain('"from":"192.0.2.1"');
  });

  it('are counted for the last address that is no proxy of ours, if there are several', async () => {
    const proxies = ['127.0.0.0/8', '10.0.0.0/8', '::1'];
    const behind = await servedPage(cleanup, { token: TOKEN, points: [], proxies });
    await guessTen(behind, () => '192.0.2.7, 198.51.100.1:4711, 10.2.3.4');
    expect(await guess(behind, '198.51.100.1', TOKEN)).toBe(429);
    expect(await guess(behind, '192.0.2.7', TOKEN)).toBe(200);
    // An entry that is no address ends the search at the proxy that passed it on.
    await guessTen(behind, (nth) => `192.0.2.${nth}, unknown, 10.9.9.9`);
    expect(await guess(behind, '10.9.9.9', TOKEN)).toBe(429);
  });

  it('are counted for the proxy if it is not trusted', async () => {
    await guessTen(served, (nth) => `192.0.2.${nth}`);
    expect(await guess(served, '192.0.2.99', TOKEN)).toBe(429);
    const others = await servedPage(cleanup, { token: TOKEN, points: [], proxies: ['192.0.2.1'] });
    await guessTen(others, (nth) => `192.0.2.${nth}`);
    expect(await guess(others, '192.0.2.99', TOKEN)).toBe(429);
  });
});

it('begins a session by a form, and ends it', async () => {
  const shown = await ask(served.port, '/login');
  expect([shown.status, shown.text]).toEqual([200, expect.stringContaining('<title>login</title>')]);
  const begun = await form(TOKEN);
  expect([begun.status, begun.headers.location]).toEqual([303, '/']);
  const cookie = cookieOf(begun);
  expect(cookie).toMatch(
    new RegExp(`^btcdmon_${served.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800$`),
  );
  expect((await ask(served.port, '/', withCookie(cookie))).status).toBe(200);
  expect((await ask(served.port, '/api/info', withCookie(cookie))).status).toBe(200);
  const again = await ask(served.port, '/login', withCookie(cookie));
  expect([again.status, again.headers.location]).toEqual([303, '/']);

  const ended = await ask(served.port, '/logout', { method: 'POST', ...withCookie(cookie) });
  expect([ended.status, ended.headers.location]).toEqual([303, '/login']);
  expect(cookieOf(ended)).toMatch(/=; .*Max-Age=0$/);
  expect((await ask(served.port, '/api/info', withCookie(cookie))).status).toBe(401);
});

it('begins a session by JSON', async () => {
  const begun = await post(served.port, '/login', { token: TOKEN });
  expect(begun.status).toBe(204);
  expect((await ask(served.port, '/api/info', withCookie(cookieOf(begun)))).status).toBe(200);
  expect((await post(served.port, '/login', { token: 'wrong' })).status).toBe(401);
  for (const body of [{}, { token: 5 }, [], null, 'x'])
    expect((await post(served.port, '/login', body)).status).toBe(400);
});

it('keeps a cookie off plain connections if TLS is in front of it', async () => {
  expect(cookieOf(await form(TOKEN, { 'x-forwarded-proto': 'https' }))).toMatch(/; Secure$/);
});

it('shows on the login page that a token is wrong, and no more', async () => {
  const { status, text, headers } = await form('<b>no</b>');
  expect(status).toBe(401);
  expect(text).toContain('<p>the token is wrong</p>');
  expect(text).not.toContain('<b>');
  expect(headers['set-cookie']).toBeUndefined();
  expect(headers['content-security-policy']).toContain("default-src 'none'");
});

it.each([
  ['text/plain', TOKEN, 415],
  ['multipart/form-data', TOKEN, 415],
  ['application/json', '{', 400],
  ['application/x-www-form-urlencoded', `token=${'x'.repeat(3_000)}`, 413],
  ['application/x-www-form-urlencoded', '', 401],
])('accepts no other login: %s %s', async (type, body, expected) => {
  const { status } = await ask(served.port, '/login', {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
  expect(status).toBe(expected);
});

it('accepts no session that it did not begin', async () => {
  const name = `btcdmon_${served.port}`;
  for (const id of ['', 'x', TOKEN, 'a'.repeat(43), '__proto__'])
    expect((await ask(served.port, '/api/info', withCookie(`${name}=${id}`))).status).toBe(401);
});

it('stops further guesses, logs them in one line, and does not affect existing sessions', async () => {
  const cookie = cookieOf(await form(TOKEN));
  for (let attempt = 0; attempt < 10; attempt++) expect((await form(`guess ${attempt}`)).status).toBe(401);
  for (const attempt of [() => form('guess'), () => form(TOKEN)]) {
    const { status, headers, text } = await attempt();
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(text).toMatch(/too many wrong tokens; try again in \d+ s/);
  }
  expect((await ask(served.port, '/api/info', bearer(TOKEN))).status).toBe(429);
  expect((await ask(served.port, '/api/info', withCookie(cookie))).status).toBe(200);
  expect(served.logged).toHaveLength(1);
  expect(JSON.parse(served.logged[0] ?? '')).toMatchObject({
    level: 'warn',
    message: 'a wrong token for the page',
    from: '127.0.0.1',
  });
  expect(served.logged.join()).not.toContain('guess');
});

it('has a limited number of sessions; the oldest ends', async () => {
  const first = cookieOf(await form(TOKEN));
  for (let count = 0; count < 99; count++) await form(TOKEN);
  expect((await ask(served.port, '/api/info', withCookie(first))).status).toBe(200);
  const last = cookieOf(await form(TOKEN));
  expect((await ask(served.port, '/api/info', withCookie(first))).status).toBe(401);
  expect((await ask(served.port, '/api/info', withCookie(last))).status).toBe(200);
});
