import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { btcd } from '../support/btcd';
import { BUSYBOX, programImage } from '../support/compose/images';
import { buildComposeJudge, loadProject } from '../support/compose/judge';
import { Stack } from '../support/compose/stack';
import { namespaces } from '../support/compose/switch';
import { go } from '../support/go-judge';

const ROOT = path.join(__dirname, '..', '..');

namespaces.describe('docker-compose.yml, with the programs of this machine', () => {
  it('runs', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-compose-'));
    for (const f of ['docker-compose.yml', '.env.example', 'config', 'scripts'])
      cpSync(path.join(ROOT, f), path.join(folder, f), { recursive: true });
    execFileSync('sh', ['scripts/compose-secrets.sh'], { cwd: folder });
    const judge = buildComposeJudge(go.path ?? '', folder);
    const project = loadProject(judge, folder, { profiles: ['btcd', 'prometheus', 'nginx', 'nats'] });
    const stack = await Stack.make({
      project,
      folder,
      images: {
        'btcdmon-node': programImage(),
        influxdb: { entrypoint: [] },
        'btcdmon-btcd': { entrypoint: ['btcd'], binds: [{ source: btcd.path ?? '', target: '/usr/local/bin/btcd', readOnly: true }], links: BUSYBOX },
        'prom/prometheus': { entrypoint: ['prometheus'], links: BUSYBOX },
        nats: { entrypoint: [], links: BUSYBOX },
        nginx: { entrypoint: [], links: BUSYBOX },
      },
    });
    try {
      await stack.up('setup');
      console.log(await stack.container('setup').ended(), stack.container('setup').log());
      await stack.up('node');
      await stack.healthy('node');
      console.log(stack.container('node').log());
      console.log(await stack.container('node').signal('SIGTERM'));
    } finally {
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
