import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Message, messageFor } from '../../src/notify/message';
import { readReceiver } from '../../src/notify/receiver-url';
import { makeCertificate, openssl } from '../support/certificate';
import { Cleanup } from '../support/cleanup';
import { FIRED_MS, firingOf } from '../support/firing-alert';
import { startHttpServer } from '../support/http-server';
import { startSmtpServer } from '../support/smtp-server';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const message: Message = messageFor(
  [firingOf('BtcdmonNoPeers', 'alpha')],
  [firingOf('BtcdmonRpcSlow', 'beta')],
  'own',
);
const signal = (): AbortSignal => AbortSignal.timeout(200_000);

it('tells what fires since when, what to do, and what is over', () => {
  expect(message.title).toBe('1 alert fires, 1 resolved');
  expect(message.text).toBe(
    [
      'FIRING (critical) No peer is connected\nNo peer is connected at alpha: 0 of <all> & "more"',
      `\nSince ${new Date(FIRED_MS).toISOString()}. With one node (\`--connect\`): check whether that node runs,`,
      ' and whether it has banned the monitor.\nMore: http://localhost:8380/runbooks#no-peers',
      '\n\nRESOLVED The RPC of the watched node is slow\nIt was: ',
      'The RPC of the watched node is slow at beta: 0 of <all> & "more"',
    ].join(''),
  );
  expect(messageFor([firingOf('BtcdmonDown', 'alpha')], [], 'own').title).toBe(
    'critical: The monitor is down (alpha)',
  );
  const own = messageFor([firingOf('BtcdmonDown', 'alpha')], [], 'own', 'https://wiki.example.org/btcdmon');
  expect(own.alerts[0]?.runbook).toBe('https://wiki.example.org/btcdmon#down');
  expect(messageFor([], [firingOf('BtcdmonDown', 'alpha')], 'own')).toMatchObject({
    ...{ status: 'resolved', severity: null, title: 'resolved: The monitor is down (alpha)' },
  });
});

describe('a web server', () => {
  async function posted(url: (port: number) => string) {
    const server = cleanup.add(await startHttpServer(() => ({ status: 200 })), (it) => it.stop());
    const receiver = readReceiver(url(server.port));
    await receiver.send(message, signal());
    const [request] = server.received;
    return {
      shown: receiver.shown.replace(String(server.port), 'PORT'),
      url: request?.url,
      headers: request?.headers,
      body: JSON.parse(request?.body ?? '') as Record<string, unknown>,
    };
  }

  it('gets JSON', async () => {
    const { shown, url, headers, body } = await posted(
      (port) => `http://me:p%40ss@127.0.0.1:${port}/a/b?c=d`,
    );
    expect([shown, url]).toEqual(['json at 127.0.0.1:PORT', '/a/b?c=d']);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    });
    expect(body).toEqual({ version: 1, ...JSON.parse(JSON.stringify(message)) });
    expect(body['alerts']).toMatchObject([
      {
        status: 'firing',
        name: 'BtcdmonNoPeers',
        alert: 'no-peers',
        labels: { node: 'alpha', network: 'signet' },
      },
      { status: 'resolved', name: 'BtcdmonRpcSlow', since: new Date(FIRED_MS).toISOString() },
    ]);
  });

  it('gets the body of Slack, in which nothing is a link or a mention', async () => {
    const { shown, body } = await posted((port) => `slack+http://127.0.0.1:${port}/services/T/B/X`);
    expect(shown).toBe('slack at 127.0.0.1:PORT');
    expect(Object.keys(body)).toEqual(['text']);
    expect(body['text']).toMatch(/^\*1 alert fires, 1 resolved\*\nFIRING \(critical\) [^]*\n_own_$/);
    expect(body['text']).toContain('0 of &lt;all&gt; &amp; "more"');
  });

  it('gets the body of Discord, which mentions nobody and is not too long', async () => {
    const { body } = await posted((port) => `discord+http://127.0.0.1:${port}/api/webhooks/1/x`);
    expect(body['content']).toMatch(/^\*\*1 alert fires, 1 resolved\*\*\nFIRING/);
    expect(body['allowed_mentions']).toEqual({ parse: [] });
    const many = Array.from({ length: 100 }, (_, index) => firingOf('BtcdmonDown', `node${index}`));
    const server = cleanup.add(await startHttpServer(() => ({ status: 200 })), (it) => it.stop());
    const receiver = readReceiver(`discord+http://127.0.0.1:${server.port}/x`);
    await receiver.send(messageFor(many, [], 'own'), signal());
    const { content } = JSON.parse(server.received[0]?.body ?? '') as { content: string };
    expect(content.length).toBe(2_000);
  });

  it('gets the body of ntfy, for the topic of the URL', async () => {
    const { url, body } = await posted((port) => `ntfy+http://127.0.0.1:${port}/sub/my-topic`);
    expect(url).toBe('/sub/');
    expect(body).toEqual({
      ...{ topic: 'my-topic', title: message.title, priority: 5 },
      message: `${message.text}\n\nown`,
    });
  });

  it('is not followed to another place, which would get its secret', async () => {
    const other = cleanup.add(await startHttpServer(() => ({ status: 200 })), (it) => it.stop());
    const server = cleanup.add(
      await startHttpServer(() => ({
        status: 302,
        headers: { location: `http://127.0.0.1:${other.port}/` },
      })),
      (it) => it.stop(),
    );
    await expect(readReceiver(`http://127.0.0.1:${server.port}/`).send(message, signal())).rejects.toThrow(
      'it answers with status 302',
    );
    expect(other.received).toEqual([]);
  });

  it('that never answers is given up', async () => {
    const server = cleanup.add(await startHttpServer(() => null), (it) => it.stop());
    const sending = readReceiver(`http://127.0.0.1:${server.port}/SECRET`).send(
      message,
      AbortSignal.timeout(200),
    );
    await expect(sending).rejects.toThrow(/^it does not answer$/);
  });
});

it.each([
  ['https://hooks.slack.com/services/T/B/X', 'slack at hooks.slack.com'],
  ['https://discord.com/api/webhooks/1/x', 'discord at discord.com'],
  ['https://canary.discord.com/api/webhooks/1/x', 'discord at canary.discord.com'],
  ['https://ntfy.sh/topic', 'ntfy at ntfy.sh'],
  ['json+https://hooks.slack.com/x', 'json at hooks.slack.com'],
  ['https://hooks.slack.com.example.org/x', 'json at hooks.slack.com.example.org'],
  ['smtp://me@mail.example.org?to=a@example.org', 'mail through mail.example.org:587'],
  ['smtps://mail.example.org?to=a@example.org', 'mail through mail.example.org:465'],
  ['exec:page-me --secret X', 'command'],
])('%s is known as %s', (url, shown) => {
  expect(readReceiver(url).shown).toBe(shown);
});

it.each([
  ['SECRET', '…: names no scheme'],
  ['ftp://SECRET', 'ftp:…: there is no such scheme'],
  ['slack+smtp://SECRET', 'slack+smtp:…: there is no such scheme'],
  ['https:SECRET', "https:…: can't be read"],
  ['https://', "https:…: can't be read"],
  ['https://SECRET:99999/', "https:…: can't be read"],
  ['ntfy+https://SECRET', 'ntfy+https:…: names no topic'],
  ['ntfy+https://SECRET/topic/', 'ntfy+https:…: names no topic'],
  ['smtp://SECRET', 'smtp:…: names no address (to=)'],
  ['smtp://SECRET?to=here', 'smtp:…: has an address that is none'],
  ['smtp://h?to=a@b&from=SECRET', 'smtp:…: has an address that is none'],
  ['smtp://h?to=a@b,SECRET', 'smtp:…: has an address that is none'],
  ['smtp://h?to=a@b&SECRET=1', 'smtp:…: has an unknown option'],
  ['smtp://h?to=a@b&tls=SECRET', 'smtp:…: tls= must be required, offered or off'],
  ['smtps://h?to=a@b&tls=off', 'smtps:…: smtps takes no tls='],
  ['smtp://h/SECRET?to=a@b', 'smtp:…: takes no path'],
  ['smtp://h:0?to=a@b', 'smtp:…: port 0 is none'],
  ['exec:', 'exec:…: names no command'],
])('%s is refused, and not shown', (url, reason) => {
  const refused = (): unknown => readReceiver(url);
  expect(refused).toThrow(`--notify ${reason}; give https://…, `);
  expect(refused).not.toThrow('SECRET');
});

openssl.describe('a mail server', () => {
  it('gets the message, with a login only over TLS', async () => {
    const tls = cleanup.add(makeCertificate('IP:127.0.0.1'), (it) => it.remove());
    const server = cleanup.add(
      await startSmtpServer({ tls, login: { user: 'me', password: 'p@ss' } }),
      (it) => it.stop(),
    );
    const url = `smtp://me:p%40ss@127.0.0.1:${server.port}?to=a@example.org,b@example.org&from=btcdmon@example.org`;
    // The certificate of the test leads to no authority.
    await expect(readReceiver(`${url}&tls=required`).send(message, signal())).rejects.toThrow(/certificate/);
    expect(server.mails).toEqual([]);
  });

  it('gets the message without TLS where it offers none', async () => {
    const server = cleanup.add(await startSmtpServer({}), (it) => it.stop());
    const url = `smtp://127.0.0.1:${server.port}?to=a@example.org,b@example.org&from=btcdmon@example.org`;
    await readReceiver(url).send(message, signal());
    const [mail, ...more] = server.mails;
    expect([mail?.from, mail?.to, more]).toEqual([
      'btcdmon@example.org',
      ['a@example.org', 'b@example.org'],
      [],
    ]);
    expect(mail?.text).toContain('\r\nSubject: [btcdmon] 1 alert fires, 1 resolved\r\n');
    expect(mail?.text).toContain('FIRING (critical) No peer is connected\r\n');
    await expect(readReceiver(`${url}&tls=required`).send(message, signal())).rejects.toThrow(/STARTTLS|TLS/);
  });

  it('gets no password without TLS, unless it is on this machine, and its answer is not repeated', async () => {
    const server = cleanup.add(await startSmtpServer({ login: { user: 'me', password: 'right' } }), (it) =>
      it.stop(),
    );
    const url = `127.0.0.1:${server.port}?to=a@example.org`;
    const wrong = readReceiver(`smtp://me:SECRET@${url}`).send(message, signal());
    await expect(wrong).rejects.toThrow(/Invalid login/);
    await expect(wrong).rejects.not.toThrow(/SECRET/);
    await readReceiver(`smtp://me@${url}`, { BTCDMON_SMTP_PASSWORD: 'right' }).send(message, signal());
    expect(server.mails.length).toBe(1);
  });
});

describe('a command', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-command-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gets the message on its input and in its variables', async () => {
    const [input, variables] = [path.join(folder, 'input'), path.join(folder, 'variables')];
    process.env['BTCDMON_HTTP_TOKEN'] = 'a-secret-of-the-program';
    const text = `exec:cat > ${input}; env > ${variables}`;
    await readReceiver(text)
      .send(message, signal())
      .finally(() => delete process.env['BTCDMON_HTTP_TOKEN']);
    expect(JSON.parse(readFileSync(input, 'utf8'))).toEqual({
      version: 1,
      ...JSON.parse(JSON.stringify(message)),
    });
    const env = readFileSync(variables, 'utf8');
    expect(env).toContain('BTCDMON_ALERT_STATUS=firing\n');
    expect(env).toContain('BTCDMON_ALERT_TITLE=1 alert fires, 1 resolved\n');
    expect(env).not.toContain('a-secret-of-the-program');
  });

  it('that fails or does not end is tried again', async () => {
    await expect(readReceiver('exec:exit 3').send(message, signal())).rejects.toThrow(
      'it ended with status 3',
    );
    const file = path.join(folder, 'alive');
    const endless = readReceiver(`exec:(sleep 600; touch ${file}) & sleep 600`);
    await expect(endless.send(message, AbortSignal.timeout(300))).rejects.toThrow('it did not end in time');
  });
});
