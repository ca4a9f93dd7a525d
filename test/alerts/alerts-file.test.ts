import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AlertsFile } from '../../src/alerts/alerts-file';
import { firingOf } from '../support/firing-alert';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-alerts-'));
  file = path.join(folder, 'alerts.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The bytes of a file with two alerts that fire, of which a receiver was told one. */
async function written(): Promise<Buffer> {
  const kept = new AlertsFile(file, fail);
  kept.keepFiring([firingOf('BtcdmonNoPeers', 'alpha'), firingOf('BtcdmonPointsLost', 'beta')]);
  kept.keepTold('hook', [firingOf('BtcdmonNoPeers', 'alpha')]);
  await kept.close();
  return readFileSync(file);
}

function fail(message: string): void {
  throw new Error(message);
}

/** Reads a file of these bytes, uses all that is in it, and returns the warnings. */
function read(bytes: Buffer): { readonly kept: AlertsFile; readonly warnings: readonly string[] } {
  writeFileSync(file, bytes);
  const warnings: string[] = [];
  const kept = new AlertsFile(file, (line) => warnings.push(line));
  for (const { firingMs, sinceMs } of [...kept.firing, ...kept.told('hook')])
    for (const ms of [firingMs, sinceMs]) expect(new Date(ms).toISOString()).toBeTruthy();
  expect(warnings.length).toBeLessThanOrEqual(1);
  for (const line of warnings) {
    expect(line.startsWith(`${file}: `)).toBe(true);
    expect(line).toMatch(/what alerts fired before is not known/);
    expect(line).not.toContain('\n');
  }
  return { kept, warnings };
}

it('keeps what fires and what was told', async () => {
  const { kept, warnings } = read(await written());
  expect(warnings).toEqual([]);
  expect([kept.firing, kept.told('hook')].map((list) => list.map(({ alert }) => alert.name))).toEqual([
    ['BtcdmonNoPeers', 'BtcdmonPointsLost'],
    ['BtcdmonNoPeers'],
  ]);
});

it('cut at any byte is read as none, with one warning', async () => {
  const bytes = await written();
  for (let size = 0; size < bytes.length; size++) {
    const { kept, warnings } = read(bytes.subarray(0, size));
    expect([size, warnings.length, kept.firing]).toEqual([size, 1, []]);
  }
});

it('with any byte changed is read, or as none with one warning', async () => {
  const bytes = await written();
  let warned = 0;
  for (let at = 0; at < bytes.length; at++)
    for (const bits of [0x01, 0x04, 0x10, 0x80, 0xff]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ bits, at);
      warned += read(changed).warnings.length;
    }
  expect(warned).toBeGreaterThan(bytes.length);
});

it.each([1e300, -1e300, 8.65e15])('takes no time that no calendar has: %d', async (ms) => {
  const text = (await written()).toString().replace(/"firingMs":\d+/, `"firingMs":${ms}`);
  expect(read(Buffer.from(text)).warnings).toHaveLength(1);
});
