import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { AlertsFile } from '../../src/alerts/alerts-file';
import type { FiringAlert } from '../../src/alerts/states';
import type { Message } from '../../src/notify/message';
import { Notifier } from '../../src/notify/notifier';
import type { Receiver } from '../../src/notify/receiver';
import { readReceiver } from '../../src/notify/receiver-url';
import { Cleanup } from '../support/cleanup';
import { firingOf } from '../support/firing-alert';
import { type HttpServer, type Reply, startHttpServer } from '../support/http-server';
import { TestTimer } from '../support/test-timer';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const noPeers = firingOf('BtcdmonNoPeers', 'alpha');
const lost = firingOf('BtcdmonPointsLost', 'beta');
const slow = firingOf('BtcdmonRpcSlow', 'gamma');

const SECRET = 'T0K3N-OF-THE-HOOK';

interface Told {
  readonly server: HttpServer;
  readonly warnings: string[];
  readonly messages: () => readonly Message[];
  /** Statuses and names of each message, as `firing no-peers`. */
  readonly said: () => readonly (readonly string[])[];
  update(...firing: readonly FiringAlert[]): void;
  /** Lets time pass, second by second, and gives the server its turn. */
  pass(seconds: number): Promise<void>;
  /** Ends it and begins anew with what was kept. */
  restart(): Promise<void>;
  setReply(reply: () => Reply): void;
}

/** A notifier of a real HTTP server, whose time the test owns. */
async function told(file: string | null = null): Promise<Told> {
  let reply = (): Reply => ({ status: 200 });
  const server = cleanup.add(await startHttpServer(() => reply()), (it) => it.stop());
  const timer = new TestTimer();
  const warnings: string[] = [];
  let nowMs = 0;
  let sending: Promise<void> = Promise.resolve();
  let kept: AlertsFile;
  const begin = (): Notifier => {
    const hook = readReceiver(`http://127.0.0.1:${server.port}/hooks/${SECRET}`);
    const receiver: Receiver = {
      ...hook,
      send: (message, signal) => {
        sending = hook.send(message, signal);
        return sending;
      },
    };
    kept = new AlertsFile(file, (message) => warnings.push(message));
    return new Notifier([{ id: 'hook', receiver }], {
      ...{ monitor: 'own', kept, timer: timer.start, monotonicMs: () => nowMs },
      warn: (message) => warnings.push(message),
    });
  };
  let notifier = begin();
  cleanup.add(timer, async () => {
    notifier.stop();
    // It may still be written.
    await kept.close();
  });
  const messages = (): Message[] => server.received.map(({ body }) => JSON.parse(body) as Message);
  return {
    ...{ server, warnings, messages },
    said: () => messages().map(({ alerts }) => alerts.map(({ status, alert }) => `${status} ${alert}`)),
    update: (...firing) => notifier.update(firing),
    pass: async (seconds) => {
      for (let second = 0; second < seconds; second++) {
        nowMs += 1_000;
        timer.pass(1_000);
        // What was begun is answered before time goes on.
        await sending.catch(() => undefined);
        await turn();
      }
    },
    restart: async () => {
      notifier.stop();
      await kept.close();
      notifier = begin();
    },
    setReply: (next) => (reply = next),
  };
}

it('groups what fires, tells each alert once, and then that it is resolved', async () => {
  const it = await told();
  it.update(noPeers, lost);
  await until('the message', () => it.server.received.length === 1);
  for (let minute = 0; minute < 10; minute++) {
    it.update(noPeers, lost);
    await it.pass(60);
  }
  expect(it.said()).toEqual([['firing no-peers', 'firing points-lost']]);
  expect(it.messages()[0]).toMatchObject({
    ...{
      version: 1,
      status: 'firing',
      severity: 'critical',
      monitor: 'own',
      title: '2 alerts fire',
      more: 0,
    },
  });
  it.update(lost);
  await it.pass(100);
  expect(it.server.received.length).toBe(1);
  await it.pass(60);
  expect(it.said()[1]).toEqual(['resolved no-peers']);
  it.update();
  await it.pass(300);
  expect(it.said()[2]).toEqual(['resolved points-lost']);
  it.update(noPeers);
  await it.pass(300);
  expect(it.said().slice(3)).toEqual([['firing no-peers']]);
  expect(it.warnings).toEqual([]);
});

it('says at most two things of a thousand changes in a minute', async () => {
  const it = await told();
  for (let change = 0; change < 1_000; change++) {
    it.update(...(change % 2 === 0 ? [noPeers] : []));
    if (change % 20 === 0) await it.pass(1);
  }
  await it.pass(10);
  expect(it.said()).toEqual([['firing no-peers']]);
  it.update();
  await it.pass(600);
  expect(it.said()).toEqual([['firing no-peers'], ['resolved no-peers']]);
});

it('says at most two things of a thousand alerts in a minute, and counts what it does not name', async () => {
  const it = await told();
  const all = Array.from({ length: 1_000 }, (_, index) => firingOf('BtcdmonDown', `node${index}`));
  for (const [index] of all.entries()) {
    it.update(...all.slice(0, index + 1));
    if (index % 20 === 0) await it.pass(1);
  }
  await it.pass(120);
  const [first, second, ...more] = it.messages();
  expect(more).toEqual([]);
  const counted = [first, second].map((message) => (message?.alerts.length ?? 0) + (message?.more ?? 0));
  expect(counted.reduce((sum, count) => sum + count)).toBe(1_000);
  expect(second?.alerts.length).toBe(40);
  expect(second?.text).toMatch(/\n\nand \d+ more$/);
});

it('does not call an alert resolved that comes and goes each minute', async () => {
  const it = await told();
  for (let minute = 0; minute < 30; minute++) {
    it.update(...(minute % 2 === 0 ? [noPeers] : []));
    await it.pass(60);
  }
  expect(it.said()).toEqual([['firing no-peers']]);
});

it('loses nothing that still holds while its receiver is away for an hour', async () => {
  const it = await told();
  it.update(slow);
  await until('the first message', () => it.server.received.length === 1);
  it.setReply(() => ({ status: 502, text: 'no' }));
  for (let minute = 0; minute < 60; minute++) {
    // One that goes on, one that comes and goes, and one that was told before and is over.
    it.update(
      ...(minute < 2 ? [slow] : []),
      ...(minute >= 5 ? [noPeers] : []),
      ...(minute === 30 ? [lost] : []),
    );
    await it.pass(60);
  }
  const tried = it.server.received.length;
  // With pauses of up to five minutes.
  expect(tried).toBeGreaterThan(12);
  expect(tried).toBeLessThan(40);
  it.setReply(() => ({ status: 204 }));
  await it.pass(310);
  expect(it.said().slice(tried)).toEqual([['firing no-peers', 'resolved rpc-slow']]);
  it.update(noPeers);
  await it.pass(600);
  expect(it.server.received.length).toBe(tried + 1);
  expect(it.warnings[0]).toMatch(
    /^--notify #1 \(json at 127\.0\.0\.1:\d+\): a message is not delivered yet: it answers with status 502$/,
  );
  expect(it.warnings.join()).not.toContain(SECRET);
});

it('tries again when its receiver refuses connections', async () => {
  const it = await told();
  await it.server.stop();
  it.update(noPeers);
  await until('a warning', () => it.warnings.length > 0);
  expect(it.warnings).toEqual([
    expect.stringMatching(/^--notify #1 \(json at .*\): a message is not delivered yet: .*ECONNREFUSED/),
  ]);
  expect(it.warnings.join()).not.toContain(SECRET);
});

it('waits as long as a busy receiver asks', async () => {
  const it = await told();
  it.setReply(() => ({ status: 429, headers: { 'retry-after': '200' } }));
  it.update(noPeers);
  await until('the first attempt', () => it.server.received.length === 1);
  await it.pass(190);
  expect(it.server.received.length).toBe(1);
  await it.pass(20);
  expect(it.server.received.length).toBe(2);
});

describe('after a restart', () => {
  let folder = '';
  beforeEach(() => {
    folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-notify-')), (name) =>
      rmSync(name, { recursive: true }),
    );
  });

  it('says nothing of what was told before, and tells what was resolved meanwhile', async () => {
    const file = path.join(folder, 'alerts.json');
    const it = await told(file);
    it.update(noPeers, lost);
    await until('the message', () => it.server.received.length === 1);
    await it.pass(5);
    await it.restart();
    await it.pass(300);
    it.update(noPeers);
    await it.pass(300);
    expect(it.said().slice(1)).toEqual([['resolved points-lost']]);
    await it.restart();
    it.update(noPeers, slow);
    await it.pass(100);
    expect(it.said().slice(2)).toEqual([['firing rpc-slow']]);
    expect(readFileSync(file, 'utf8')).not.toContain(SECRET);
    expect(it.warnings).toEqual([]);
  });

  it.each(['', 'nonsense', '{"format": 2}', '[]', '{"format":1}', '{"format":1,"firing":[7],"told":{}}'])(
    'begins anew with a file of %j',
    async (text) => {
      const file = path.join(folder, 'alerts.json');
      writeFileSync(file, text);
      const it = await told(file);
      it.update(noPeers);
      await until('the message', () => it.server.received.length === 1);
      expect(it.warnings.length).toBe(1);
      expect(it.warnings[0]).toContain(`${file}: `);
    },
  );
});
