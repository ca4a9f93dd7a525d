import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';
import { until } from './until';

/** Declares that a test file needs i2pd. */
export const i2pd = requirement(
  'i2pd',
  () => findProgram('i2pd', ['/usr/sbin']),
  'install it (Debian: apt-get install i2pd)',
);

/** The public network has the number 2. Routers of different networks don't speak with each other. */
const NETWORK_ID = 99;

/** The parts of a router that are off. */
const OFF = ['http', 'httpproxy', 'socksproxy', 'bob', 'i2cp', 'i2pcontrol', 'upnp', 'nettime', 'ssu2'];

/**
 * Options of a session whose tunnels have no hops: a router that knows no other one can have only such. They
 * are real in all but that.
 */
export const NO_HOPS = 'inbound.length=0 outbound.length=0';

/** A router that is alone in its network, and asks nobody for others. */
export interface I2pdRouter {
  /** Its SAM bridge. */
  readonly endpoint: { readonly host: string; readonly port: number };
  stop(): Promise<void>;
}

export async function startI2pd(program: string): Promise<I2pdRouter> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-i2pd-'));
  const [port, sam] = [await freePort(), await freePort()];
  const file = path.join(folder, 'i2pd.conf');
  const lines = [
    ...['log = none', 'ipv4 = true', 'ipv6 = false', 'nat = false', 'floodfill = true'],
    ...[`netid = ${NETWORK_ID}`, 'host = 127.0.0.1', `port = ${port}`],
    ...['[ntcp2]', `port = ${port}`, '[reseed]', 'threshold = 0', 'urls =', 'yggurls ='],
    ...['[sam]', 'enabled = true', 'address = 127.0.0.1', `port = ${sam}`],
    ...OFF.flatMap((part) => [`[${part}]`, 'enabled = false']),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const args = [`--datadir=${folder}`, `--conf=${file}`, '--tunconf=/dev/null'];
  const child = spawn(program, args, { stdio: 'ignore', cwd: folder });
  const killOnExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const endpoint = { host: '127.0.0.1', port: sam };
  await until('the SAM bridge', async () => {
    const socket = connect(endpoint);
    await once(socket, 'connect').finally(() => socket.destroy());
    return true;
  });
  return {
    endpoint,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      process.off('exit', killOnExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
