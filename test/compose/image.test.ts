import { chmodSync, mkdtempSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { Container } from '../support/compose/container';
import { buildInFolders, instructionsOf } from '../support/compose/image-build';
import { programImage } from '../support/compose/images';
import { buildComposeJudge, buildContext } from '../support/compose/judge';
import { namespaces } from '../support/compose/switch';
import { go } from '../support/go-judge';
import { until } from '../support/until';

const ROOT = path.join(__dirname, '..', '..');
const DOCKERFILE = path.join(ROOT, 'Dockerfile');

(go.path === null ? go : namespaces).describe('Dockerfile', () => {
  let folder = '';
  let app = '';

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-image-'));
    const files = buildContext(buildComposeJudge(go.path ?? '', folder), ROOT);
    expect(files.filter((file) => /^(test|docs|dist|node_modules|secrets|\.env|\.git)/.test(file))).toEqual(
      [],
    );
    app = buildInFolders(DOCKERFILE, { context: ROOT, files, folder }).get('') ?? '';
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('has what the program needs, and no more', () => {
    expect(readdirSync(app).sort()).toEqual(['LICENSE', 'bin', 'dist', 'node_modules', 'package.json']);
    for (const tool of ['typescript', 'jest', 'bcoin', 'esbuild'])
      expect(readdirSync(path.join(app, 'node_modules'))).not.toContain(tool);
    const size = execFileSync('du', ['-sm', app], { encoding: 'utf8' });
    // DuckDB's library is 130 of them.
    expect(Number(size.split('\t')[0])).toBeLessThan(250);
  });

  it('runs the program as process 1, as nobody, from a read-only root', async () => {
    const { entrypoint, env = {}, binds = [], links = {} } = programImage(app);
    const data = path.join(folder, 'data');
    mkdirSync(data);
    chmodSync(data, 0o777);
    const instruction = (name: string): string =>
      instructionsOf(DOCKERFILE)
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1) ?? '';
    const container = await Container.make({
      folder: path.join(folder, 'container'),
      binds: [...binds, { source: data, target: instruction('VOLUME'), readOnly: false }],
      links,
      tmpfs: [],
      isReadOnly: true,
      hosts: [],
      user: instruction('USER'),
      capabilities: [],
      env,
    });
    try {
      // Nobody listens there: the node has no peer, but still writes its account.
      container.start([...entrypoint, '--network', 'regtest', '--connect', '127.0.0.1:1', '--http', 'off']);
      const [, check = ''] = instruction('HEALTHCHECK').split('CMD ');
      const command = JSON.parse(check) as string[];
      await until('it to be healthy', () => container.exec(command).status === 0, {
        giveUp: () => (container.isRunning ? undefined : container.log()),
      });
      expect(await container.signal(instruction('STOPSIGNAL') as NodeJS.Signals)).toBe(0);
      expect(readdirSync(data)).toContain('btcdmon.duckdb');
    } finally {
      await container.stop();
    }
  });
});
