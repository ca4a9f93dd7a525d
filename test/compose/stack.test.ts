import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { btcd } from '../support/btcd';
import { type ChildScript, childScript } from '../support/child';
import type { Container } from '../support/compose/container';
import { copyProject } from '../support/compose/copy';
import { BUSYBOX, type Image, programImage } from '../support/compose/images';
import { type Project, type Service, buildComposeJudge, loadProject } from '../support/compose/judge';
import { Stack } from '../support/compose/stack';
import { namespaces } from '../support/compose/switch';
import { go } from '../support/go-judge';
import { alertmanager } from '../support/alertmanager';
import { influxd } from '../support/influxd';
import { natsServer } from '../support/nats';
import { prometheus } from '../support/prometheus';
import { findProgram, requirement } from '../support/requires';
import { until } from '../support/until';
import { checkFrontDoor, curl } from './front-door';

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

/**
 * What stands in the place of images. Grafana and Chronograf are not to be had: their services have a
 * stand-in's program.
 */
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
    'prom/prometheus': { entrypoint: ['prometheus'], links: BUSYBOX, asksNameServer: true },
    'prom/alertmanager': { entrypoint: ['prometheus-alertmanager'], links: BUSYBOX, asksNameServer: true },
    nats: { entrypoint: [], links: BUSYBOX },
    nginx: { entrypoint: [], links: BUSYBOX, asksNameServer: true },
    'grafana/grafana': other,
    chronograf: other,
  };
}

/** The command line of a process; empty for one that has ended. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Requirements of these tests; one test names the first that is missing. */
const needed = [namespaces, go, influxd, btcd, prometheus, alertmanager, natsServer, nginx, busybox];
const missing = needed.find(({ path: found }) => found === null) ?? namespaces;

missing.describe('docker-compose.yml with the programs of this machine', () => {
  const standIn = childScript('support/compose/stand-in.ts');
  let folder = '';
  let stack: Stack;

  const secret = (name: string): string => readFileSync(path.join(folder, 'secrets', name), 'utf8');

  /** Starts a stack with these lines in .env. */
  const make = async (
    profiles: readonly string[],
    settings = '',
    servicesOf = ({ services }: Project): Project['services'] => services,
  ): Promise<void> => {
    const env = readFileSync(path.join(folder, '.env'), 'utf8');
    writeFileSync(path.join(folder, 'test.env'), `${env}\n${settings}\n`);
    const judge = buildComposeJudge(go.path ?? '', folder);
    const project = loadProject(judge, folder, { env: 'test.env', profiles });
    stack = await Stack.make({
      project: { ...project, services: servicesOf(project) },
      folder,
      images: imagesOf(standIn),
      standIns: {
        grafana: ['node', '/stand-in.js', '3000'],
        chronograf: ['node', '/stand-in.js', '8888'],
      },
    });
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
    await stack.up('alertmanager');
    await stack.up('prometheus');
    for (const name of ['node', 'alertmanager', 'prometheus', 'nginx']) await stack.healthy(name);

    // As the last user of this machine, and with a read-only root.
    for (const name of ['node', 'influxdb', 'btcd', 'watch', 'prometheus', 'alertmanager', 'nginx']) {
      const { stdout, stderr } = stack
        .container(name)
        .exec(['sh', '-c', 'id -u; grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status; echo > /here']);
      expect(stdout.replaceAll(/\s+/g, ' ')).toBe(
        '10001 CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 ',
      );
      expect(stderr).toContain('Read-only file system');
    }

    // Points go from btcd over the node to InfluxDB, where each user has only its own right.
    const reader = secret('influx_reader_password');
    const most = "SELECT max(total_connected) FROM peers WHERE node = 'btcdmon'";
    // In its first intervals the node may have no peer yet.
    await until('the peer in InfluxDB', () =>
      /"values":\[\["[^"]+",1\]\]/.test(ask(grafana, 'grafana', reader, most)),
    );
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

    // Over UDP too, if .env says so.
    const send =
      "require('dgram').createSocket('udp4').send('by_udp v=1i', 8089, 'influxdb', () => process.exit(0))";
    expect(node.exec(['node', '-e', send]).status).toBe(0);
    await until('a point that came over UDP', () =>
      ask(grafana, 'grafana', reader, 'SELECT v FROM by_udp').includes('"values"'),
    );

    await checkPrometheus(stack.container('prometheus'));
    await checkFrontDoor(stack, secret);

    // The backup of docs/operators.md, and its restore.
    const run = (...args: readonly string[]): void => {
      const { status, stderr } = stack.container('influxdb').exec(['influxd', ...args]);
      expect([args, status, status === 0 ? '' : stderr]).toEqual([args, 0, '']);
    };
    run('backup', '-portable', '-db', 'btcdmon', '/var/lib/influxdb/backup');
    run('restore', '-portable', '-db', 'btcdmon', '-newdb', 'restored', '/var/lib/influxdb/backup');
    const count = 'SELECT count(total_connected) FROM restored.autogen.peers';
    // Until the restored shard is open, its engine is closed.
    await until('the restored points', () =>
      /"values":\[\["[^"]+",\d+\]\]/.test(ask(grafana, 'admin', secret('influx_admin_password'), count)),
    );

    expect(await node.signal('SIGTERM')).toBe(0);
    expect(node.log()).not.toMatch(/"level":"error"|dropped/i);
    expect(await server.signal('SIGQUIT')).toBe(0);
  });

  it('watches and taps btcd', async () => {
    // A btcd of the network outside. The one of the profile dials it by a name that the tap looks up. Our
    // node dials the port of the tap; another btcd would refuse a pruned one.
    const stranger: Partial<Service> = {
      entrypoint: ['btcd', '--configfile=/dev/null', '--datadir=/tmp/data', '--logdir=/tmp/logs', '--norpc'],
      command: ['--nodnsseed', '--listen=0.0.0.0:8333'],
      networks: { outside: null },
      secrets: [],
      volumes: [],
      environment: { HOME: '/tmp' },
      depends_on: {},
    };
    await make(['btcd'], 'BTCDMON_JOIN=false\nBTCDMON_CONNECT=watch:8333', (project) => {
      const { btcd: service } = project.services;
      if (service === undefined) throw new Error('the profile has no btcd');
      return {
        ...project.services,
        btcd: { ...service, command: ['--addpeer=stranger:8333'] },
        stranger: { ...service, ...stranger },
      };
    });
    await stack.up('stranger');
    await stack.up('node');
    const [watch, own] = [stack.container('watch'), stack.container('btcd')];

    // Points in the store of the monitor, and in InfluxDB.
    const select = (columns: string, rest: string): string => {
      const command = ['btcdmon-node', 'query', '--raw', `SELECT ${columns} FROM ${rest}`];
      const { status, stdout, stderr } = watch.exec([...command, '--format', 'csv']);
      if (status !== 0) throw new Error(`${columns} FROM ${rest}: ${stderr}`);
      return stdout;
    };
    const ofBtcd = (columns: string, series: string): string =>
      select(columns, `${series} WHERE node = 'btcd'`);
    /** Peers that the tap leads, inbound and outbound, by its newest point since a time in milliseconds. */
    const led = (sinceMs: number): string =>
      select(
        'inbound, outbound',
        `tap WHERE node = 'btcd' AND epoch_ms(time) > ${sinceMs} ORDER BY time DESC LIMIT 1`,
      );
    await until('the tap to lead a peer each way', () => /^1,1$/m.test(led(0)));
    await until('messages by the tap', () => /^[2-9]$/m.test(ofBtcd('sum(verack)', 'msg_recv')));
    // The listener beside the tap is the third peer: it dials btcd itself.
    await until('peers by the RPC', () => /^3$/m.test(ofBtcd('max(total_connected)', 'peers')));
    await until('the health by the RPC', () => /^260000$/m.test(ofBtcd('max(version)', 'node_status')));
    const reader = secret('influx_reader_password');
    for (const [column, series] of [
      ['max(total_connected)', 'peers'],
      ['max(version)', 'node_status'],
      ['sum(verack)', 'msg_recv'],
      ['max(outbound)', 'tap'],
    ] as const)
      await until(`${series} in InfluxDB`, () =>
        ask(watch, 'grafana', reader, `SELECT ${column} FROM ${series} WHERE node = 'btcd'`).includes(
          '"values"',
        ),
      );

    // btcd reaches the two listeners alone, and nobody can read its password in the list of processes.
    expect(own.exec(['getent', 'hosts', 'watch']).stdout).toMatch(/^10\..* watch\n$/);
    for (const other of ['stranger', 'influxdb', 'grafana'])
      expect([other, own.exec(['getent', 'hosts', other]).stdout]).toEqual([other, '']);
    const password = secret('btcd_rpc_password');
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    for (const pid of processes) expect(commandLine(pid)).not.toContain(password);
    for (const container of [watch, own]) expect(container.log()).not.toContain(password);

    // Either may restart: the other waits for it.
    const restartMs = Date.now();
    expect(await stack.restart('btcd')).toBe(0);
    const gaps = `watch_gaps WHERE node = 'btcd' AND epoch_ms(time) > ${restartMs}`;
    await until('btcd to notify again', () => /^notifications$/m.test(select('DISTINCT source', gaps)));
    expect(await stack.restart('watch')).toBe(0);
    const sinceMs = Date.now();
    await stack.healthy('watch');
    await until('the peers to come back by the tap', () => /^1,1$/m.test(led(sinceMs)));
    expect(await watch.signal('SIGTERM')).toBe(0);
    expect(watch.log()).not.toMatch(/dropped/i);
  });

  it('runs with NATS and a collector', async () => {
    await make(
      ['nats', 'btcd'],
      'BTCDMON_CONNECT=btcd:8333\nBTCDMON_JOIN=false\n' +
        'BTCDMON_POINTS_TO=nats://node@nats/BTCDMON?password-file=/run/secrets/nats_node_password',
    );
    await stack.up('node');
    const grafana = await stack.up('grafana');
    for (const name of ['node', 'nats', 'collect']) await stack.healthy(name);
    const reader = secret('influx_reader_password');
    const nodes = 'SHOW TAG VALUES FROM btcdmon WITH KEY = node';
    await until('points of both in InfluxDB', () => {
      const answer = ask(grafana, 'grafana', reader, nodes);
      return answer.includes('"btcdmon-collect"') && answer.includes('"btcdmon"');
    });
    for (const name of ['node', 'collect']) {
      expect(await stack.container(name).signal('SIGTERM')).toBe(0);
      expect(stack.container(name).log()).not.toMatch(/"level":"error"|dropped/i);
    }
  });

  async function checkPrometheus(container: Container): Promise<void> {
    const { status, stdout, stderr } = container.exec([
      'promtool',
      'check',
      'config',
      '/etc/prometheus/prometheus.yml',
    ]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
    const targets = await until('all targets to be scraped', () => {
      const text = curl(container, 'http://127.0.0.1:9090/api/v1/targets');
      return text.match(/"health":"up"/g)?.length === 3 && text;
    });
    expect(targets).toContain('"instance":"watch:9332"');
    await until('Prometheus to know its Alertmanager', () =>
      curl(container, 'http://127.0.0.1:9090/api/v1/alertmanagers').includes(
        '"activeAlertmanagers":[{"url":"http://alertmanager:9093/api/v2/alerts"}]',
      ),
    );
    // A scrape may come before the first interval.
    for (const node of ['btcdmon', 'btcd'])
      await until(`peers of ${node} in Prometheus`, () => {
        const query = `btcdmon_peers_total_connected{node="${node}"}`;
        const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(query)}`;
        return /"value":\[[\d.]+,"[1-9]"\]/.test(curl(container, url));
      });
  }
});
