import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { btcd } from '../support/btcd';
import { type ChildScript, childScript } from '../support/child';
import type { Container } from '../support/compose/container';
import { copyProject } from '../support/compose/copy';
import { BUSYBOX, type Image, programImage } from '../support/compose/images';
import { buildComposeJudge, loadProject } from '../support/compose/judge';
import { Stack } from '../support/compose/stack';
import { namespaces } from '../support/compose/switch';
import { go } from '../support/go-judge';
import { influxd } from '../support/influxd';
import { natsServer } from '../support/nats';
import { prometheus } from '../support/prometheus';
import { findProgram, requirement } from '../support/requires';
import { until } from '../support/until';

const nginx = requirement(
  'nginx',
  () => findProgram('nginx', ['/usr/sbin']),
  'install nginx (Debian: apt-get install nginx-light)',
);
const busybox = requirement(
  'busybox',
  () => findProgram('busybox'),
  'install it (Debian: apt-get install busybox)',
);

/** What stands in the place of images. Grafana and Chronograf are not to be had: their services have a stand-in's program. */
function imagesOf(standIn: ChildScript): Readonly<Record<string, Image>> {
  const other: Image = {
    entrypoint: [],
    binds: [{ source: standIn.file, target: '/stand-in.js', readOnly: true }],
    links: { '/usr/local/bin/node': process.execPath },
  };
  return {
    'btcdmon-node': programImage(),
    influxdb: { entrypoint: [] },
    'btcdmon-btcd': {
      entrypoint: ['btcd'],
      binds: [{ source: btcd.path ?? '', target: '/usr/local/bin/btcd', readOnly: true }],
    },
    'prom/prometheus': { entrypoint: ['prometheus'], links: BUSYBOX },
    nats: { entrypoint: [], links: BUSYBOX },
    nginx: { entrypoint: [], links: BUSYBOX, asksNameServer: true },
    'grafana/grafana': other,
    chronograf: other,
  };
}

/** All that these tests need; the first that is missing takes their place. */
const needed = [namespaces, go, influxd, btcd, prometheus, natsServer, nginx, busybox];
const missing = needed.find(({ path: found }) => found === null) ?? namespaces;

missing.describe('docker-compose.yml with the programs of this machine', () => {
  const standIn = childScript('support/compose/stand-in.ts');
  let folder = '';
  let stack: Stack;

  const secret = (name: string): string => readFileSync(path.join(folder, 'secrets', name), 'utf8');

  /** Starts a stack with these lines in .env. */
  const make = async (profiles: readonly string[], settings = ''): Promise<void> => {
    const env = readFileSync(path.join(folder, '.env'), 'utf8');
    writeFileSync(path.join(folder, 'test.env'), `${env}\n${settings}\n`);
    const judge = buildComposeJudge(go.path ?? '', folder);
    stack = await Stack.make({
      project: loadProject(judge, folder, { env: 'test.env', profiles }),
      folder,
      images: imagesOf(standIn),
      standIns: {
        grafana: ['node', '/stand-in.js', '3000'],
        chronograf: ['node', '/stand-in.js', '8888'],
      },
    });
  };

  /** Runs curl in a container; the status and what it prints. */
  const curl = (container: Container, ...args: readonly string[]): string => {
    const { status, stdout, stderr } = container.exec(['curl', '-sS', '-m', '10', ...args]);
    if (status !== 0) throw new Error(`curl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };

  /** What InfluxDB answers to a user who asks it from Grafana's place. */
  const ask = (container: Container, user: string, password: string, q: string): string =>
    curl(
      container,
      ...['-u', `${user}:${password}`, '--data-urlencode', `q=${q}`],
      'http://influxdb:8086/query?db=btcdmon',
    );

  beforeAll(() => {
    folder = copyProject();
  });
  afterEach(() => stack.stop());
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    standIn.remove();
  });

  it('runs from btcd to the front door', async () => {
    await make(
      ['btcd', 'prometheus', 'chronograf', 'nginx'],
      'BTCDMON_CONNECT=btcd:8333\nBTCDMON_JOIN=false',
    );
    const [node, grafana, server] = [
      await stack.up('node'),
      await stack.up('grafana'),
      await stack.up('nginx'),
    ];
    await stack.up('prometheus');
    for (const name of ['node', 'prometheus', 'nginx']) await stack.healthy(name);

    // As the last user on this machine, and with a root that is not written to.
    for (const name of ['node', 'influxdb', 'btcd', 'prometheus', 'nginx']) {
      const { stdout, stderr } = stack
        .container(name)
        .exec(['sh', '-c', 'id -u; grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status; echo > /here']);
      expect(stdout.replaceAll(/\s+/g, ' ')).toBe(
        '10001 CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 ',
      );
      expect(stderr).toContain('Read-only file system');
    }

    // Points come from btcd by the node to InfluxDB, where each user has its own right alone.
    const reader = secret('influx_reader_password');
    const connected = await until('points in InfluxDB', () => {
      const answer = ask(
        grafana,
        'grafana',
        reader,
        "SELECT max(total_connected) FROM peers WHERE node = 'btcdmon'",
      );
      return answer.includes('"series"') && answer;
    });
    expect(connected).toMatch(/"values":\[\["[^"]+",1\]\]/);
    const refused = /not authorized|requires admin|authorization failed/;
    expect(ask(grafana, 'grafana', reader, 'DROP DATABASE btcdmon')).toMatch(refused);
    expect(ask(grafana, 'grafana', 'wrong', 'SELECT * FROM peers')).toMatch(refused);
    expect(ask(grafana, 'writer', secret('influx_writer_password'), 'SELECT * FROM peers')).toMatch(refused);
    expect(ask(grafana, 'admin', secret('influx_admin_password'), 'SHOW USERS')).toContain(
      '["writer",false]',
    );
    expect(curl(grafana, 'http://influxdb:8086/query?q=SHOW+DATABASES')).toContain(
      'unable to parse authentication',
    );

    // Over UDP too, where that is what .env says.
    const send =
      "require('dgram').createSocket('udp4').send('by_udp v=1i', 8089, 'influxdb', () => process.exit(0))";
    expect(node.exec(['node', '-e', send]).status).toBe(0);
    await until('a point that came over UDP', () =>
      ask(grafana, 'grafana', reader, 'SELECT v FROM by_udp').includes('"values"'),
    );

    await checkPrometheus(stack.container('prometheus'));
    await checkFrontDoor(server);

    // The backup that docs/operators.md tells of, and back from it.
    const run = (...args: readonly string[]): void => {
      const { status, stderr } = stack.container('influxdb').exec(['influxd', ...args]);
      expect([args, status, status === 0 ? '' : stderr]).toEqual([args, 0, '']);
    };
    run('backup', '-portable', '-db', 'btcdmon', '/var/lib/influxdb/backup');
    run('restore', '-portable', '-db', 'btcdmon', '-newdb', 'restored', '/var/lib/influxdb/backup');
    const count = 'SELECT count(total_connected) FROM restored.autogen.peers';
    expect(ask(grafana, 'admin', secret('influx_admin_password'), count)).toMatch(
      /"values":\[\["[^"]+",\d+\]\]/,
    );

    expect(await node.signal('SIGTERM')).toBe(0);
    expect(node.log()).not.toMatch(/error|dropped/i);
    expect(await server.signal('SIGQUIT')).toBe(0);
  }, 120_000);

  it('runs by NATS and a collector', async () => {
    await make(
      ['nats', 'btcd'],
      'BTCDMON_CONNECT=btcd:8333\nBTCDMON_JOIN=false\n' +
        'BTCDMON_POINTS_TO=nats://node@nats/BTCDMON?password-file=/run/secrets/nats_node_password',
    );
    await stack.up('node');
    const grafana = await stack.up('grafana');
    for (const name of ['node', 'nats', 'collect']) await stack.healthy(name);
    const reader = secret('influx_reader_password');
    await until('points in InfluxDB', () =>
      ask(grafana, 'grafana', reader, 'SHOW TAG VALUES FROM btcdmon WITH KEY = node').includes(
        '"btcdmon-collect"',
      ),
    );
    expect(ask(grafana, 'grafana', reader, 'SHOW TAG VALUES FROM btcdmon WITH KEY = node')).toContain(
      '"btcdmon"',
    );
    for (const name of ['node', 'collect']) {
      expect(await stack.container(name).signal('SIGTERM')).toBe(0);
      expect(stack.container(name).log()).not.toMatch(/error|dropped/i);
    }
  }, 120_000);

  async function checkPrometheus(container: Container): Promise<void> {
    const { status, stdout, stderr } = container.exec([
      'promtool',
      'check',
      'config',
      '/etc/prometheus/prometheus.yml',
    ]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
    const targets = await until('both targets to be scraped', () => {
      const text = curl(container, 'http://127.0.0.1:9090/api/v1/targets');
      return !text.includes('"health":"unknown"') && text;
    });
    expect(targets.match(/"health":"up"/g)).toHaveLength(2);
    const scraped = curl(container, 'http://127.0.0.1:9090/api/v1/query?query=btcdmon_peers_total_connected');
    expect(scraped).toMatch(/"node":"btcdmon".*"value":\[[\d.]+,"1"\]/);
  }

  /** nginx, seen by who comes to it. */
  async function checkFrontDoor(server: Container): Promise<void> {
    const at = 'https://localhost:8443';
    const trust = ['--cacert', '/run/secrets/tls_certificate'];
    const get = (target: string, ...args: readonly string[]): string =>
      curl(server, ...trust, ...args, `${at}${target}`);
    const status = (target: string, ...args: readonly string[]): number =>
      Number(get(target, '-o', '/dev/null', '-w', '%{http_code}', ...args));

    const plain = curl(
      server,
      '-i',
      'http://127.0.0.1:8080/some/where?x=1',
      '-H',
      'Host: monitor.example.org',
    );
    expect(plain).toMatch(/^HTTP\/1.1 308 .*\r\n/);
    expect(plain).toContain('Location: https://monitor.example.org/some/where?x=1\r\n');
    // A pipe, which can be opened by name; what Node.js gives a child is none.
    const tested = server.exec(['sh', '-c', 'nginx -t -e stderr 2>&1 | cat']).stdout;
    expect(tested).toMatch(/test is successful\n$/);
    expect(tested).not.toMatch(/\[/);

    // Modern TLS alone.
    const old = server.exec(['curl', '-sS', ...trust, '--tls-max', '1.1', `${at}/`]);
    expect(old.status).not.toBe(0);
    expect(get('/login', '-I', '--http2')).toMatch(/^HTTP\/2 /);

    // The page, whose token is asked for, with the headers of a careful site.
    const token = secret('page_token');
    const bearer = ['-H', `Authorization: Bearer ${token}`];
    expect(status('/api/info')).toBe(401);
    const info = get('/api/info', '-i', '--http1.1', ...bearer);
    expect(info).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(info).toContain('"node":"btcdmon"');
    for (const header of [
      'Strict-Transport-Security: max-age=31536000',
      'X-Content-Type-Options: nosniff',
      'X-Frame-Options: DENY',
      'Referrer-Policy: same-origin',
    ])
      expect(info.split(`${header}\r\n`)).toHaveLength(2);
    expect(info.match(/content-security-policy: /gi)).toHaveLength(1);
    expect(info).not.toMatch(/nginx\/|x-powered-by/i);
    const body = path.join('/tmp', 'body');
    server.exec(['sh', '-c', `head -c 100000 /dev/zero > ${body}`]);
    expect(status('/api/query', ...bearer, '--data-binary', `@${body}`)).toBe(413);
    const login = get(
      '/login',
      '-i',
      '-d',
      JSON.stringify({ token }),
      '-H',
      'Content-Type: application/json',
    );
    expect(login).toMatch(/set-cookie: btcdmon_[^\r]*; secure/i);

    // Events as they come: the first is there while the stream goes on.
    const stream = server.spawn(['curl', '-sSN', ...trust, ...bearer, `${at}/api/live`]);
    let events = '';
    stream.stdout?.setEncoding('utf8').on('data', (text: string) => (events += text));
    await until('two events', () => events.split('event: status').length > 2);
    expect(stream.exitCode).toBeNull();
    stream.kill();

    // Grafana under its path, with a WebSocket; what it says of frames is not believed.
    const echoed = get('/grafana/d/x?y=1', '-i', '--http1.1', '-H', 'X-Forwarded-For: 192.0.2.1');
    expect(echoed).toContain('"url":"/grafana/d/x?y=1"');
    expect(echoed).toMatch(/"x-forwarded-for":"127.0.0.1".*"x-forwarded-proto":"https"/);
    expect(echoed).toContain('"host":"localhost:8443"');
    expect(echoed).toMatch(/Set-Cookie: session=1;[^\r]*secure/i);
    expect(echoed).not.toContain('ALLOWALL');
    expect(get('/grafana', '-I')).toMatch(/location: \/grafana\/\r/i);
    const upgrade = ['--http1.1', '-N', '-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket'];
    expect(get('/grafana/api/live/ws', '-i', ...upgrade)).toMatch(/101 Switching Protocols[^]*hello$/);

    // Prometheus has no login of its own, and gets none.
    const admin = ['-u', `admin:${secret('web_password')}`];
    expect(status('/prometheus/-/ready')).toBe(401);
    expect(status('/prometheus/-/ready', '-u', 'admin:wrong')).toBe(401);
    expect(status('/prometheus/-/ready', ...admin)).toBe(200);

    // Chronograf is not started yet, and comes later. Docker then knows no such name; here it has an address where nobody is.
    expect(status('/chronograf/')).toBe(401);
    expect([502, 504]).toContain(status('/chronograf/', ...admin));
    await stack.up('chronograf');
    await until('Chronograf', () => status('/chronograf/', ...admin) === 200);
    expect(get('/chronograf/a', ...admin)).toMatch(/"url":"\/chronograf\/a".*"authorization":"Basic /);

    // Whoever guesses is slowed down.
    const guesses = get(
      '/grafana/login?[1-60]',
      '-X',
      'POST',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} ',
    ).split(' ');
    expect(guesses.slice(0, 5)).toEqual(['200', '200', '200', '200', '200']);
    expect(guesses).toContain('429');
  }
});
