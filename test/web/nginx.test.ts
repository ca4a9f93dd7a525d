import { Cleanup } from '../support/cleanup';
import { nginx, startNginx } from '../support/nginx';
import { request } from 'node:http';
import { servedPage } from './served';

const TOKEN = 'a-token-of-the-test-0123456789';

nginx.describe('wrong tokens behind a real nginx', (program) => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  /** The status that a client at an address of this machine gets, with what it says itself of where it is. */
  function ask(port: number, from: string, token: string, forwarded?: string): Promise<number> {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }),
    };
    const where = { host: '127.0.0.1', port, path: '/api/info', localAddress: from, agent: false, headers };
    return new Promise((resolve, reject) => {
      request(where, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('error', reject)
        .end();
    });
  }

  async function behind(proxies: readonly string[]): Promise<number> {
    const page = await servedPage(cleanup, { token: TOKEN, points: [], proxies });
    return cleanup.add(await startNginx(program, page.port), (it) => it.stop()).port;
  }

  it('are counted for each client', async () => {
    const port = await behind(['127.0.0.1']);
    for (let nth = 0; nth < 10; nth++) expect(await ask(port, '127.0.0.2', 'wrong')).toBe(401);
    expect(await ask(port, '127.0.0.2', TOKEN)).toBe(429);
    expect(await ask(port, '127.0.0.3', TOKEN)).toBe(200);
  });

  it('are counted for who asks, whatever that says of itself', async () => {
    const port = await behind(['127.0.0.1']);
    const claims = (nth: number): string =>
      [`10.0.0.${nth}`, `10.0.0.${nth}, 127.0.0.1`, `127.0.0.1, 127.0.0.1`, `unknown`, ''][nth % 5] ?? '';
    for (let nth = 0; nth < 10; nth++) expect(await ask(port, '127.0.0.2', 'wrong', claims(nth))).toBe(401);
    expect(await ask(port, '127.0.0.2', TOKEN, '10.9.9.9')).toBe(429);
    // Nobody is locked out by a stranger who takes his name.
    expect(await ask(port, '127.0.0.3', TOKEN)).toBe(200);
    for (let nth = 0; nth < 10; nth++) expect(await ask(port, '127.0.0.4', 'wrong', '127.0.0.5')).toBe(401);
    expect(await ask(port, '127.0.0.5', TOKEN)).toBe(200);
  });

  it('are counted for nginx where it is not trusted', async () => {
    const port = await behind([]);
    for (let nth = 0; nth < 10; nth++) expect(await ask(port, `127.0.0.${2 + nth}`, 'wrong')).toBe(401);
    expect(await ask(port, '127.0.0.99', TOKEN)).toBe(429);
  });
});
