// Generates Grafana's dashboards and provisioning, Prometheus's rules, and the parts of the docs about them.
// The generator is in grafana/generator.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { files, withMissing } from '../grafana/generator/files';

const ROOT = path.join(__dirname, '..');

// Dashboards that are no longer generated must not remain.
rmSync(path.join(ROOT, 'grafana', 'dashboards'), { recursive: true, force: true });
for (const [name, text] of files()) {
  const file = path.join(ROOT, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
const document = path.join(ROOT, 'docs', 'grafana.md');
writeFileSync(document, withMissing(readFileSync(document, 'utf8')));
