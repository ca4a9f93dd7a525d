import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { panelId } from '../../grafana/generator/panels';
import { ALERTS } from '../../src/alerts/alerts';
import { Cleanup } from '../support/cleanup';
import {
  type Course,
  QUIET,
  STEP_S,
  STEPS,
  STORIES,
  type Story,
  TARGET,
  nodeOf,
} from '../support/alert-stories';
import { promtool } from '../support/prometheus';

const RULES = path.join(__dirname, '..', '..', 'config', 'prometheus', 'rules.yml');

function values(course: Course): string {
  return Array.from({ length: STEPS + 1 }, (_, step) => course(step * STEP_S) ?? '_').join(' ');
}

function series(story: Story): object[] {
  const node = nodeOf(story);
  const { courses = {}, network = 'mainnet', up = () => 1 } = story;
  const labels = `instance="${node}:9332",job="btcdmon"`;
  return [
    { series: `up{${labels}}`, values: values(up) },
    ...Object.entries({ ...QUIET, ...courses }).map(([name, course]) => {
      const all = `node="${node}",network="${network}",${labels}`;
      return {
        series: name.endsWith('}') ? `${name.slice(0, -1)},${all}}` : `${name}{${all}}`,
        values: values(course),
      };
    }),
  ];
}

/** Which alerts fire for the node of a story at each time, including those that must not. */
function questions(story: Story): object[] {
  const node = nodeOf(story);
  return story.fires.map(([seconds, firing]) => ({
    expr: `ALERTS{alertstate="firing", node="${node}"} or ALERTS{alertstate="firing", instance="${node}:9332"}`,
    eval_time: `${seconds}s`,
    exp_samples: Object.entries(firing).map(([alertname, labels]) => ({
      labels: sample({
        ...{
          alertname,
          alertstate: 'firing',
          severity: ALERTS.find(({ name }) => name === alertname)?.severity,
        },
        ...(labels === TARGET ? { instance: `${node}:9332` } : { node, network: 'mainnet' }),
        ...labels,
      }),
      value: 1,
    })),
  }));
}

function sample(labels: Readonly<Record<string, string | undefined>>): string {
  const text = Object.entries(labels).map(([name, value]) => `${name}="${value ?? ''}"`);
  return `ALERTS{${text.join(',')}}`;
}

promtool.describe('the rules of Prometheus', (program) => {
  const cleanup = new Cleanup();
  let output = '';

  function run(test: object): string {
    const folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-rules-')), (name) =>
      rmSync(name, { recursive: true }),
    );
    const file = path.join(folder, 'tests.yml');
    const tests = [{ interval: `${STEP_S}s`, ...test }];
    writeFileSync(file, stringify({ rule_files: [RULES], evaluation_interval: `${STEP_S}s`, tests }));
    const { stdout, stderr } = spawnSync(program, ['test', 'rules', file], { encoding: 'utf8' });
    return (stdout + stderr).trim();
  }

  // All nodes at once: this tests that alerts distinguish them, and takes a tenth of the time.
  beforeAll(() => {
    output = run({ input_series: STORIES.flatMap(series), promql_expr_test: STORIES.flatMap(questions) });
  });

  afterAll(() => cleanup.run());

  it('are accepted by Prometheus', () => {
    const { status, stdout } = spawnSync(program, ['check', 'rules', RULES], { encoding: 'utf8' });
    expect(stdout).toContain(`${ALERTS.length} rules found`);
    expect(status).toBe(0);
  });

  it('have a story each', () => {
    const told = new Set(STORIES.flatMap(({ fires }) => fires.flatMap(([, firing]) => Object.keys(firing))));
    expect([...told].sort()).toEqual(ALERTS.map(({ name }) => name).sort());
  });

  it.each(STORIES.map((story) => [story.title, story] as const))('fire and clear: %s', (_, story) => {
    const failures = output.split(/\n(?= *expr:)/).filter((part) => part.includes(`"${nodeOf(story)}\\"`));
    expect(failures).toEqual([]);
  });

  it('fire and clear in no other case', () => {
    expect(output).toMatch(/SUCCESS$/);
  });

  it('report that the monitor is down if Prometheus has no data of it', () => {
    const down = { alertname: 'BtcdmonDown', alertstate: 'firing', job: 'btcdmon', severity: 'critical' };
    const test = {
      input_series: [{ series: 'up{job="prometheus"}', values: '1x40' }],
      promql_expr_test: [
        {
          expr: 'ALERTS{alertstate="firing"}',
          eval_time: '5m',
          exp_samples: [{ labels: sample(down), value: 1 }],
        },
      ],
    };
    expect(run(test)).toMatch(/SUCCESS$/);
  });

  it.each([
    [{}, 'http://localhost:3000/grafana/', 'http://localhost:8380/runbooks'],
    [
      { grafana: 'https://grafana.example.org/', runbooks: 'https://wiki.example.org/btcdmon' },
      'https://grafana.example.org/',
      'https://wiki.example.org/btcdmon',
    ],
  ])('name the node, and link to the panel and the runbook: %o', (externalLabels, grafana, runbooks) => {
    const { severity, meaning, panel = '' } = ALERTS.find(({ name }) => name === 'BtcdmonNoPeers') ?? {};
    const test = {
      external_labels: externalLabels,
      input_series: [
        { series: 'btcdmon_peers_total_connected{node="alpha",network="signet"}', values: '0x40' },
      ],
      alert_rule_test: [
        {
          eval_time: '5m',
          alertname: 'BtcdmonNoPeers',
          exp_alerts: [
            {
              exp_labels: { severity, node: 'alpha', network: 'signet' },
              exp_annotations: {
                summary: 'alpha has had no peer for 5 minutes',
                description: meaning,
                dashboard: `${grafana}d/btcdmon-prometheus-peers?viewPanel=${panelId(panel)}`,
                runbook_url: `${runbooks}#no-peers`,
              },
            },
          ],
        },
      ],
    };
    expect(run(test)).toMatch(/SUCCESS$/);
  });
});
