// Generates Grafana's dashboards and provisioning, Prometheus's rules, and the parts of the docs about them.
// The generator is in grafana/generator. `--runbooks URL` has Grafana's alerts link to runbooks of your own.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { DOCUMENTS, files } from '../grafana/generator/files';

const { values } = parseArgs({ options: { runbooks: { type: 'string' } } });

const ROOT = path.join(__dirname, '..');

// Dashboards that are no longer generated must not remain.
rmSync(path.join(ROOT, 'grafana', 'dashboards'), { recursive: true, force: true });
for (const [name, text] of files(values.runbooks)) {
  const file = path.join(ROOT, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
for (const [name, updated] of Object.entries(DOCUMENTS)) {
  const file = path.join(ROOT, name);
  writeFileSync(file, updated(readFileSync(file, 'utf8')));
}
