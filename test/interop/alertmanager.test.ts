import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { alertmanager, startAlertmanager } from '../support/alertmanager';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { listeningOf } from '../support/proc';
import { startHttpServer } from '../support/http-server';
import { runProgram } from '../support/program';
import { prometheus, startPrometheus } from '../support/prometheus';
import { until } from '../support/until';

const CONFIG = path.join(__dirname, '..', '..', 'config');
const read = (name: string): unknown => parse(readFileSync(path.join(CONFIG, name), 'utf8'));

/** What Alertmanager posts to a web hook, as far as it matters here. */
interface Posted {
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** The shipped files of Prometheus with the addresses of a test, and faster: alerts fire at once. */
function scrapingFor(program: number, notices: number): { readonly rules: string; readonly config: string } {
  const rules = read('prometheus/rules.yml') as { groups: { rules: { for?: string }[] }[] };
  for (const { rules: list } of rules.groups) for (const rule of list) delete rule.for;
  const scrape = read('prometheus/prometheus.yml') as {
    alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
    scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
  };
  expect(scrape.alerting.alertmanagers[0]?.static_configs[0]?.targets).toEqual(['alertmanager:9093']);
  const [job] = scrape.scrape_configs;
  expect(job).toMatchObject({ job_name: 'btcdmon', static_configs: [{ targets: ['node:9332'] }] });
  return {
    rules: stringify(rules),
    config: stringify({
      ...scrape,
      global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
      alerting: {
        alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${notices}`] }] }],
      },
      scrape_configs: [{ job_name: 'btcdmon', static_configs: [{ targets: [`127.0.0.1:${program}`] }] }],
    }),
  };
}

/** The shipped file of Alertmanager, with a web hook that is told at once. */
function noticesFor(hook: number): string {
  const { route, receivers } = read('alertmanager/alertmanager.yml') as {
    route: object;
    receivers: { name: string }[];
  };
  expect([route, receivers]).toMatchObject([{ receiver: 'nobody' }, [{ name: 'nobody' }]]);
  return stringify({
    route: { ...route, receiver: 'hook', group_wait: '100ms', group_interval: '1s' },
    receivers: [{ name: 'hook', webhook_configs: [{ url: `http://127.0.0.1:${hook}/told` }] }],
  });
}

const missing = alertmanager.path === null ? alertmanager : prometheus;

missing.describe('an alert of Prometheus', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it('goes from /metrics by Prometheus and Alertmanager to a web hook, and so does its end', async () => {
    const home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-alertmanager-')), (folder) =>
      rmSync(folder, { recursive: true, force: true }),
    );
    const hook = cleanup.add(await startHttpServer(() => ({ status: 200 })), (it) => it.stop());
    const told = () => hook.received.flatMap(({ body }) => (JSON.parse(body) as Posted).alerts);
    // Peers need a port that stays free until one listens there.
    const [metrics, peerPort] = [await freePort(), await freePort()];
    const notices = await startAlertmanager(
      alertmanager.path ?? '',
      { folder: home, config: noticesFor(hook.port) },
      cleanup,
    );
    const { rules, config } = scrapingFor(metrics, notices.port);
    writeFileSync(path.join(home, 'rules.yml'), rules);
    await startPrometheus(prometheus.path ?? '', { folder: home, config }, cleanup);
    const args = ['-n', 'regtest', '-c', `127.0.0.1:${peerPort}`, '--node', 'alpha', '--interval', '200ms'];
    const listener = cleanup.add(
      runProgram([...args, '-e', `prometheus://127.0.0.1:${metrics}`], home),
      (it) => it.stop(),
    );

    const noPeers = await until(
      'the alert',
      () => told().find(({ labels }) => labels['alertname'] === 'BtcdmonNoPeers'),
      { giveUp: listener.ended },
    );
    expect(noPeers).toMatchObject({
      status: 'firing',
      labels: { node: 'alpha', network: 'regtest', severity: 'critical' },
      annotations: {
        summary: 'alpha has had no peer for 5 minutes',
        dashboard: expect.stringMatching(
          /^http:\/\/localhost:3000\/grafana\/d\/btcdmon-prometheus-peers\?viewPanel=\d+$/,
        ) as string,
        runbook_url: 'http://localhost:8380/runbooks#no-peers',
      },
    });

    cleanup.add(await FakePeer.start({ port: peerPort }), (it) => it.stop());
    await until(
      'its end',
      () =>
        told().some(
          ({ labels, status }) => labels['alertname'] === 'BtcdmonNoPeers' && status === 'resolved',
        ),
      { giveUp: listener.ended },
    );
    expect(listeningOf(notices.pid)).toEqual([`127.0.0.1:${notices.port}`]);
  });
});
