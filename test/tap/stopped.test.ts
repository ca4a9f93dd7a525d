import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Socket } from 'node:net';
import path from 'node:path';
import { type Interface, createInterface } from 'node:readline';
import { encodeFrame } from '../../src/wire/framing';
import { NETWORKS } from '../../src/wire/networks';
import { Cleanup } from '../support/cleanup';
import { hasEnded, memoryOf } from '../support/proc';
import type { Tally } from '../support/recorder';
import { type TestServer, dialPort, endOf, readAll, readBytes, startServer } from '../support/tap';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { magic } = NETWORKS.mainnet;

interface Told {
  readonly bytes: number;
  readonly skipped: { readonly 'no-message': number; readonly 'not-copied': number };
  readonly messages: Readonly<Record<string, Tally>>;
}

interface Report {
  readonly missed: { readonly connections: number; readonly in: number; readonly out: number };
  readonly warnings: readonly string[];
  readonly tapped: readonly { readonly in: Told; readonly out: Told; readonly reason: string | null }[];
}

/** A program with a tap in front of `server`, in a process of its own. */
class Program {
  port = 0;
  tapPid = 0;
  private readonly lines: Interface;

  private constructor(readonly child: ChildProcess) {
    if (child.stdout === null) throw new Error('no stdout');
    this.lines = createInterface({ input: child.stdout });
  }

  /** @param files limit of open files of the program and its tap */
  static async start(server: TestServer, files = 1_024): Promise<Program> {
    const script = path.join(__dirname, 'stopped-child.ts');
    const command = `ulimit -n ${files}; exec "$0" -r tsx/cjs "$@"`;
    const child = spawn('/bin/sh', ['-c', command, process.execPath, script, String(server.port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const program = cleanup.add(new Program(child), () => child.kill('SIGKILL'));
    const [line] = (await once(program.lines, 'line')) as [string];
    const { pid, port } = JSON.parse(line) as { pid: number; port: number };
    program.port = port;
    program.tapPid = pid;
    return program;
  }

  async report(): Promise<Report> {
    this.child.stdin?.write('\n');
    const [line] = (await once(this.lines, 'line')) as [string];
    return JSON.parse(line) as Report;
  }
}

/** The bytes of one direction that the tap told of, by what became of them. */
function sumOf({ messages, skipped }: Told): number {
  const read = Object.values(messages).reduce((sum, { bytes }) => sum + bytes, 0);
  return read + skipped['no-message'] + skipped['not-copied'];
}

async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (!socket.write(bytes)) await once(socket, 'drain');
}

it('forwards at full speed while its program is stopped, and tells exactly what it did not copy', async () => {
  const server = cleanup.add(await startServer(), (it) => it.stop());
  const program = await Program.start(server);
  const peer = cleanup.add(await dialPort(program.port), (it) => it.destroy());
  const node = await server.next();

  const version = encodeFrame(magic, 'version', Buffer.alloc(86));
  await write(peer, version);
  await write(node, version);
  await readBytes(node, version.length);
  await readBytes(peer, version.length);
  await until(
    'the first message',
    async () => (await program.report()).tapped[0]?.out.bytes === version.length,
  );
  program.child.kill('SIGSTOP');

  // 200 MB to the node and 50 MB to the peer, in blocks and small messages.
  const blocks = Array.from({ length: 10 }, () => encodeFrame(magic, 'block', randomBytes(999_976)));
  const small = encodeFrame(magic, 'tx', randomBytes(226));
  const sent = { in: version.length, out: version.length };
  const send = async (socket: Socket, direction: 'in' | 'out', count: number): Promise<string> => {
    const hash = createHash('sha256');
    for (let i = 0; i < count; i++) {
      for (const bytes of [blocks[i % blocks.length] ?? small, small]) {
        hash.update(bytes);
        sent[direction] += bytes.length;
        await write(socket, bytes);
      }
    }
    return hash.digest('hex');
  };
  const receive = async (socket: Socket, count: number): Promise<string> => {
    const hash = createHash('sha256');
    for (let left = count * (1_000_000 + small.length); left > 0;) {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) {
        await once(socket, 'readable');
        continue;
      }
      hash.update(bytes);
      left -= bytes.length;
    }
    return hash.digest('hex');
  };
  const [toNode, toPeer, atNode, atPeer] = await Promise.all([
    send(peer, 'in', 200),
    send(node, 'out', 50),
    receive(node, 200),
    receive(peer, 50),
  ]);
  expect(atNode).toBe(toNode);
  expect(atPeer).toBe(toPeer);
  expect(memoryOf(program.tapPid).anonymous).toBeLessThan(120_000_000);

  // Connections that come and go meanwhile are led as well.
  for (let i = 0; i < 50; i++) {
    const other = await dialPort(program.port);
    other.end('hello');
    const far = await server.next();
    expect((await readAll(far)).toString()).toBe('hello');
    far.end('bye');
    expect((await readAll(other)).toString()).toBe('bye');
  }

  program.child.kill('SIGCONT');
  const all = (report: Report): boolean => {
    const [first] = report.tapped;
    return first?.in.bytes === sent.in && first.out.bytes === sent.out && report.missed.connections === 50;
  };
  const after = await until('the bytes that were told', async () => {
    const report = await program.report();
    return all(report) ? report : undefined;
  });
  expect(after.missed).toEqual({ connections: 50, in: 250, out: 150 });
  expect(after.tapped).toHaveLength(1);
  const [first] = after.tapped;
  if (first === undefined) throw new Error('none is told');
  // The bound of copies and the system's buffers hold some megabytes of 250.
  expect(first.in.skipped['not-copied']).toBeGreaterThan(150_000_000);

  // From here on all is read again.
  const read = first.in.messages['tx']?.messages ?? 0;
  for (let i = 0; i < 500; i++) {
    await write(peer, small);
    sent.in += small.length;
  }
  peer.end();
  await readBytes(node, 500 * small.length);
  node.end();
  const { tapped } = await until('its end', async () => {
    const report = await program.report();
    return report.tapped[0]?.reason == null ? undefined : report;
  });
  const [last] = tapped;
  expect(last?.in.messages['tx']?.messages).toBe(read + 500);
  for (const direction of ['in', 'out'] as const) {
    const told = last?.[direction];
    if (told === undefined) throw new Error('none is told');
    expect(told.bytes).toBe(sent[direction]);
    expect(sumOf(told)).toBe(sent[direction]);
    expect(told.messages['version']).toEqual({ messages: 1, bytes: version.length });
  }
});

it('leads no more connections than the limit of open files allows', async () => {
  const server = cleanup.add(await startServer(), (it) => it.stop());
  const program = await Program.start(server, 84);
  const peers: Socket[] = [];
  for (let i = 0; i < 6; i++) peers.push(cleanup.add(await dialPort(program.port), (it) => it.destroy()));
  for (let i = 0; i < 5; i++) await server.next();
  expect(await endOf(peers[5] ?? new Socket())).toMatch(/end|ECONNRESET/);
  const { warnings } = await program.report();
  expect(warnings).toEqual([
    'the tap leads 5 inbound and 5 outbound connections at most, as the limit of open files (ulimit -n) ' +
      'allows no more',
  ]);
});

it('ends with its program', async () => {
  const server = cleanup.add(await startServer(), (it) => it.stop());
  const program = await Program.start(server);
  const peer = cleanup.add(await dialPort(program.port), (it) => it.destroy());
  await server.next();
  program.child.kill('SIGKILL');
  expect(await endOf(peer)).toMatch(/end|ECONNRESET/);
  await until('its end', () => hasEnded(program.tapPid));
});
