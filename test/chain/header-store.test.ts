import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { HeaderChain } from '../../src/chain/header-chain';
import { HeaderStore, type Loaded, warnOfDamage } from '../../src/chain/header-store';
import { CHAIN_PARAMS } from '../../src/chain/params';
import { FailureError } from '../../src/lib/errors';
import { childScript } from '../support/child';
import { mineHeaders, NOW, REGTEST } from './mine';

const GENESIS = REGTEST.genesis;
/** More than one read takes. */
const HEADERS = mineHeaders(GENESIS, 4_500);

let directory = '';
let file = '';

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-headers-'));
  file = path.join(directory, 'headers-regtest.dat');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(headers: readonly Buffer[]): void {
  const store = HeaderStore.open(directory, 'regtest', GENESIS);
  for (const header of headers) store.append(header);
  store.flush();
  store.close();
}

async function load(
  progress?: (loaded: number, total: number) => void,
): Promise<Loaded & { chain: HeaderChain }> {
  const store = HeaderStore.open(directory, 'regtest', GENESIS);
  const chain = new HeaderChain(REGTEST, { unixTime: () => NOW });
  try {
    return { ...(await store.load(chain, progress)), chain };
  } finally {
    store.close();
  }
}

describe('HeaderStore', () => {
  it('returns what was written, and reports progress', async () => {
    write(HEADERS.slice(0, 3_000));
    write(HEADERS.slice(3_000));
    const steps: (readonly [number, number])[] = [];
    const { chain, ...loaded } = await load((...step) => steps.push(step));
    expect(loaded).toEqual({ headers: 4_500, cut: 0, repaired: 0 });
    expect(chain.bestHeight).toBe(4_500);
    expect(steps).toEqual([
      [2_000, 4_500],
      [4_000, 4_500],
      [4_500, 4_500],
    ]);
    expect(readFileSync(file)).toEqual(Buffer.concat([GENESIS, ...HEADERS]));
  });

  it('begins empty, with the network’s first header', async () => {
    expect(await load()).toMatchObject({ headers: 0, cut: 0 });
    expect(readFileSync(file)).toEqual(GENESIS);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each([1, 79])(
    'cuts a last header of which %i bytes were written, and goes on from there',
    async (bytes) => {
      write(HEADERS.slice(0, 10));
      appendFileSync(file, (HEADERS[10] ?? GENESIS).subarray(0, bytes));
      expect(await load()).toMatchObject({ headers: 10, cut: bytes });
      write(HEADERS.slice(10, 20));
      expect(await load()).toMatchObject({ headers: 20, cut: 0 });
    },
  );

  it.each([0, 40, 79])('writes a first header anew of which %i bytes were written', async (bytes) => {
    writeFileSync(file, GENESIS.subarray(0, bytes));
    write(HEADERS.slice(0, 2));
    expect(await load()).toMatchObject({ headers: 2, cut: 0 });
  });

  it('cuts from the first invalid header on', async () => {
    const bytes = Buffer.concat([GENESIS, ...HEADERS]);
    // With one changed byte it would be repaired.
    for (const at of [40, 41, 42]) bytes.writeUInt8(bytes.readUInt8(80 * 2_501 + at) ^ 1, 80 * 2_501 + at);
    writeFileSync(file, bytes);
    const { headers, cut, chain } = await load();
    // It depends on the hash whether the changed header misses its target or its child loses its parent.
    expect([2_500, 2_501]).toContain(headers);
    expect(cut).toBe(bytes.length - 80 * (headers + 1));
    expect(chain.bestHeight).toBe(headers);
    expect(statSync(file).size).toBe(80 * (headers + 1));
  });

  it('with any byte changed loses at most the last header, and is otherwise as it was', async () => {
    const whole = Buffer.concat([GENESIS, ...HEADERS.slice(0, 4)]);
    for (let at = 0; at < whole.length; at++)
      for (const bits of [0x01, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes.writeUInt8(bytes.readUInt8(at) ^ bits, at);
        writeFileSync(file, bytes);
        const { headers, cut, repaired, chain } = await load();
        const isLast = at >= 80 * 4;
        if (!isLast) {
          expect([at, bits, headers, cut, repaired, chain.bestHeight]).toEqual([at, bits, headers, 0, 1, 4]);
          expect(readFileSync(file).equals(whole)).toBe(true);
        } else expect(chain.bestHeight).toBeGreaterThanOrEqual(3);
      }
  });

  it('cut at any byte keeps all whole headers, and goes on from there', async () => {
    const whole = Buffer.concat([GENESIS, ...HEADERS.slice(0, 4)]);
    for (let size = 0; size <= whole.length; size++) {
      writeFileSync(file, whole.subarray(0, size));
      const kept = Math.max(0, Math.floor(size / 80) - 1);
      const { headers, cut, repaired, chain } = await load();
      expect([size, headers, cut, repaired, chain.bestHeight]).toEqual([
        ...[size, kept, size < 80 ? 0 : size % 80, 0, kept],
      ]);
      expect(readFileSync(file).equals(whole.subarray(0, Math.max(80, size - (size % 80))))).toBe(true);
    }
  });

  it('with a part cut out of any header keeps those before it', async () => {
    const whole = Buffer.concat([GENESIS, ...HEADERS.slice(0, 4)]);
    for (let at = 80; at < whole.length - 80; at++) {
      writeFileSync(file, Buffer.concat([whole.subarray(0, at), whole.subarray(at + 17)]));
      const { chain, cut } = await load();
      expect([at, chain.bestHeight >= Math.floor(at / 80) - 1, cut > 0]).toEqual([at, true, true]);
    }
  });

  it('keeps headers that are ahead of our clock, which may be slow', async () => {
    write(HEADERS.slice(0, 10));
    const store = HeaderStore.open(directory, 'regtest', GENESIS);
    const slow = new HeaderChain(REGTEST, { unixTime: () => 1 });
    expect(await store.load(slow)).toEqual({ headers: 0, cut: 0, repaired: 0 });
    store.close();
    expect(await load()).toMatchObject({ headers: 10, cut: 0 });
  });

  it('logs damage in one line, and nothing about what a kill has torn', () => {
    const told: string[] = [];
    const log = { warn: (message: string): void => void told.push(message) };
    warnOfDamage('F', { headers: 9, cut: 79, repaired: 0 }, log);
    expect(told).toEqual([]);
    warnOfDamage('F', { headers: 9, cut: 170, repaired: 1 }, log);
    expect(told).toEqual([
      'headers F: the file was damaged: 1 repaired, 2 cut off, from the first damaged one on, which are fetched again',
    ]);
  });

  it('cuts zeros, which a crash of the machine may leave', async () => {
    write(HEADERS.slice(0, 5));
    truncateSync(file, 80 * 9);
    expect(await load()).toMatchObject({ headers: 5, cut: 240 });
  });

  it('skips headers that two programs have written', async () => {
    const stores = [0, 1].map(() => HeaderStore.open(directory, 'regtest', GENESIS));
    for (const header of HEADERS.slice(0, 30))
      for (const store of stores) {
        store.append(header);
        if (header[76] === 1) store.flush();
      }
    for (const store of stores) {
      store.flush();
      store.close();
    }
    expect(await load()).toMatchObject({ headers: 30, cut: 0 });
  });

  it('refuses a file of another network, or of something else', () => {
    writeFileSync(file, CHAIN_PARAMS.mainnet.genesis);
    const open = (): unknown => HeaderStore.open(directory, 'regtest', GENESIS);
    expect(open).toThrow(`headers ${file}: is not a file of regtest’s headers; move it away`);
    expect(open).toThrow(FailureError);
    writeFileSync(file, 'notes');
    expect(open).toThrow(FailureError);
    expect(readFileSync(file, 'utf8')).toBe('notes');
  });

  it('names a missing folder', () => {
    const missing = path.join(directory, 'missing');
    expect(() => HeaderStore.open(missing, 'regtest', GENESIS)).toThrow(
      /^headers .*missing\/headers-regtest\.dat: can't be opened: .*ENOENT/,
    );
  });

  it('stays intact when the disk is full', async () => {
    const child = childScript('chain/store-child.ts');
    try {
      // One block of 1,024 bytes: 12 headers and a part of another.
      const command = 'ulimit -f "$1" && exec "$2" "$3" "$4"';
      const run = spawnSync('bash', ['-c', command, 'bash', '1', process.execPath, child.file, directory], {
        env: child.env,
        encoding: 'utf8',
      });
      expect(run.stderr).toBe('');
      const lines = run.stdout.trim().split('\n');
      expect(lines).toHaveLength(9);
      for (const line of lines) expect(line).toMatch(`headers ${file}: can't be written: EFBIG`);
      expect(statSync(file).size).toBe(80 * 12);
      expect(await load()).toMatchObject({ headers: 11, cut: 0 });
    } finally {
      child.remove();
    }
  });
});
