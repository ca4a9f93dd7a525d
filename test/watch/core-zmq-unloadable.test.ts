import { Cleanup } from '../support/cleanup';
import { sharedCoreAnswers } from '../support/data';
import { startHttpServer } from '../support/http-server';
import { until } from '../support/until';
import { monitored } from './monitored';
import { placeAt } from './place-at';
import { callIn, coreReply, recordedReply } from './recorded-core';

jest.mock('zeromq', () => {
  throw new Error("Cannot find module 'zeromq'\nRequire stack:\n- here");
});

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

// The answers are those of a recorded Bitcoin Core 31.
sharedCoreAnswers.describe('a Core that publishes by ZMQ, where the package is not installed', (folder) => {
  it('is polled, which is said in one line', async () => {
    const publishers = [{ type: 'pubsequence', address: 'tcp://127.0.0.1:1', hwm: 1_000 }];
    const server = cleanup.add(
      await startHttpServer(({ body }) =>
        callIn(body).method === 'getzmqnotifications'
          ? coreReply(JSON.stringify(publishers))
          : recordedReply(folder, body),
      ),
      (it) => it.stop(),
    );
    const { monitor, lines, interval } = monitored(placeAt({ name: 'core', port: server.port }));
    cleanup.add(monitor, (it) => it.stop());
    await monitor.start();
    const asked = (method: string): number =>
      server.received.filter(({ body }) => callIn(body).method === method).length;
    await until('answers after the line', () => {
      interval();
      return lines.length >= 2 && asked('getmempoolinfo') >= 3;
    });
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      `warn core at http://127.0.0.1:${server.port}: publishes by ZMQ, but that can't be received here, so it is polled: Cannot find module 'zeromq'`,
    ]);
    expect(asked('getzmqnotifications')).toBe(1);
  });
});
