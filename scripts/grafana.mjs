// Writes Grafana's dashboards, its provisioning, Prometheus's rules and what the docs say of them, all of
// grafana/generator.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url).pathname;
// Beside the packages that it needs.
const outfile = `${root}node_modules/.cache/btcdmon-grafana.cjs`;
await build({
  entryPoints: [`${root}grafana/generator/files.ts`],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'cjs',
  logLevel: 'warning',
});
const { files, withMissing } = createRequire(import.meta.url)(outfile);
// A dashboard that is made no more must not stay.
rmSync(`${root}grafana/dashboards`, { recursive: true, force: true });
for (const [name, text] of files()) {
  mkdirSync(path.dirname(root + name), { recursive: true });
  writeFileSync(root + name, text);
}
const document = `${root}docs/grafana.md`;
writeFileSync(document, withMissing(readFileSync(document, 'utf8')));
