import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KNOWN } from '../../src/cli/known-options';
import { COLLECT_OPTIONS, GLOBAL_OPTIONS, LISTEN_OPTIONS } from '../../src/cli/options';
import { Settings } from '../../src/cli/settings';
import { copyProject, makeSecrets } from '../support/compose/copy';
import {
  type Project,
  type Service,
  buildComposeJudge,
  checkDockerfile,
  loadProject,
} from '../support/compose/judge';
import { go } from '../support/go-judge';

const ROOT = path.join(__dirname, '..', '..');
const PROFILES = ['btcd', 'prometheus', 'chronograf', 'nginx', 'nats'];
/** Services that end when their task is done. */
const ONCE = ['prepare', 'setup'];

go.describe('docker-compose.yml, as Compose reads it', (program) => {
  let folder = '';
  let judge = '';
  let project: Project;
  let services: readonly (readonly [string, Service])[] = [];

  beforeAll(() => {
    folder = copyProject();
    judge = buildComposeJudge(program, folder);
    project = loadProject(judge, folder, { profiles: PROFILES });
    services = Object.entries(project.services);
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has the node, InfluxDB and Grafana, and each profile adds its own', () => {
    const of = (...profiles: string[]): string[] =>
      Object.keys(loadProject(judge, folder, { profiles }).services).sort();
    const base = ['grafana', 'influxdb', 'node', 'prepare', 'setup'];
    expect(of()).toEqual(base);
    expect(of('btcd')).toEqual([...base, 'btcd', 'watch'].sort());
    expect(of('prometheus')).toEqual([...base, 'prometheus', 'alertmanager'].sort());
    expect(of('chronograf')).toEqual([...base, 'chronograf'].sort());
    expect(of('nginx')).toEqual([...base, 'nginx'].sort());
    expect(of('nats')).toEqual([...base, 'nats', 'collect'].sort());
  });

  it('is refused where it is no Compose file, so this check can fail', () => {
    const file = path.join(folder, 'broken.yml');
    const text = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8');
    const broken: readonly (readonly [string, string, RegExp])[] = [
      ['cap_drop: [ALL]', 'cap_drop: ALL', /cap_drop/],
      ['restart: unless-stopped', 'restarts: unless-stopped', /restarts/],
      ['secrets: [page_token,', 'secrets: [page_tokens,', /page_tokens/],
      ['source: influxdb,', 'source: influxes,', /influxes/],
    ];
    for (const [from, to, message] of broken) {
      expect(text).toContain(from);
      writeFileSync(file, text.replace(from, to));
      expect(() => loadProject(judge, folder, { file: 'broken.yml' })).toThrow(message);
    }
  });

  it('says in one line which command to run where nothing was set up', () => {
    const { status, stderr } = spawnSync(judge, ['compose', 'docker-compose.yml', '.env.example'], {
      cwd: folder,
      encoding: 'utf8',
      env: {},
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^[^\n]*BTCDMON_UID is missing a value: run sh scripts\/compose-secrets.sh[^\n]*\n$/,
    );
  });

  it('has the same variables as .env.example', () => {
    const names = (text: string, pattern: RegExp): string[] =>
      [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();
    const used = names(readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8'), /\$\{([A-Z_]+)/g);
    const example = readFileSync(path.join(ROOT, '.env.example'), 'utf8');
    // Compose itself reads COMPOSE_PROFILES.
    expect(names(example, /^#?([A-Z_]+)=/gm)).toEqual([...used, 'COMPOSE_PROFILES'].sort());
  });

  it('shows the defaults in .env.example', () => {
    const all = path.join(folder, 'all.env');
    const filled = readFileSync(path.join(folder, '.env'), 'utf8').replaceAll(/^#(?=[A-Z_]+=)/gm, '');
    writeFileSync(all, filled.replace(/^COMPOSE_PROFILES=.*$/m, ''));
    expect(loadProject(judge, folder, { env: 'all.env', profiles: PROFILES })).toEqual(project);
  });

  it('pins every image, and so do the Dockerfiles', () => {
    for (const [, { image }] of services) expect(image).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*$/);
    for (const file of ['Dockerfile', 'config/btcd/Dockerfile']) {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      for (const [, base] of text.matchAll(/^FROM (\S+)/gm)) expect(base).toMatch(/^\w+:\d+\.\d+[\w.-]*$/);
    }
  });

  it('has Dockerfiles without warnings from Docker', () => {
    for (const [name, { build }] of services)
      if (build !== undefined)
        expect([
          name,
          checkDockerfile(
            judge,
            path.join(build.context === folder ? ROOT : build.context, build.dockerfile),
          ),
        ]).toEqual([name, []]);
    const bad = path.join(folder, 'Bad');
    writeFileSync(bad, 'FROM a as b\nUSER $X\n');
    expect(checkDockerfile(judge, bad).join('\n')).toMatch(/FromAsCasing.*\n.*UndefinedVar/);
  });

  it('gives no service more than it needs', () => {
    for (const [name, service] of services) {
      const isOnce = ONCE.includes(name);
      expect({ name, ...service }).toMatchObject({
        name,
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        user: name === 'prepare' ? '0:0' : '10001:10001',
        restart: isOnce ? 'no' : 'unless-stopped',
      });
      expect([name, service.cap_add ?? []]).toEqual([name, name === 'prepare' ? ['CHOWN'] : []]);
      expect(Number(service.mem_limit)).toBeGreaterThan(0);
      expect(service.pids_limit).toBeGreaterThan(0);
      expect([name, service.healthcheck === undefined]).toEqual([name, isOnce]);
      for (const { host_ip } of service.ports ?? []) expect([name, host_ip]).toEqual([name, '127.0.0.1']);
      for (const { type, volume } of service.volumes ?? [])
        if (type === 'volume') expect([name, volume?.nocopy]).toEqual([name, true]);
    }
  });

  it('gives the password of a RPC to its node and its monitor alone', () => {
    const having = (secret: string): string[] =>
      services
        .filter(([, { secrets = [] }]) => secrets.some(({ source }) => source === secret))
        .map(([name]) => name);
    expect(having('btcd_rpc_password')).toEqual(['watch']);
    expect(having('btcd_rpc_login')).toEqual(['btcd']);
    expect(having('btcd_rpc_key')).toEqual(['btcd']);
    expect(having('btcd_rpc_certificate').sort()).toEqual(['btcd', 'watch']);
    const password = readFileSync(path.join(folder, 'secrets', 'btcd_rpc_password'), 'utf8');
    expect(readFileSync(path.join(folder, 'secrets', 'btcd_rpc_login'), 'utf8')).toBe(
      `rpcuser=monitor\nrpcpass=${password}\n`,
    );
    expect(JSON.stringify(project)).not.toContain(password);
  });

  it('gives services that need nothing from outside no way out', () => {
    const reaching = services.filter(
      ([, { networks = {}, network_mode }]) =>
        network_mode === undefined &&
        Object.keys(networks).some((name) => project.networks[name]?.internal !== true),
    );
    expect(reaching.map(([name]) => name).sort()).toEqual([
      'alertmanager',
      'chronograf',
      'grafana',
      'nginx',
      'node',
      'prometheus',
      'watch',
    ]);
  });

  it('mounts only paths that exist, and every volume belongs to its user', () => {
    for (const [, { volumes = [] }] of services)
      for (const { type, source } of volumes)
        if (type === 'bind') expect(() => statSync(source)).not.toThrow();
    const prepared = project.services['prepare']?.volumes?.map(({ source }) => source) ?? [];
    expect([...prepared].sort()).toEqual(Object.keys(project.volumes).sort());
  });

  it('has secrets only in files, and makes all of them', () => {
    const made = readdirSync(path.join(folder, 'secrets'));
    for (const { file } of Object.values(project.secrets)) expect(made).toContain(path.basename(file));
    for (const [name, { environment = {} }] of services)
      for (const variable of Object.keys(environment))
        expect([name, /PASSWORD|TOKEN|SECRET/.test(variable) && !variable.endsWith('_FILE')]).toEqual([
          name,
          false,
        ]);
    const text = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8');
    for (const [, value = ''] of text.matchAll(/(?:password|token)[\w-]*(?:=|: )([^\s,})]+)/gi))
      expect(value).toMatch(/^\/run\/secrets\/|^\{|^"\$\$\(cat/);
  });

  it('gives our program only options that it has', () => {
    const known = {
      node: { ...GLOBAL_OPTIONS, ...LISTEN_OPTIONS },
      watch: { ...GLOBAL_OPTIONS, ...LISTEN_OPTIONS },
      collect: { ...GLOBAL_OPTIONS, ...COLLECT_OPTIONS },
    };
    for (const [name, options] of Object.entries(known)) {
      const environment = project.services[name]?.environment ?? {};
      const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
      expect(Object.keys(Settings.load(given, undefined, KNOWN).of(options))).toHaveLength(
        Object.keys(given).length,
      );
    }
  });

  it('makes different secrets, which nobody else may read, and which a second run keeps', () => {
    const secrets = path.join(folder, 'secrets');
    const read = (): Map<string, string> =>
      new Map(readdirSync(secrets).map((name) => [name, readFileSync(path.join(secrets, name), 'utf8')]));
    const first = read();
    expect(first.size).toBe(16);
    expect(new Set(first.values()).size).toBe(first.size);
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    for (const name of first.keys()) expect(statSync(path.join(secrets, name)).mode & 0o777).toBe(0o600);
    expect(statSync(path.join(folder, '.env')).mode & 0o777).toBe(0o600);

    rmSync(path.join(secrets, 'page_token'));
    const printed = makeSecrets(folder);
    expect(printed).toContain('secrets/page_token: made\n');
    // Each certificate and its key are one line, and .env is one more.
    expect(printed.match(/: is there$/gm)).toHaveLength(first.size - 2);
    const second = read();
    expect(second.get('page_token')).not.toBe(first.get('page_token'));
    for (const [name, text] of first) {
      if (name !== 'page_token') expect([name, second.get(name)]).toEqual([name, text]);
      if (!name.startsWith('tls_')) expect(printed).not.toContain(text);
    }
    expect(() =>
      execFileSync('sh', ['scripts/compose-secrets.sh', '-x'], { cwd: folder, stdio: 'pipe' }),
    ).toThrow('compose-secrets: -x: give a host name');
  });
});
