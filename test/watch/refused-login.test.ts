import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Timer } from '../../src/lib/timer';
import { cookieLogin } from '../../src/watch/login';
import { Cleanup } from '../support/cleanup';
import { sharedCoreAnswers } from '../support/data';
import { startHttpServer } from '../support/http-server';
import { TestTimer } from '../support/test-timer';
import { TestClock } from '../support/points';
import { until } from '../support/until';
import { monitored } from './monitored';
import { placeAt } from './place-at';
import { recordedReply } from './recorded-core';

/** The limits of calls; what else is waited for are pauses. */
const CALL_LIMITS = [30_000, 120_000];

/*
 * The answers are those of a Bitcoin Core 31 that was recorded; no Core was started. That its cookie changes,
 * and that it refuses the one of before (401, as recorded), is put together here.
 */
sharedCoreAnswers.describe('the login of a node that becomes wrong', (folder) => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it('is said once, tried ever more seldom, and read again from its file', async () => {
    const home = cleanup.add(mkdtempSync(path.join(os.tmpdir(), 'btcdmon-cookie-')), (it) =>
      rmSync(it, { recursive: true }),
    );
    const cookie = path.join(home, '.cookie');
    let password = 'first';
    const writeCookie = (): void => writeFileSync(cookie, `__cookie__:${password}`);
    const server = cleanup.add(
      await startHttpServer(({ body, headers }) => {
        const right = Buffer.from(`__cookie__:${password}`).toString('base64');
        return headers.authorization === `Basic ${right}` ? recordedReply(folder, body) : { status: 401 };
      }),
      (it) => it.stop(),
    );
    const testTimer = new TestTimer();
    const pausesMs: number[] = [];
    const timer: Timer = (ms, action) => {
      if (!CALL_LIMITS.includes(ms)) pausesMs.push(ms);
      return testTimer.start(ms, action);
    };
    writeCookie();
    const place = placeAt({ name: 'core', port: server.port, login: cookieLogin(cookie) });
    const { monitor, lines, fieldsOf, of, interval } = monitored(place, { clock: new TestClock(), timer });
    cleanup.add(monitor, (it) => it.stop());
    await monitor.start();
    await until('its answers', () => interval().some(({ series }) => series === 'peers'));

    password = 'second';
    pausesMs.length = 0;
    server.received.length = 0;
    interval();
    for (let attempts = 1; attempts <= 8; attempts++) {
      await until(`pause ${attempts}`, () => pausesMs.length === attempts);
      interval();
      if (attempts < 8) testTimer.pass(pausesMs.at(-1) ?? 0);
    }
    expect(pausesMs).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
    // An attempt is one request, as long as the file is the same.
    expect(server.received).toHaveLength(8);
    expect(fieldsOf('node_status').at(-1)).toMatchObject({ is_up: false });
    const name = `core at http://127.0.0.1:${server.port}`;
    const refused = expect.stringMatching(
      `^warn ${name}: [a-z]+: the node refuses the login of cookie ${cookie}; give `,
    ) as string;
    expect(lines).toEqual([`info ${name} (Bitcoin Core) answers`, refused]);

    // Core removes its cookie as it stops. It is awaited, and that is not said again.
    rmSync(cookie);
    testTimer.pass(10_000);
    await until('pause 9', () => pausesMs.length === 9);
    expect(server.received).toHaveLength(8);
    writeCookie();
    testTimer.pass(10_000);
    await until('the gap', () => of('watch_gaps').length === 1);
    expect(of('watch_gaps')[0]).toMatchObject({
      tags: { source: 'rpc' },
      fields: { reason: expect.stringContaining(`cookie ${cookie}`) as string },
    });
    await until('the state', () => interval().some(({ fields }) => fields['is_up'] === true));
    expect(lines).toEqual([
      `info ${name} (Bitcoin Core) answers`,
      refused,
      `info ${name} (Bitcoin Core) answers again`,
    ]);
    expect(lines.join()).not.toMatch(/first|second/);
  });
});
