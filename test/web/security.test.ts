import { once } from 'node:events';
import net from 'node:net';
import { Cleanup } from '../support/cleanup';
import { ask, post, say } from './ask';
import { ASSET_TEXTS, type Served, servedPage } from './served';

const cleanup = new Cleanup();
let served: Served;
/** A server that waits for requests for less than a second. */
let impatient: Served;

beforeAll(async () => {
  served = await servedPage(cleanup, { names: ['monitor.example', 'other.example:8443'] });
  impatient = await servedPage(cleanup, { limits: { headMs: 300, requestMs: 600, checkMs: 50 } });
});
afterAll(() => cleanup.run());

const host = (value: string) => ({ headers: { host: value } });

describe('Host', () => {
  it.each([
    ['localhost'],
    ['localhost:9999'],
    ['LOCALHOST:1'],
    ['127.0.0.1'],
    ['127.1.2.3:80'],
    ['[::1]:8380'],
    ['monitor.example'],
    ['Monitor.Example:444'],
    ['other.example:8443'],
  ])('accepts %s', async (name) => {
    expect((await ask(served.port, '/api/series', host(name))).status).toBe(200);
  });

  it.each([
    ['evil.example'],
    ['evil.example:8380'],
    ['127.0.0.1.evil.example'],
    ['localhost.evil.example:8380'],
    ['other.example'],
    ['other.example:8444'],
    ['192.0.2.1:8380'],
    ['[2001:db8::1]'],
    ['127.0.0.1:x'],
    ['user@localhost'],
  ])('refuses %s with one line', async (name) => {
    for (const path of ['/', '/api/info', '/assets/plain.css']) {
      const { status, text } = await ask(served.port, path, host(name));
      expect(status).toBe(421);
      expect(text).toContain('is not this server; --http-host NAME allows a name');
      expect(text.trim().split('\n')).toHaveLength(1);
    }
  });

  it('accepts the address that a connection was made to, only with its port', async () => {
    const outside = await servedPage(cleanup, { host: '127.0.0.1' });
    expect((await ask(outside.port, '/api/series', host(`127.0.0.1:${outside.port}`))).status).toBe(200);
  });
});

it('stops although a client does not send the rest of its request', async () => {
  const stopping = await servedPage(cleanup);
  const slow = cleanup.add(net.connect(stopping.port, '127.0.0.1'), (socket) => socket.destroy());
  const head = 'Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100';
  // An answer to this one shows that the head of the next one was read as well.
  slow.write(
    `GET /api/nothing HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /api/query HTTP/1.1\r\n${head}\r\n\r\n{`,
  );
  await once(slow, 'data');
  const gone = once(slow, 'close');
  slow.resume();
  await stopping.page.close();
  await gone;
});

describe('other sites', () => {
  const own = (): Record<string, string> => ({ host: `127.0.0.1:${served.port}` });
  const query = { raw: 'SELECT 1' };

  it.each([
    [{ origin: 'http://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'http://127.0.0.1:1' }],
    [{ origin: 'http://127.0.0.1.evil.example' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    // Another port of the same machine is the same site, but another program.
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' }],
  ])('may neither read nor post: %j', async (headers) => {
    const all = { ...own(), ...headers } as unknown as Record<string, string>;
    const read = await ask(served.port, '/api/info', { headers: all });
    expect([read.status, read.json]).toEqual([
      403,
      { error: 'a page of another site may not ask this server' },
    ]);
    expect((await post(served.port, '/api/query', query, { headers: all })).status).toBe(403);
    expect((await post(served.port, '/login', { token: 'x' }, { headers: all })).status).toBe(403);
    expect((await ask(served.port, '/logout', { method: 'POST', headers: all })).status).toBe(403);
  });

  it('are accepted if they link to the page', async () => {
    const { status } = await ask(served.port, '/', { headers: { ...own(), 'sec-fetch-site': 'cross-site' } });
    expect(status).toBe(200);
  });

  it.each([
    [{}],
    [{ 'sec-fetch-site': 'same-origin' }],
    [{ 'sec-fetch-site': 'none' }],
    [{ own: 'http' }],
    [{ own: 'https' }],
  ])('does not include these: %j', async ({ own: scheme, ...rest }: Record<string, string | undefined>) => {
    const origin = scheme === undefined ? {} : { origin: `${scheme}://127.0.0.1:${served.port}` };
    const headers = { ...own(), ...rest, ...origin } as Record<string, string>;
    expect((await post(served.port, '/api/query', query, { headers })).status).toBe(200);
  });
});

describe('paths', () => {
  it.each([
    ['/assets/../index.html'],
    ['/assets/..%2fstore.duckdb'],
    ['/assets/%2e%2e/%2e%2e/etc/passwd'],
    ['/assets/..\\..\\etc\\passwd'],
    ['/assets//etc/passwd'],
    ['/assets/store.duckdb'],
    ['/assets/index.html'],
    ['/assets/login.html'],
    ['/assets/'],
    ['/assets'],
    ['//assets/plain.css'],
    ['/assets/plain.css%00.js'],
    ['/assets/plain.css/'],
    ['/./'],
    ['/etc/passwd'],
    ['*'],
    ['http://127.0.0.1/assets/plain.css'],
    ['/assets/__proto__'],
    ['/assets/constructor'],
    ['/api/panels/../info'],
    ['/api/panels/%2e%2e'],
    ['/api/panels/'],
    ['/api/panels/__proto__'],
  ])('%s does not exist', async (path) => {
    const answer = await say(
      served.port,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toContain('root:');
  });

  it.each([['../../etc/passwd'], ['/assets/plain.css\0']])('%j is not a valid request', async (path) => {
    const answer = await say(served.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('list the methods that they accept', async () => {
    const cases = [
      ['PUT', '/', 'GET, HEAD'],
      ['POST', '/api/info', 'GET, HEAD'],
      ['GET', '/api/query', 'POST'],
      ['DELETE', '/api/panels/mempool-size', 'GET, HEAD'],
      ['OPTIONS', '/api/query', 'POST'],
      ['GET', '/logout', 'POST'],
      ['PATCH', '/login', 'GET, HEAD, POST'],
    ] as const;
    for (const [method, path, allow] of cases) {
      const { status, headers } = await ask(served.port, path, { method });
      expect([path, status, headers.allow]).toEqual([path, 405, allow]);
    }
  });

  it('answer HEAD as GET without a body', async () => {
    for (const path of ['/', '/assets/plain.css', '/api/info', '/api/series', '/api/live']) {
      const { status, text, headers } = await ask(served.port, path, { method: 'HEAD' });
      expect([path, status, text]).toEqual([path, 200, '']);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });
});

describe('headers', () => {
  it.each([
    ['/', 'GET', 200],
    ['/assets/plain.css', 'GET', 200],
    ['/api/info', 'GET', 200],
    ['/api/panels/nope', 'GET', 404],
    ['/nothing', 'GET', 404],
    ['/api/query', 'GET', 405],
    ['/api/query', 'POST', 415],
    ['/login', 'GET', 303],
  ])('of %s (%s) are the secure ones', async (path, method, expected) => {
    const { status, headers } = await ask(served.port, path, { method });
    expect(status).toBe(expected);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()') as string,
    });
    expect(headers['server']).toBeUndefined();
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['access-control-allow-origin']).toBeUndefined();
    if (path.startsWith('/api/')) expect(headers['cache-control']).toBe('no-store');
  });

  it('let a browser cache files that do not change, and revalidate the rest', async () => {
    const hashed = await ask(served.port, '/assets/main-ABCD1234.js');
    expect(hashed.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const plain = await ask(served.port, '/assets/plain.css');
    expect(plain.headers['cache-control']).toBe('no-cache');
    expect(plain.text).toBe(ASSET_TEXTS['plain.css']);
    const { etag = '' } = plain.headers;
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const again = await ask(served.port, '/assets/plain.css', { headers: { 'if-none-match': tag } });
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag]);
    }
  });

  it('declare compression, and compress nothing for a client that does not accept it', async () => {
    const path = '/assets/main-ABCD1234.js';
    const packed = await fetch(`${served.url}${path.slice(1)}`);
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(await packed.text()).toBe(ASSET_TEXTS['main-ABCD1234.js']);
    const series = await fetch(`${served.url}api/series`);
    expect(series.headers.get('content-encoding')).toBe('gzip');
    expect(Object.keys((await series.json()) as object)).toEqual(['series', 'aggregates']);
    for (const encoding of ['', 'br', 'gzip;q=0', 'deflate, gzip; q=0.0']) {
      const plain = await ask(served.port, path, { headers: { 'accept-encoding': encoding } });
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(plain.headers.vary).toBe('accept-encoding');
      expect(plain.text).toBe(ASSET_TEXTS['main-ABCD1234.js']);
    }
  });
});

describe('invalid requests', () => {
  it.each([
    ['nonsense\r\n\r\n', 400, 'the request is not HTTP'],
    ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 421, 'Host : is not this server'],
    ['GET / HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n', 421, 'Host : is not this server'],
    ['GET / HTTP/1.0\r\n\r\n', 421, 'Host : is not this server'],
    [
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'the head of the request is too long',
    ],
    [
      'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'not HTTP',
    ],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', 408, 'the request took too long'],
    [
      'POST /api/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"raw',
      408,
      'the request took too long',
    ],
  ])('are refused with a line: %j', async (text, status, line) => {
    const answer = await say((status === 408 ? impatient : served).port, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(line);
    expect(answer).toMatch(/content-security-policy: default-src 'none'/i);
  });

  it('do not change the server', async () => {
    expect((await ask(served.port, '/api/info')).status).toBe(200);
    expect([served.logged, impatient.logged]).toEqual([[], []]);
  });
});
