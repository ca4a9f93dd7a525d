import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';
import { until } from './until';

/** One real nats-server on loopback, in a folder of its own. */
export interface NatsServer {
  readonly name: string;
  readonly port: number;
  /** Undefined before its start. */
  readonly pid: number | undefined;
  /** As `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again after a kill, with the same folder and ports. */
  start(): Promise<void>;
  /** Stops the process (SIGSTOP), so that it does nothing while its connections stay. */
  freeze(): void;
}

/** A cluster of servers, or one server. */
export interface Nats {
  readonly servers: readonly NatsServer[];
  /** The export URL of a stream. */
  url(stream: string, options?: string): string;
  /** The server that leads a stream. */
  leader(stream: string): Promise<NatsServer>;
  /** Every message of a stream as the servers report it, the oldest first. */
  read(stream: string): Promise<readonly StoredMessage[]>;
  /** Kills all and removes their folders. */
  stop(): Promise<void>;
}

interface StoredMessage {
  readonly subject: string;
  readonly id: string;
  readonly lines: readonly string[];
}

/** Declares that a test file needs nats-server. */
export const natsServer = requirement(
  'nats-server',
  () => findProgram('nats-server', ['/usr/sbin']),
  'install it (Debian: apt-get install nats-server)',
);

/**
 * Starts servers in temporary folders. Several form a cluster. `config` is added to the configuration of
 * each.
 */
export async function startNats({
  servers: count = 1,
  config = '',
  maxFileStore = '4GB',
} = {}): Promise<Nats> {
  const { path: program } = natsServer;
  if (program === null) throw new Error('nats-server was not found');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-nats-'));
  const ports: number[] = [];
  while (ports.length < 2 * count) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`);
  const servers = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const name = `n${i + 1}`;
      const cluster =
        count === 1
          ? ''
          : `cluster { name: test, listen: "127.0.0.1:${ports[count + i] ?? 0}", routes: [${routes.join(', ')}] }`;
      const file = path.join(folder, `${name}.conf`);
      const store = path.join(folder, name);
      await writeFile(
        file,
        `server_name: ${name}\nlisten: "127.0.0.1:${ports[i] ?? 0}"\n` +
          `jetstream { store_dir: "${store}", max_file_store: ${maxFileStore}, max_memory_store: 64MB }\n${cluster}\n${config}\n`,
      );
      return natsProcess(program, ['-c', file], { name, port: ports[i] ?? 0 });
    }),
  );
  const first = servers.map(({ port }) => `127.0.0.1:${port}`);
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.kill()));
    await rm(folder, { recursive: true, force: true });
  };
  const nats: Nats = {
    servers,
    url: (stream, options = '') => {
      const others = first.length > 1 ? [`servers=${first.slice(1).join(',')}`] : [];
      const query = [...others, ...(options === '' ? [] : [options])].join('&');
      return `nats://${first[0] ?? ''}/${stream}${query === '' ? '' : `?${query}`}`;
    },
    leader: (stream) =>
      withManager(first, async ({ manager }) => {
        const { cluster } = await manager.streams.info(stream);
        const leader = servers.find(({ name }) => name === cluster?.leader);
        if (leader === undefined) throw new Error(`${stream} has no leader`);
        return leader;
      }),
    read: (stream) => withManager(first, (at) => readStream(at, stream)),
    stop,
  };
  try {
    await Promise.all(servers.map((server) => server.start()));
    if (count > 1) await until('the cluster to have a leader', () => canMakeStreams(first, count));
  } catch (error) {
    await stop();
    throw error;
  }
  return nats;
}

/** A server that is not started yet, with its arguments. */
export function natsProcess(
  program: string,
  args: readonly string[],
  { name, port }: { readonly name: string; readonly port: number },
): NatsServer {
  let child: ChildProcess | undefined;
  const killOnExit = (): boolean | undefined => child?.kill('SIGKILL');
  return {
    name,
    port,
    get pid() {
      return child?.pid;
    },
    kill: async () => {
      process.off('exit', killOnExit);
      if (child?.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
    freeze: () => void child?.kill('SIGSTOP'),
    start: async () => {
      const started = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      child = started;
      process.once('exit', killOnExit);
      let log = '';
      started.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-4_000)));
      await until(`${name} to be ready`, () => log.includes('Server is ready'), {
        giveUp: () => (started.exitCode === null ? undefined : log),
      });
    },
  };
}

interface At {
  readonly connection: Awaited<ReturnType<typeof connect>>;
  readonly manager: Awaited<ReturnType<typeof jetstreamManager>>;
}

/** Runs `use` with a connection of the test's own to the first server that answers. */
export async function withManager<T>(
  servers: readonly string[],
  body: (at: At) => Promise<T>,
  options: { readonly token?: string } = {},
): Promise<T> {
  const connection = await connect({ servers: [...servers], reconnect: false, timeout: 5_000, ...options });
  try {
    return await body({ connection, manager: await jetstreamManager(connection, { checkAPI: false }) });
  } finally {
    await connection.close();
  }
}

function canMakeStreams(servers: readonly string[], replicas: number): Promise<boolean> {
  return withManager(servers, async ({ manager }) => {
    await manager.streams.add({ name: 'probe', subjects: ['probe'], num_replicas: replicas });
    return manager.streams.delete('probe');
  });
}

async function readStream({ connection, manager }: At, stream: string): Promise<readonly StoredMessage[]> {
  const { state, config } = await manager.streams.info(stream);
  const messages: StoredMessage[] = [];
  if (state.messages === 0) return messages;
  if (config.retention === 'workqueue') {
    // Only the group's own consumer may read the stream, so messages are read by number, one after the other.
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(stream, { seq });
      if (message !== null)
        messages.push(stored(message.subject, message.header.get('Nats-Msg-Id'), message.data));
    }
    return messages;
  }
  const { name } = await manager.consumers.add(stream, { ack_policy: AckPolicy.None });
  const consumer = await jetstream(connection).consumers.get(stream, name);
  while (messages.length < state.messages) {
    const some = await consumer.fetch({ max_messages: Math.min(500, state.messages - messages.length) });
    for await (const { subject, headers, data } of some)
      messages.push(stored(subject, headers?.get('Nats-Msg-Id') ?? '', data));
  }
  return messages;
}

function stored(subject: string, id: string, data: Uint8Array): StoredMessage {
  return { subject, id, lines: Buffer.from(data).toString('utf8').split('\n').slice(0, -1) };
}
