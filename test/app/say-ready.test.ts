import { setImmediate as turn } from 'node:timers/promises';
import { startApp } from '../../src/app/listener';
import { createLog } from '../../src/lib/log';
import { freePort } from '../support/free-port';

afterEach(() => jest.restoreAllMocks());

it('a program says that it listens after whoever started it has gone on, and can end it', async () => {
  const log = createLog('error');
  const said: string[] = [];
  jest.spyOn(log, 'info').mockImplementation((message: unknown) => {
    said.push(String(message));
    return log;
  });
  const app = await startApp(
    {
      ...{ node: 'n', network: 'regtest', connect: [{ host: '127.0.0.1', port: await freePort() }] },
      ...{ exports: [], intervalMs: 1_000, policy: 'btcd', mempoolBytes: 1_000_000 },
      ...{ spools: { directory: '/nowhere', maxBytes: 1_000_000 }, wtxidRelay: true },
      ...{ txPerSecond: 200, maxUserAgents: 200 },
    },
    { log },
  );
  expect(said).not.toContain('listening');
  await turn();
  expect(said).toContain('listening');
  await app.stop();
});
