import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { COMMAND_NAMES, optionsOf } from '../../src/cli/known-options';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { BIN } from '../support/program';
import { until } from '../support/until';

const ROOT = path.join(__dirname, '..', '..');
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');
const README = read('README.md');
const VERSION = (JSON.parse(read('package.json')) as { version: string }).version;

/** The commands of a document's shell blocks, without their comments. */
function commandsIn(document: string): readonly string[] {
  const blocks = [...document.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = '']) => text);
  return blocks
    .flatMap((text) => text.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/(^| +)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** A command of README; the test fails where README does not have it any more. */
function fromReadme(command: string): string {
  const all = commandsIn(README);
  if (!all.includes(command)) throw new Error(`README.md has no command ${command}`);
  return command;
}

describe('the commands of the documents', () => {
  const documents = [
    'README.md',
    ...readdirSync(path.join(ROOT, 'docs')).map((name) => `docs/${name}`),
  ].filter((name) => name.endsWith('.md'));

  it.each(documents)('%s: has no option that its command lacks', (name) => {
    const wrong = commandsIn(read(name)).flatMap((line) =>
      line
        .split(/[|;&]+ /)
        .filter((part) => /(^|\s)btcdmon-node(\s|$)/.test(part))
        .flatMap((part) => {
          const words = part
            .slice(part.indexOf('btcdmon-node') + 'btcdmon-node'.length)
            .trim()
            .split(/\s+/);
          const command = COMMAND_NAMES.find((known) => known === words[0]) ?? '';
          const known = [...optionsOf(command), 'help', 'version', 'config'];
          return words
            .flatMap((word) => /^--(?:no-)?([a-z][a-z0-9-]*)/.exec(word)?.[1] ?? [])
            .filter((option) => !known.includes(option))
            .map((option) => `--${option} in: ${part.trim()}`);
        }),
    );
    expect(wrong).toEqual([]);
  });

  it('name the version that is packed, and the scripts that there are', () => {
    const [, packed] = /npm install -g btcdmon-node-(\S+)\.tgz/.exec(README) ?? [];
    expect(packed).toBe(VERSION);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...README.matchAll(/npm run (\w[\w:]*)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    expect(scripts['demo']).toMatch(/ && node bin\/btcdmon-node demo$/);
  });

  it('name configuration files that there are', () => {
    const named = commandsIn(README).flatMap((line) => /--config (\S+)/.exec(line)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(read(name)).not.toBe('');
  });
});

/** A command that a user left running. */
interface Left {
  readonly output: () => string;
  readonly ended: () => string | undefined;
  /** As Ctrl-C does; resolves to the exit status. */
  stop(): Promise<number | null>;
}

it('a fresh clone runs the demo by the first command of README, and what it says next', async () => {
  const [install, demo] = fromReadme('npm ci && npm run demo').split(' && ');
  expect(install).toBe('npm ci');
  const cleanup = new Cleanup();
  const folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-clone-')), (name) =>
    rmSync(name, { recursive: true, force: true }),
  );
  const clone = path.join(folder, 'btcdmon-node');
  const data = path.join(folder, 'data');
  const run = async (command: string, cwd: string): Promise<string> =>
    (
      await promisify(execFile)('sh', ['-c', command], {
        cwd,
        env: { PATH: process.env['PATH'], HOME: folder, BTCDMON_HTTP: 'off' },
      })
    ).stdout;
  try {
    await run(`git clone --quiet --depth 1 "file://${ROOT}" "${clone}"`, folder);
    // The packages are those of package-lock.json, as `npm ci` installs them.
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(clone, 'node_modules'));
    const said = await run(`${demo} -- --seconds 10 --data-dir "${data}"`, clone);
    expect(said).toMatch(/[1-9]\d* points are in the store/);
    const [, next = ''] = /What to type next:\n\n +(.*)\n/.exec(said) ?? [];
    expect(await run(next, clone)).toMatch(/pubkeyhash +\d+/);
  } finally {
    await cleanup.run();
  }
});

btcd.describe('a new user, who follows README in a new folder', (program) => {
  const cleanup = new Cleanup();
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let node: Btcd;
  let page: string;
  /** The loopback address at which this test's btcd has the usual port of simnet. */
  const host = `127.${100 + (process.pid % 100)}.${(process.pid >> 8) % 250}.7`;

  beforeAll(async () => {
    folder = cleanup.add(mkdtempSync(path.join(tmpdir(), 'btcdmon-readme-')), (name) =>
      rmSync(name, { recursive: true, force: true }),
    );
    mkdirSync(path.join(folder, 'bin'));
    symlinkSync(BIN, path.join(folder, 'bin', 'btcdmon-node'));
    const port = await freePort();
    page = `http://127.0.0.1:${port}/`;
    // The port of README may be in use here.
    env = {
      PATH: `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      ...{ HOME: folder, BTCDMON_HTTP: `127.0.0.1:${port}`, BTCDMON_INTERVAL: '500ms' },
    };
    node = cleanup.add(
      await Btcd.start(program, { network: 'simnet', listen: { host, port: 18_555 } }),
      (it) => it.stop(),
    );
  });
  afterAll(() => cleanup.run());

  const run = async (command: string): Promise<string> =>
    (await promisify(execFile)('sh', ['-c', command], { cwd: folder, env })).stdout;

  function leave(command: string): Left {
    const child = spawn('sh', ['-c', `exec ${command}`], { cwd: folder, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    // After its exit the rest of its output may still be in the pipe.
    let hasEnded = false;
    const closed = (once(child, 'close') as Promise<[number | null]>).finally(() => (hasEnded = true));
    cleanup.add(child, (it) => it.kill('SIGKILL'));
    return {
      output: () => output,
      ended: () => (hasEnded ? `it ended:\n${output}` : undefined),
      stop: async () => {
        child.kill('SIGINT');
        return (await closed)[0];
      },
    };
  }

  /** What the page says to a question. */
  async function verdict(question: string): Promise<{ tone: string; answer: string; reason: string }> {
    const abort = new AbortController();
    try {
      const response = await fetch(`${page}api/live`, { signal: abort.signal });
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString();
        const [, data] = /^event: health\ndata: (.*)\n\n/m.exec(text) ?? [];
        if (data === undefined) continue;
        const { verdicts } = JSON.parse(data) as { verdicts: { question: string }[] };
        const found = verdicts.find((one) => one.question === question);
        if (found !== undefined) return found as never;
        throw new Error(`nothing is said about ${question}`);
      }
      throw new Error('the page ended');
    } finally {
      abort.abort();
    }
  }

  it('runs the demo, looks at its page, and types what it says', async () => {
    expect(README).toContain('`--seconds 60` ends it');
    const demo = leave('btcdmon-node demo');
    await until('the page', async () => (await fetch(page)).ok, { giveUp: demo.ended });
    await until('it to say where', () => demo.output().includes(page), { giveUp: demo.ended });
    await until('blocks', () => /[1-9]\d* points/.test(demo.output()), { giveUp: demo.ended });
    expect(await demo.stop()).toBe(0);
    const [, next = ''] = /What to type next:\n\n +(btcdmon-node .*)\n/.exec(demo.output()) ?? [];
    expect(await run(next)).toMatch(/pubkeyhash +\d+/);
  });

  it('listens beside a btcd, first on the wrong network', async () => {
    const command = fromReadme('btcdmon-node --connect 127.0.0.1').replace('127.0.0.1', `${host}:18555`);
    const listener = leave(command);
    const words = await until(
      'the reason',
      async () => {
        const { tone, reason } = await verdict('peers');
        return tone === 'bad' && reason.includes('network') && reason;
      },
      { giveUp: listener.ended },
    );
    expect(words).toBe(`${host}:18555 hangs up during the handshake: Another network? Try --network simnet.`);
    expect(await run('btcdmon-node top')).toContain('BAD  peers      No peer is connected.');
    expect(await listener.stop()).toBe(0);
  });

  it('listens on the right one, and asks what README asks', async () => {
    const listener = leave(
      `${fromReadme('btcdmon-node --connect 127.0.0.1').replace('127.0.0.1', host)} --network simnet`,
    );
    await until('a healthy peer', async () => (await verdict('peers')).tone === 'good', {
      giveUp: listener.ended,
    });
    await until('btcd to count it', async () => (await node.peers()).length === 1);
    const asks = (text: string): Promise<string> => run(fromReadme(text));
    expect(await asks('btcdmon-node queries')).toContain('mempool-size');
    await until(
      'the mempool in the store',
      async () => (await asks('btcdmon-node query @mempool-size --since 6h')).trim().split('\n').length > 1,
      { giveUp: listener.ended },
    );
    expect(await asks('btcdmon-node query msg_recv --agg sum inv --every 1m')).toContain('sum_inv');
    for (const command of ['btcdmon-node top', 'btcdmon-node alerts'])
      expect(README).toContain(`\`${command}\``);
    await until(
      'the peer in top',
      async () => /^ok {3}peers {6}1 peer\./m.test(await run('btcdmon-node top')),
      { giveUp: listener.ended },
    );
    expect(await run('btcdmon-node alerts')).toContain('no-peers');
    expect(await listener.stop()).toBe(0);
  });

  it('serves the store that is left, and audits it', async () => {
    const serve = commandsIn(read('docs/page.md')).find((command) => command === 'btcdmon-node serve') ?? '';
    const served = leave(serve);
    const { nodes, live } = await until(
      'the page of the store',
      async () => {
        const answer = await fetch(`${page}api/info`);
        return answer.ok && ((await answer.json()) as { nodes: readonly string[]; live: boolean });
      },
      { giveUp: served.ended },
    );
    expect([nodes.length, live]).toEqual([1, false]);
    expect(await served.stop()).toBe(0);
    const audit = fromReadme('btcdmon-node audit --since 24h --store duckdb:day.duckdb');
    const found = await run(audit.replace('day.duckdb', '.btcdmon/btcdmon.duckdb'));
    expect(found).toMatch(/^\d+ points of 2 runs: the store holds every one$/m);
    // The run on the wrong network.
    expect(found).toMatch(/^\S+ mainnet: had no peer in this period/m);
  });

  it('has a configuration that the program reads', async () => {
    const command = fromReadme('btcdmon-node --config config/beside-btcd.yaml');
    mkdirSync(path.join(folder, 'config'));
    writeFileSync(
      path.join(folder, 'config', 'beside-btcd.yaml'),
      read('config/beside-btcd.yaml').replaceAll('127.0.0.1:8333', `${host}:18555`),
    );
    const listener = leave(`${command} --network simnet --connect ${host} --data-dir other`);
    await until('a peer', async () => (await node.peers()).length === 1, { giveUp: listener.ended });
    expect(await listener.stop()).toBe(0);
  });
});
