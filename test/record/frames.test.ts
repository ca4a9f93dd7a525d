import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { main } from '../../src/cli/main';
import { encodeAddr } from '../../src/wire/messages/addr';
import { encodeAddrV2 } from '../../src/wire/messages/addrv2';
import { encodeInventory, INV_BLOCK, INV_WTX } from '../../src/wire/messages/inventory';
import type { NetworkAddress } from '../../src/wire/messages/network-address';
import { Cleanup } from '../support/cleanup';
import { fakeHash } from '../support/fake-hash';
import { versionPayload } from '../support/fake-peer';
import { messageCame, openTestRecording, recordedPeer, tell } from '../support/recording';
import { readCapture, tshark } from '../support/tshark';

const cleanup = new Cleanup();
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});
afterAll(() => cleanup.run());

const at = (address: string, network: NetworkAddress['network'] = 'ipv4', port = 9333): NetworkAddress => ({
  ...{ time: 1_700_000_000, services: 9n, network, port },
  address: Buffer.from(address, 'hex'),
});

/** Addresses of nodes, none of which may be in a redacted copy. */
const SECRET = {
  ipv4: '0b16212c',
  ipv6: '2a0104f8aabbccdd0000000000001234',
  torv3: 'aa'.repeat(30) + 'bbcc',
  i2p: 'dd'.repeat(30) + 'eeff',
  cjdns: 'fc11223344556677889900aabbccddee',
};

/** A version that tells an address on both sides. */
function version(): Buffer {
  const payload = versionPayload({ userAgent: '/x:\u001b[31m1/' });
  Buffer.from(`00000000000000000000ffff${SECRET.ipv4}2475`, 'hex').copy(payload, 28);
  Buffer.from(`${SECRET.ipv6}2475`, 'hex').copy(payload, 54);
  return payload;
}

let recording = '';
let home = '';
beforeAll(async () => {
  home = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-frames-')), (name) =>
    rmSync(name, { recursive: true }),
  );
  recording = path.join(home, 'recording');
  const { recorder, close } = await openTestRecording(recording);
  const plain = recordedPeer(1, '11.22.33.44:9333');
  const other = recordedPeer(2, '[2a01:4f8:aabb:ccdd::1234]:40001', false);
  const name = recordedPeer(3, 'node.example:8333');
  for (const peer of [plain, other, name]) tell(recorder, 'opened', { peer });
  recorder.sent(plain, 'version', versionPayload(), 24 + 94);
  messageCame(recorder, plain, 'version', version());
  messageCame(recorder, plain, 'addr', encodeAddr([at(SECRET.ipv4), at(SECRET.ipv6, 'ipv6')]));
  messageCame(
    recorder,
    plain,
    'addrv2',
    encodeAddrV2(
      (Object.keys(SECRET) as (keyof typeof SECRET)[]).map((network) => at(SECRET[network], network)),
    ),
  );
  messageCame(recorder, plain, 'addr', Buffer.from(`09${SECRET.ipv4}`, 'hex'));
  messageCame(recorder, plain, 'mystery', Buffer.from(SECRET.ipv4, 'hex'));
  const items = [
    { type: INV_WTX, hash: fakeHash('a') },
    { type: INV_WTX, hash: fakeHash('b') },
    { type: INV_BLOCK, hash: fakeHash('c') },
  ];
  // By the encrypted transport.
  recorder.arrived(other, 'inv', 21 + 109);
  recorder.message(other, encodeInventory(items));
  messageCame(recorder, name, 'filterload', Buffer.alloc(200_000));
  tell(recorder, 'violation', { peer: name, reason: 'malformed-message' });
  tell(recorder, 'disconnected', { peer: name, established: false, reason: 'closed-by-peer' });
  await close();
});

/** Runs the command in this process. */
async function frames(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const take = (into: (text: string) => void) => (text: unknown, done?: unknown) => {
    into(String(text));
    if (typeof done === 'function') (done as () => void)();
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(take((text) => (stdout += text)));
  jest.spyOn(process.stderr, 'write').mockImplementation(take((text) => (stderr += text)));
  await main(['frames', recording, ...args]);
  jest.restoreAllMocks();
  return { stdout, stderr };
}

const listed = async (...args: string[]): Promise<Record<string, unknown>[]> =>
  JSON.parse((await frames('--format', 'json', ...args)).stdout) as Record<string, unknown>[];

const commands = async (...args: string[]): Promise<unknown[]> =>
  (await listed(...args)).map(({ command }) => command);

describe('frames', () => {
  it('lists messages and events, with what they held', async () => {
    const all = await listed();
    expect(
      all.map(({ connection, direction, command, bytes, what }) => [
        connection,
        direction,
        command,
        bytes,
        what,
      ]),
    ).toEqual([
      [1, 'event', 'opened', 0, 'outbound'],
      [2, 'event', 'opened', 0, 'inbound'],
      [3, 'event', 'opened', 0, 'outbound'],
      [1, 'out', 'version', 118, expect.stringContaining('70016 /fake:1/, height 0')],
      [1, 'in', 'version', expect.any(Number), expect.stringContaining('70016 /x:?[31m1/, height 0')],
      [1, 'in', 'addr', 85, '2 addresses'],
      [1, 'in', 'addrv2', expect.any(Number), '5 addresses'],
      [1, 'in', 'addr', 29, 'malformed'],
      [1, 'in', 'mystery', 28, 'not decoded'],
      [2, 'in', 'inv', 130, '2 tx, 1 block'],
      [3, 'in', 'filterload', 200_024, ''],
      [3, 'event', 'violation', 0, 'malformed-message'],
      [3, 'event', 'disconnected', 0, 'closed-by-peer'],
    ]);
    expect(all.map(({ peer }) => peer).slice(0, 3)).toEqual([
      '11.22.33.44:9333',
      '[2a01:4f8:aabb:ccdd::1234]:40001',
      'node.example:8333',
    ]);
  });

  it('lists what is wanted', async () => {
    expect(await commands('--peer', '2')).toEqual(['opened', 'inv']);
    expect(await commands('--peer', '2a01:4f8:aabb:ccdd::1234')).toEqual(['opened', 'inv']);
    expect(await commands('--peer', 'node.example:8333', '--direction', 'in')).toEqual(['filterload']);
    expect(await commands('--command', 'inv,addr', '--command', 'opened', '--peer', '1')).toEqual([
      'opened',
      'addr',
      'addr',
    ]);
    expect(await commands('--direction', 'out')).toEqual(['version']);
    const all = await listed();
    const time = (command: string): string => String(all.find((row) => row['command'] === command)?.['time']);
    expect(await commands('--from', time('addrv2'), '--to', time('inv'))).toEqual([
      'addrv2',
      'addr',
      'mystery',
      'inv',
    ]);
    expect(await commands('--to', '2020-01-01')).toEqual([]);
  });

  it('is a table for people, without control characters', async () => {
    const { stdout } = await frames();
    expect(stdout.split('\n')).toHaveLength(14);
    // eslint-disable-next-line no-control-regex -- none may be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('draws a connection as a sequence diagram', async () => {
    const { stdout } = await frames('--follow', '3');
    expect(stdout.replace(/\d\d:\d\d:\d\d\.\d{3}/g, '00:00:00.000')).toBe(
      [
        'connection 3, node.example:8333, we dialled it',
        'time (UTC)       us                                peer',
        '00:00:00.000  |               opened               |  outbound',
        '00:00:00.000  | <------ filterload 200024 B -----  |',
        '00:00:00.000  |              violation             |  malformed-message',
        '00:00:00.000  |            disconnected            |  closed-by-peer',
        '',
      ].join('\n'),
    );
    expect((await frames('--follow', '9')).stderr).toBe('no connection has the number 9 in what is wanted\n');
  });

  it('copies a recording without an address', async () => {
    const out = path.join(home, 'redacted');
    const { stdout } = await frames('--redact', out);
    expect(stdout).toBe(`${out}: 1 files, 6 addresses replaced\n`);
    const [name = ''] = readdirSync(out);
    expect([name, statSync(out).mode & 0o777, statSync(path.join(out, name)).mode & 0o777]).toEqual([
      readdirSync(recording)[0],
      0o700,
      0o600,
    ]);
    const raw = (folder: string): Buffer => gunzipSync(readFileSync(path.join(folder, name)));
    const texts = ['11.22.33.44', 'node.example', '2a01:4f8', 'recorded', '9333'];
    const hidden = [
      ...Object.values(SECRET).map((hex) => Buffer.from(hex, 'hex')),
      ...texts.map((text) => Buffer.from(text)),
    ];
    for (const secret of hidden) {
      expect([secret.toString('hex'), raw(recording).includes(secret)]).toEqual([
        secret.toString('hex'),
        true,
      ]);
      expect([secret.toString('hex'), raw(out).includes(secret)]).toEqual([secret.toString('hex'), false]);
    }
    // The addresses of one network stay in it, and everything else stays as it was.
    const before = await listed();
    recording = out;
    try {
      const after = await listed();
      expect(after.map(({ peer }) => peer).slice(0, 3)).toEqual([
        '198.18.0.1:8333',
        '[2001:db8::2]:8333',
        'name-3.invalid:8333',
      ]);
      const rest = (rows: typeof before): unknown[] => rows.map((row) => ({ ...row, peer: null }));
      expect(rest(after)).toEqual(rest(before));
      expect((await frames('--redact', out)).stderr).toBe(
        `btcdmon-node: --redact ${out}: is there already; name a new folder\n`,
      );
      expect(process.exitCode).toBe(2);
    } finally {
      recording = path.join(home, 'recording');
    }
  });
});

tshark.describe('frames --pcapng, as Wireshark reads it', (program) => {
  it('has the messages of both sides on the connections that they were on', async () => {
    const file = path.join(home, 'frames.pcapng');
    expect((await frames('--pcapng', file)).stdout).toMatch(/^.*frames\.pcapng: \d+ packets\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const read = (filter: string, ...fields: string[]): Promise<string[][]> =>
      readCapture(
        program,
        file,
        ['-d', 'tcp.port==9333,bitcoin', '-d', 'tcp.port==18444,bitcoin', '-Y', filter],
        fields,
      );
    expect(await read('bitcoin', 'ip.src', 'ipv6.src', 'bitcoin.command')).toEqual([
      ['192.0.2.1', '', 'version'],
      ['11.22.33.44', '', 'version'],
      ['11.22.33.44', '', 'addr'],
      ['11.22.33.44', '', 'addrv2'],
      ['11.22.33.44', '', 'addr'],
      ['11.22.33.44', '', 'mystery'],
      ['', '2a01:4f8:aabb:ccdd::1234', 'inv'],
      ['', 'fdbc::3', 'filterload'],
    ]);
    // Three connections, opened by the right side; one of them was ended, and nothing is missing.
    expect(await read('tcp.flags.syn == 1 && tcp.flags.ack == 0', 'tcp.srcport', 'tcp.dstport')).toEqual([
      ['49153', '9333'],
      ['40001', '18444'],
      ['49155', '8333'],
    ]);
    expect(
      await read(
        'tcp.analysis.lost_segment || tcp.analysis.out_of_order || ip.checksum.status == 0',
        'ip.src',
      ),
    ).toEqual([]);
    const lengths = await read('tcp.srcport == 8333 && tcp.len > 0', 'tcp.len');
    expect(lengths.reduce((sum, [length]) => sum + Number(length), 0)).toBe(200_024);
  });
});
