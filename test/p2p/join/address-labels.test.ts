import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseHost } from '../../../src/p2p/join/host';
import { type AddressLabels, MAX_LABELS, openLabels } from '../../../src/p2p/join/address-labels';

let folder = '';
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-labels-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with this text. */
function fileOf(name: string, text: string | Buffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** The labels of a host; none of a DNS name. */
function ofHost(labels: AddressLabels, host: string): readonly string[] {
  const raw = parseHost(host);
  return raw === null ? [] : labels.of(raw);
}

const ONION = 'pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion';
const OTHER_ONION = 'duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion';

it('each list names its addresses, and an address may have several names', async () => {
  const spies = fileOf(
    'spies.txt',
    `# known spies\r\n192.0.2.0/24\r\n\n 198.51.100.7 # one machine\n2001:db8::/32\n${ONION}\nfc12::1\n`,
  );
  const cloud = fileOf('cloud.txt', '192.0.0.0/8\n::ffff:203.0.113.0/120');
  const more = fileOf('more.txt', '203.0.113.5');
  const labels = await openLabels([
    { name: 'spies', file: spies },
    { name: 'cloud', file: cloud },
    { name: 'spies', file: more },
  ]);
  expect(labels.all).toEqual(['spies', 'cloud']);
  const found = Object.entries({
    '192.0.2.255': ['spies', 'cloud'],
    '192.0.3.0': ['cloud'],
    '198.51.100.7': ['spies'],
    '198.51.100.8': [],
    '2001:db8:ffff::1': ['spies'],
    '2001:db9::1': [],
    '::ffff:192.0.2.1': ['spies', 'cloud'],
    '203.0.113.5': ['spies', 'cloud'],
    [ONION]: ['spies'],
    [OTHER_ONION]: [],
    'fc12::1': ['spies'],
    'fc12::2': [],
    'node.example': [],
  });
  for (const [host, names] of found) expect([host, ofHost(labels, host)]).toEqual([host, names]);
});

it('a wrong line is told with its list, its file and its number', async () => {
  const file = fileOf('wrong.txt', '10.0.0.0/8\nnode.example\n10.0.0.1');
  const failure = await openLabels([{ name: 'a', file }]).catch((error: unknown) => error);
  expect(failure).toMatchObject({ exitCode: 2, message: expect.stringContaining('line 2') as string });
  expect((failure as Error).message).toMatch(
    /^--label a=[^\n]+: line 2: "node\.example": give one address or CIDR/,
  );
});

it('a missing list, a folder and too many names are one line each', async () => {
  const missing = path.join(folder, 'missing.txt');
  await expect(openLabels([{ name: 'a', file: missing }])).rejects.toThrow(
    `--label a=${missing}: can't be read`,
  );
  await expect(openLabels([{ name: 'a', file: folder }])).rejects.toThrow(`--label a=${folder}: is a folder`);
  const file = fileOf('one.txt', '10.0.0.1');
  const names = Array.from({ length: MAX_LABELS + 1 }, (_, i) => ({ name: `l${i}`, file }));
  await expect(openLabels(names)).rejects.toThrow('--label: there are more than 30 names');
  expect(ofHost(await openLabels(names.slice(1)), '10.0.0.1')).toHaveLength(MAX_LABELS);
});
