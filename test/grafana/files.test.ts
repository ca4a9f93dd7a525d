import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { parse } from 'yaml';
import { ALERTS } from '../../src/alerts/alerts';
import { PROMQL } from '../../grafana/generator/alert-promql';
import { DOCUMENTS, files } from '../../grafana/generator/files';
import { THRESHOLDS } from '../../grafana/generator/look';
import { MOUNTS, STORES, type StoreName } from '../../grafana/generator/provisioned-names';
import { PANELS, panelOf } from '../../src/panels/list';
import { complaints, partsOf } from '../support/grafana-types';

const ROOT = path.join(__dirname, '..', '..');
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');

const made = files();
const inFolder = (folder: string): readonly (readonly [string, string])[] =>
  [...made].filter(([name]) => name.startsWith(`${folder}/`));
const dashboardsOf = (store: StoreName): readonly Dashboard[] =>
  inFolder(`grafana/dashboards/${store}`).map(([, text]) => JSON.parse(text) as Dashboard);
const all = [...dashboardsOf('influxdb'), ...dashboardsOf('rollups'), ...dashboardsOf('prometheus')];

/** A panel in JSON. */
interface PanelJson {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit?: string } };
  readonly links?: readonly { readonly url: string }[];
}
const panelsOf = ({ panels }: Dashboard): readonly PanelJson[] => panels as unknown as readonly PanelJson[];

interface SourcesFile {
  readonly datasources: readonly {
    readonly uid: string;
    readonly type: string;
    readonly url: string;
    readonly secureJsonData?: { readonly password?: string };
  }[];
}
const sources = (parse(read('grafana/provisioning/datasources/btcdmon.yaml')) as SourcesFile).datasources;

describe('the output of npm run grafana', () => {
  it.each([...made])('%s is in the repository, byte for byte', (name, text) => {
    expect(existsSync(path.join(ROOT, name))).toBe(true);
    expect(read(name) === text).toBe(true);
  });

  it('is everything in its folders', () => {
    const found = ['grafana/dashboards', 'grafana/provisioning'].flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name))),
    );
    expect(found.sort()).toEqual([...made.keys()].filter((name) => name.startsWith('grafana/')).sort());
  });

  it('is in the docs: what Prometheus can’t answer, and what each alert means', () => {
    for (const [name, updated] of Object.entries(DOCUMENTS))
      expect([name, updated(read(name)) === read(name)]).toEqual([name, true]);
    expect(read('docs/grafana.md').match(/^- Fees, “Feerate”: all of it$/gm)).toHaveLength(2);
    for (const { slug } of ALERTS) expect(read('docs/alerts.md')).toContain(`<a id="${slug}"></a>`);
  });
});

describe('the dashboards', () => {
  it('conform to Grafana’s own types', () => {
    expect(complaints(all.flatMap(partsOf))).toEqual([]);
  });

  it('would not conform with a mistake', () => {
    const [right] = all;
    const [stat] = right === undefined ? [] : partsOf(right).filter(({ type }) => type.includes('stat'));
    const found = complaints([
      ...partsOf({ ...right, graphTooltip: 7 }),
      ...partsOf({ ...right, titel: 'x' }),
      { value: { ...(stat?.value as object), graphMode: 'no such mode' }, type: stat?.type ?? '' },
    ]);
    expect(found).toHaveLength(3);
    for (const [index, word] of ["'7'", 'titel', 'no such mode'].entries())
      expect(found[index]).toContain(word);
  });

  it.each(Object.values(STORES))('show every panel that $name can answer, each once', (store) => {
    const shown = dashboardsOf(store.name)
      .filter(({ uid }) => !uid?.endsWith('-overview'))
      .flatMap(panelsOf);
    const titles = shown.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    if (store.name === 'influxdb') expect(titles.sort()).toEqual(PANELS.map(({ title }) => title).sort());
    for (const { description, fieldConfig } of shown) {
      expect(description.length).toBeGreaterThan(20);
      expect(fieldConfig.defaults.unit).toBeDefined();
    }
  });

  it('have unique uids and panel numbers, and matching file names', () => {
    const uids = all.map(({ uid }) => uid);
    expect(new Set(uids).size).toBe(all.length);
    for (const dashboard of all) {
      const ids = panelsOf(dashboard).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(dashboard.uid?.length).toBeLessThanOrEqual(40);
    }
    for (const { name, prefix } of Object.values(STORES))
      for (const [file, text] of inFolder(`grafana/dashboards/${name}`))
        expect((JSON.parse(text) as Dashboard).uid).toBe(`${prefix}-${path.basename(file, '.json')}`);
  });

  it('have panels that are in the grid and do not overlap', () => {
    for (const dashboard of all) {
      const taken = new Set<string>();
      for (const { gridPos } of panelsOf(dashboard)) {
        expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            expect(taken.has(`${x} ${y}`)).toBe(false);
            taken.add(`${x} ${y}`);
          }
      }
    }
  });

  it('link to existing dashboards', () => {
    const uids = new Set(all.map(({ uid }) => uid));
    const tags = new Set(all.flatMap((dashboard) => dashboard.tags ?? []));
    for (const dashboard of all) {
      expect(dashboard.links?.length).toBe(1);
      for (const link of dashboard.links ?? []) for (const tag of link.tags) expect(tags.has(tag)).toBe(true);
      for (const { links } of panelsOf(dashboard))
        for (const { url } of links ?? []) expect(uids.has(/^\/d\/([\w-]+)\?/.exec(url)?.[1])).toBe(true);
    }
  });

  it('query a provisioned data source, through the variable', () => {
    for (const [name, { source }] of Object.entries(STORES)) {
      expect(sources).toContainEqual(expect.objectContaining({ uid: source.uid, type: source.type }));
      for (const dashboard of dashboardsOf(name as StoreName)) {
        const variable = dashboard.templating.list?.find((item) => item.name === 'datasource');
        expect(variable).toMatchObject({ query: source.type, current: { value: source.uid } });
        const text = JSON.stringify(dashboard);
        const named = [...text.matchAll(/"uid":"([^"]*)"/g)].map(([, uid]) => uid);
        expect([...new Set(named)].sort()).toEqual(['${datasource}', dashboard.uid].sort());
      }
    }
  });

  it('read rollups and no points at long ranges', () => {
    const queries = dashboardsOf('rollups').flatMap(({ panels }) =>
      [...JSON.stringify(panels).matchAll(/"query":"(SELECT.*?[^\\])"/g)].map(([, text = '']) => text),
    );
    expect(queries.length).toBeGreaterThan(50);
    for (const text of queries) {
      const sources = [...text.matchAll(/FROM (\S+)/g)].map(([, source = '']) => source);
      expect(
        sources.filter((source) => !source.startsWith('(') && !source.startsWith('\\"$rollup\\".')),
      ).toEqual([]);
    }
  });

  it('have thresholds of existing panels', () => {
    for (const name of Object.keys(THRESHOLDS)) expect(panelOf(name).name).toBe(name);
  });
});

describe('the provisioning', () => {
  it('finds dashboards where docker-compose.yml mounts them', () => {
    const { providers } = parse(read('grafana/provisioning/dashboards/btcdmon.yaml')) as {
      providers: readonly { folder: string; options: { path: string } }[];
    };
    const mounted = MOUNTS['grafana/dashboards'];
    const folders = providers.map(({ options }) =>
      options.path.replace(`${mounted}/`, 'grafana/dashboards/'),
    );
    expect(folders).toEqual(Object.keys(STORES).map((store) => `grafana/dashboards/${store}`));
    for (const folder of folders) expect(readdirSync(path.join(ROOT, folder)).length).toBeGreaterThan(5);
  });

  it('matches docker-compose.yml: its mounts, servers and secrets, and what Prometheus scrapes', () => {
    const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
      services: Readonly<
        Record<string, { secrets?: string[]; volumes?: { source: string; target: string }[] } | undefined>
      >;
    };
    const mounts = new Map(services['grafana']?.volumes?.map(({ source, target }) => [source, target]));
    for (const [source, target] of Object.entries(MOUNTS)) expect(mounts.get(`./${source}`)).toBe(target);
    for (const { url, secureJsonData } of sources) {
      expect(Object.keys(services)).toContain(new URL(url).hostname);
      const secret = /^\$__file\{\/run\/secrets\/(\w+)\}$/.exec(secureJsonData?.password ?? '')?.[1];
      if (secureJsonData !== undefined) expect(services['grafana']?.secrets).toContain(secret);
    }
    const scraped = parse(read('config/prometheus/prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: { job_name: string }[];
    };
    expect(scraped.rule_files).toContain('rules.yml');
    const jobs = Object.values(PROMQL).flatMap((promql) =>
      [...promql.matchAll(/job="(\w+)"/g)].map(([, job]) => job),
    );
    expect(jobs.length).toBeGreaterThan(0);
    expect(scraped.scrape_configs.map(({ job_name: name }) => name)).toEqual(expect.arrayContaining(jobs));
  });

  it('has no password', () => {
    for (const { secureJsonData } of sources)
      if (secureJsonData !== undefined)
        expect(secureJsonData.password).toMatch(/^\$__file\{\/run\/secrets\/\w+\}$/);
  });

  it('has an alert rule for each alert, with existing data sources, panels and conditions', () => {
    interface RulesFile {
      readonly groups: readonly {
        readonly folder: string;
        readonly rules: readonly {
          readonly uid: string;
          readonly condition: string;
          readonly dashboardUid: string;
          readonly panelId: number;
          readonly data: readonly {
            readonly refId: string;
            readonly datasourceUid: string;
            readonly model: object;
          }[];
          readonly annotations: Readonly<Record<string, string>>;
          readonly labels: Readonly<Record<string, string>>;
          readonly title: string;
        }[];
      }[];
    }
    const { groups } = parse(read('grafana/provisioning/alerting/btcdmon.yaml')) as RulesFile;
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.map(({ uid }) => uid)).toEqual(ALERTS.map(({ slug }) => `btcdmon-${slug}`));
    expect(groups.map(({ folder }) => folder)).not.toContain(STORES.influxdb.folder);
    for (const rule of rules) {
      const dashboard = all.find(({ uid }) => uid === rule.dashboardUid);
      expect(dashboard === undefined ? [] : panelsOf(dashboard).map(({ id }) => id)).toContain(rule.panelId);
      const slug = rule.uid.replace('btcdmon-', '');
      expect(rule.annotations['runbook_url']).toBe(`http://localhost:8380/runbooks#${slug}`);
      const refs = rule.data.map(({ refId }) => refId);
      expect(new Set(refs).size).toBe(refs.length);
      expect(refs.at(-1)).toBe(rule.condition);
      for (const { datasourceUid, model } of rule.data) {
        expect(['__expr__', STORES.influxdb.source.uid]).toContain(datasourceUid);
        for (const [, ref] of JSON.stringify(model).matchAll(/\$\{(\w+)\}/g)) expect(refs).toContain(ref);
      }
      // After each `$` of these comes a variable of the environment, which is empty.
      for (const text of [rule.title, ...Object.values(rule.annotations), ...Object.values(rule.labels)])
        expect(text).not.toContain('$');
    }
  });
});

it('Prometheus links each alert to a panel of its dashboards, and to a runbook', () => {
  const { groups } = parse(read('config/prometheus/rules.yml')) as {
    groups: readonly { rules: readonly { alert: string; annotations: Record<string, string> }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.map(({ alert }) => alert)).toEqual(ALERTS.map(({ name }) => name));
  for (const [index, { alert, annotations }] of rules.entries()) {
    const [, uid, id] = /\}d\/([\w-]+)(?:\?viewPanel=(\d+))?$/.exec(annotations['dashboard'] ?? '') ?? [];
    const dashboard = dashboardsOf('prometheus').find((one) => one.uid === uid);
    const { title } = panelOf(ALERTS[index]?.panel ?? '');
    const found = dashboard === undefined ? [] : panelsOf(dashboard).filter((panel) => panel.title === title);
    expect([alert, uid, id === undefined ? [] : [Number(id)]]).toEqual([
      ...[alert, dashboard?.uid, found.map((panel) => panel.id)],
    ]);
    expect(annotations['runbook_url']).toMatch(new RegExp(`\\}#${ALERTS[index]?.slug ?? ''}$`));
  }
});

it('a fleet can have the rules of Grafana link to its own runbooks', () => {
  const text = files('https://wiki.example.org/x').get('grafana/provisioning/alerting/btcdmon.yaml');
  expect(text).toContain('runbook_url: https://wiki.example.org/x#no-peers');
  expect(text).not.toContain('localhost:8380');
});

it('README and changelog count the alerts and panels there are', () => {
  expect(read('README.md')).toContain(`${ALERTS.length} alerts`);
  expect(read('CHANGELOG.md')).toMatch(new RegExp(`${ALERTS.length}\\s+alerts`));
  expect(read('CHANGELOG.md')).toContain(`Panels: ${PANELS.length} named queries`);
});
