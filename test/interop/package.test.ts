import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { SERIES_NAMES } from '../../src/metrics/schema';
import { Miner, specOf } from '../chain/full/spend';
import { ChainPeer } from '../support/chain-peer';
import { nodeOf, registry } from '../support/registry';
import { findProgram } from '../support/requires';
import { until } from '../support/until';

const run = promisify(execFile);
const ROOT = path.join(__dirname, '..', '..');
const PATIENCE_MS = 300_000;

/** Of all programs on the PATH, those that an installation may use: no compiler, no make, no python. */
const ALLOWED = ['sh', 'node', 'npm'];

registry.describe('the packed tarball, installed where there is no compiler', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let program: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-package-'));
    const bin = path.join(folder, 'bin');
    await mkdir(bin);
    for (const name of ALLOWED)
      await symlink(await realpath(findProgram(name) ?? name), path.join(bin, name));
    env = { ...process.env, PATH: bin };
    delete env['NODE_BACKEND'];

    // The tree has been built: other tests run from dist, so it must not be built again meanwhile.
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
    const { stdout } = await run('npm', pack, { cwd: ROOT });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    const prefix = path.join(folder, 'prefix');
    const install = ['install', '--global', '--prefix', prefix, '--ignore-scripts=false', '--no-audit'];
    await run('npm', [...install, path.join(folder, filename)], { cwd: folder, env });
    program = path.join(prefix, 'bin', 'btcdmon-node');
  }, PATIENCE_MS);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    const { stdout } = await run(program, ['--version'], { env });
    expect(stdout.trim()).toBe(version);
  });

  it('lists every series', async () => {
    const { stdout } = await run(program, ['series'], { env });
    for (const name of SERIES_NAMES) expect(stdout).toContain(name);
  });

  it('holds nothing of bcoin’s tree beside what is inlined', async () => {
    const listed = await run(
      'npm',
      ['ls', '--global', '--all', '--parseable', '--prefix', path.join(folder, 'prefix')],
      {
        env,
      },
    );
    expect(listed.stdout).toContain('btcdmon-node');
    expect(listed.stdout).not.toMatch(/[\\/](bcoin|bcrypto|bdb|mrmr)$/m);
  });

  it(
    'listens, stores and answers',
    async () => {
      await demo(program, []);
    },
    PATIENCE_MS,
  );

  it(
    'validates a chain fully, on the LevelDB that came with it',
    async () => {
      await validate(program, []);
    },
    PATIENCE_MS,
  );

  it('receives by the ZeroMQ that came with it', async () => {
    await receive(process.execPath);
  });

  for (const major of [22, 24])
    nodeOf(major).describe(`Node ${major}`, (node) => {
      it(
        'runs it',
        async () => {
          const { stdout } = await run(node, [program, '--version'], { env });
          expect(stdout).toMatch(/^\d+\.\d+\.\d+/);
          await demo(node, [program]);
          await validate(node, [program]);
          await receive(node);
        },
        PATIENCE_MS,
      );
    });

  /** Has the package that a Core's notifications come by send a message to itself. */
  async function receive(node: string): Promise<void> {
    const script = `
      const { Publisher, Subscriber } = require('zeromq');
      const [publisher, subscriber] = [new Publisher({ linger: 0 }), new Subscriber()];
      void (async () => {
        await publisher.bind('tcp://127.0.0.1:*');
        subscriber.connect(publisher.lastEndpoint);
        subscriber.subscribe('rawtx');
        const sending = setInterval(() => void publisher.send(['rawtx', 'received']), 20);
        const [, body] = await subscriber.receive();
        clearInterval(sending);
        publisher.close();
        subscriber.close();
        console.log(body.toString());
      })();`;
    const cwd = path.join(folder, 'prefix', 'lib', 'node_modules', 'btcdmon-node');
    const { stdout, stderr } = await run(node, ['-e', script], { cwd, env });
    expect([stdout, stderr]).toEqual(['received\n', '']);
  }

  /** Has it fetch a chain whose coinbases are spent, and check that. */
  async function validate(command: string, before: readonly string[]): Promise<void> {
    const data = await mkdtemp(path.join(folder, 'data-'));
    const peer = await ChainPeer.start();
    const miner = new Miner();
    while (miner.height < 110) {
      const spends = miner.height < 101 ? [] : [specOf(miner.spend(miner.height - 100, 0).hex)];
      peer.add(miner.extend(miner.build(spends)));
    }
    const connect = ['-n', 'regtest', '-c', `127.0.0.1:${peer.port}`, '-e', 'stdout:'];
    const child = spawn(command, [...before, ...connect, '--validate', 'full', '--data-dir', data], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      let log = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
      await until('the chain', () => /"height":110,[^\n]*caught up/.test(log), {
        giveUp: () => (child.exitCode === null ? undefined : log),
        ms: 240_000,
      });
      expect(log).toContain('"signatures":"OpenSSL"');
    } finally {
      // Its data directory is removed later.
      const ended = once(child, 'close');
      if (child.kill('SIGTERM')) await ended;
      await peer.stop();
    }
  }

  /** Has it listen to a network of its own, and asks the store what it heard, meanwhile and afterwards. */
  async function demo(command: string, before: readonly string[]): Promise<void> {
    const data = await mkdtemp(path.join(folder, 'data-'));
    const demo = spawn(command, [...before, 'demo', '--seconds', '0', '--data-dir', data], {
      env,
      stdio: 'ignore',
    });
    const ended = once(demo, 'close');
    const from = `duckdb:${path.join(data, 'demo.duckdb')}`;
    const query = ['query', 'tx', '--agg', 'count', '--format', 'json', '--from', from];
    const count = async (): Promise<number> => {
      const { stdout } = await run(command, [...before, ...query], { env });
      const [row] = JSON.parse(stdout) as [{ count: number }];
      return row.count;
    };
    try {
      await until('transactions', async () => (await count()) > 0, {
        giveUp: () => (demo.exitCode === null ? undefined : `the demo ended with ${demo.exitCode}`),
      });
    } finally {
      demo.kill('SIGINT');
    }
    expect(await ended).toEqual([0, null]);
    expect(await count()).toBeGreaterThan(0);
  }
});
