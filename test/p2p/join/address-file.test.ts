import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AddressManager } from '../../../src/p2p/join/address-manager';
import { AddressFile, type LoadedAddresses } from '../../../src/p2p/join/address-file';
import type { NetworkAddress } from '../../../src/wire/messages/network-address';
import type { NetworkName } from '../../../src/wire/networks';
import { childScript } from '../../support/child';
import { until } from '../../support/until';

const NOW = 1_800_000_000;
const TIMES = { unixTime: () => NOW, monotonicMs: () => 5_000 };

let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-addresses-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const warnings: string[] = [];
beforeEach(() => (warnings.length = 0));

const load = (network: NetworkName = 'mainnet'): Promise<LoadedAddresses> =>
  new AddressFile(folder, network).load(TIMES, (message) => warnings.push(message));

const told = (i: number): NetworkAddress => ({
  ...{ network: 'ipv4', address: Buffer.from([20 + i, 1, 1, 1]), port: 8_333 + i },
  ...{ services: (1n << 63n) | 9n, time: NOW - 1_000 },
});

const OTHERS: readonly NetworkAddress[] = [
  { ...told(0), network: 'ipv6', address: Buffer.from('2a001450000000000000000000000001', 'hex') },
  { ...told(0), network: 'torv3', address: Buffer.alloc(32, 1) },
  { ...told(0), network: 'i2p', address: Buffer.alloc(32, 2) },
  { ...told(0), network: 'cjdns', address: Buffer.alloc(16, 0xfc) },
];

/** A file with eight addresses and a ban. */
async function written(): Promise<LoadedAddresses & { readonly file: string }> {
  const loaded = await load();
  [...[0, 1, 2, 3].map(told), ...OTHERS].forEach((address, i) => loaded.addrman.add(address, `source:${i}`));
  const [first, second] = loaded.addrman.addresses();
  if (first !== undefined) loaded.addrman.worked(first, 0xc09n, 'v2');
  if (second !== undefined) loaded.addrman.failed(second, true);
  loaded.bans.add('9.9.9.9');
  const store = new AddressFile(folder, 'mainnet');
  await store.save(loaded.addrman, loaded.bans);
  return { ...loaded, file: store.file };
}

const sorted = (addrman: AddressManager): unknown[] =>
  [...addrman.addresses()].sort((a, b) => (a.key < b.key ? -1 : 1));

describe('the address file', () => {
  it('is empty at first, and restores everything', async () => {
    const { addrman, bans, file } = await written();
    const again = await load();
    expect(again.addrman.size).toBe(8);
    expect(sorted(again.addrman)).toEqual(sorted(addrman));
    expect(again.bans.list()).toEqual(bans.list());
    expect(again.addrman.secret).toEqual(addrman.secret);
    expect(warnings).toEqual([]);
    expect(readdirSync(folder)).toEqual([path.basename(file)]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is complete after many concurrent saves', async () => {
    const { addrman, bans } = await written();
    const store = new AddressFile(folder, 'mainnet');
    await Promise.all(Array.from({ length: 20 }, () => store.save(addrman, bans)));
    expect((await load()).addrman.size).toBe(8);
    expect(warnings).toEqual([]);
  });

  it('that was cut off anywhere gives all intact lines, and one warning', async () => {
    const { file } = await written();
    const text = readFileSync(file, 'utf8');
    for (let end = 0; end < text.length; end++) {
      for (const other of readdirSync(folder)) rmSync(path.join(folder, other));
      writeFileSync(file, text.slice(0, end));
      const { addrman, bans } = await load();
      const lines = text.slice(0, end).split('\n').slice(1);
      // The last address is intact if only its line break is missing.
      expect(addrman.size + bans.size).toBeLessThanOrEqual(lines.length);
      expect(addrman.size + bans.size).toBeGreaterThanOrEqual(lines.length - 1);
      expect(warnings.splice(0)).toEqual([expect.stringMatching(/^addresses .*peers-mainnet\.dat: [^\n]+$/)]);
      const [aside = ''] = readdirSync(folder);
      expect(aside).toMatch(/^peers-mainnet\.dat\.damaged-\d+$/);
      expect(readFileSync(path.join(folder, aside), 'utf8')).toBe(text.slice(0, end));
    }
  });

  it('with any changed byte loses at most one record', async () => {
    const { file } = await written();
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at++)
      for (const bits of [0x01, 0x80, 0xff]) {
        for (const other of readdirSync(folder)) rmSync(path.join(folder, other));
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ bits, at);
        writeFileSync(file, changed);
        const { addrman, bans } = await load();
        expect([at, bits, addrman.size + bans.size >= 8]).toEqual([at, bits, true]);
        for (const line of warnings.splice(0)) expect(line).toMatch(/^addresses [^\n]+ is kept as [^\n]+$/);
      }
  });

  it('with invalid lines is read without them', async () => {
    const { file } = await written();
    const lines = readFileSync(file, 'utf8').split('\n');
    lines[2] = 'ipv4 300.1.1.1 8333 0000000000000009 1 1 1 0 s';
    lines[3] = '\0'.repeat(200);
    lines[4] = lines[4]?.replace(/ \d+ /, ' 99999 ') ?? '';
    writeFileSync(file, lines.join('\n'));
    expect((await load()).addrman.size).toBe(5);
    expect(warnings).toEqual([
      expect.stringContaining('6 of 9 lines are whole and were taken; the file is kept as'),
    ]);
  });

  it.each([
    ['something else', 'SQLite format 3\0', 'is not a file of addresses'],
    ['another network’s', '', 'holds addresses of testnet4 and not of mainnet'],
  ])('that is %s is kept aside, and a new one is started', async (_, text, line) => {
    const { file } = await written();
    const whole = text === '' ? readFileSync(file, 'utf8').replace('1 mainnet', '1 testnet4') : text;
    writeFileSync(file, whole);
    const { addrman } = await load();
    expect(addrman.size).toBe(0);
    expect(warnings).toEqual([expect.stringContaining(line)]);
    expect(readFileSync(path.join(folder, readdirSync(folder)[0] ?? ''), 'utf8')).toBe(whole);
  });

  it('drops addresses that may not be dialled, whoever wrote them', async () => {
    const { file } = await written();
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/ipv4 20\.1\.1\.1 8333 /, 'ipv4 127.0.0.1 8333 '));
    expect((await load()).addrman.size).toBe(7);
  });

  it('that cannot be read or written is named', async () => {
    const { addrman, bans } = await load();
    writeFileSync(path.join(folder, 'plain'), '');
    const store = new AddressFile(path.join(folder, 'plain'), 'mainnet');
    await expect(store.load(TIMES, String)).rejects.toThrow(/^addresses: .* can't be used: ENOTDIR/);
    await expect(store.save(addrman, bans)).rejects.toThrow(/^addresses .*: can't be written: .*ENOTDIR/);
  });

  it('is complete whenever the program is killed', async () => {
    const script = childScript('p2p/join/address-child.ts');
    try {
      for (let i = 0; i < 5; i++) {
        const child = spawn(process.execPath, [script.file, folder], {
          env: script.env,
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let saves = 0;
        child.stdout.on('data', (text: Buffer) => (saves += text.length));
        await until('some saves', () => saves >= 3 + i);
        child.kill('SIGKILL');
        await once(child, 'close');
        const { addrman } = await load('regtest');
        expect(warnings).toEqual([]);
        // A save of at least 2,000 addresses was complete, and each later one has more.
        expect(addrman.size).toBeGreaterThanOrEqual(900);
      }
      expect(existsSync(path.join(folder, 'peers-regtest.dat'))).toBe(true);
    } finally {
      script.remove();
    }
  });
});
