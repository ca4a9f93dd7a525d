// What hostile statements do to a node: the built program on a regtest network (`demo`), asked over its page.
//   node scripts/statements.mjs [--known] [--fuzz N] [--seed S] [--at-once 1] [--program FILE]
// --known asks the statements of statements-known.mjs, --fuzz N calls of DuckDB's functions with large arguments. After each a panel
// is asked for. Fails where the node ends, takes 2 GB with all its processes, does not answer the panel within a second, or where
// `audit` finds a point missing or twice in the end. --program has another build asked, as one of before. Needs dist (npm run build) and Linux (/proc).
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { clearInterval, setInterval } from 'node:timers';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { KNOWN } from './statements-known.mjs';
import { calls, readFunctions } from './statements-fuzz.mjs';

const { values } = parseArgs({
  options: {
    known: { type: 'boolean', default: false },
    fuzz: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 0x1_0000_0000) },
    program: { type: 'string', default: new URL('../bin/btcdmon-node', import.meta.url).pathname },
    'at-once': { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
});

/** The memory of the node and its processes together. */
const MEMORY_BYTES = 2_000_000_000;
/** A panel's answer after a statement. */
const PANEL_MS = 1_000;
/** What the node gives a statement; whoever asks leaves before that where many are asked. */
const LEAVE_MS = Number(values.fuzz) > 0 ? 3_000 : 25_000;
/** How many fuzzed statements are asked at once; where it is more than one, a panel has to wait for its turn. */
const AT_ONCE = Number(values['at-once']);

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** The processes of a program: itself and all below it. */
function processesOf(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name))
      try {
        parents.set(Number(name), Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))[1]));
      } catch {
        // Gone meanwhile.
      }
  const found = [pid];
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child);
  return found;
}

function residentBytes(pid) {
  let sum = 0;
  for (const one of processesOf(pid))
    try {
      sum += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch {
      // Gone meanwhile.
    }
  return sum;
}

class Node {
  constructor(folder, port) {
    this.folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    this.peak = 0;
    this.log = '';
    const args = ['demo', '--seconds', '0', '--data-dir', folder, '--http', `127.0.0.1:${port}`];
    this.child = spawn(process.execPath, [values.program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.log += text));
    this.timer = setInterval(() => {
      this.peak = Math.max(this.peak, residentBytes(this.child.pid));
    }, 50);
  }

  get isAlive() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async ask(raw) {
    try {
      const response = await fetch(`${this.url}/api/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ raw }),
        signal: AbortSignal.timeout(LEAVE_MS),
      });
      const text = await response.text();
      return response.ok ? 'answered' : (JSON.parse(text).error ?? text);
    } catch (error) {
      return error.name === 'TimeoutError' ? 'left' : `no answer: ${error.message}`;
    }
  }

  /** Milliseconds until a panel was answered; what it says instead where it was not within ten seconds. */
  async panelMs() {
    const start = performance.now();
    let said = '';
    while (performance.now() - start < 10_000 && this.isAlive)
      try {
        const response = await fetch(`${this.url}/api/panels/mempool-size?since=15m`, {
          signal: AbortSignal.timeout(10_000),
        });
        const text = await response.text();
        if (response.ok) return performance.now() - start;
        said = text;
        await wait(20);
      } catch (error) {
        said = error.message;
        await wait(20);
      }
    return said === '' ? 'the node has ended' : said;
  }

  async stop() {
    clearInterval(this.timer);
    const start = performance.now();
    if (this.isAlive) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exited;
    }
    return performance.now() - start;
  }
}

async function startNode() {
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-statements-'));
  const node = new Node(folder, await freePort());
  for (let tries = 0; typeof (await node.panelMs()) !== 'number'; tries++)
    if (tries > 5 || !node.isAlive) throw new Error(`the node does not start: ${node.log}`);
  return node;
}

const failures = [];
const fail = (line) => {
  failures.push(line);
  console.error(`statements: ${line}`);
};

/** Ends the node, and holds its store against its own account. */
async function judge(node) {
  const ms = await node.stop();
  if (ms > 5_000) fail(`the node took ${(ms / 1_000).toFixed(1)} s to end`);
  if (node.child.exitCode !== 0) fail(`the node ended with ${node.child.exitCode ?? node.child.signalCode}`);
  const store = path.join(node.folder, 'demo.duckdb');
  try {
    const said = execFileSync(process.execPath, [values.program, 'audit', '--from', `duckdb:${store}`], {
      encoding: 'utf8',
    });
    console.log(`statements: audit: ${said.trim().split('\n').at(-1)}; ended in ${ms.toFixed(0)} ms`);
  } catch (error) {
    fail(`audit: ${error.stdout}${error.stderr}`);
  }
  rmSync(node.folder, { recursive: true, force: true });
}

async function known() {
  let node = await startNode();
  console.log('| statement | answered | seconds | memory | panel after it | |');
  console.log('|---|---|---:|---:|---:|---|');
  for (const [name, statement] of KNOWN) {
    node.peak = 0;
    const start = performance.now();
    const said = await node.ask(statement);
    const seconds = (performance.now() - start) / 1_000;
    const panel = await node.panelMs();
    const told = typeof panel === 'number' ? `${panel.toFixed(0)} ms` : 'none';
    console.log(
      `| ${name} | ${said === 'answered' ? 'yes' : 'no'} | ${seconds.toFixed(1)} | ${(node.peak / 1e6).toFixed(0)} MB | ${told} | ` +
        `${said === 'answered' ? '' : said.split('\n')[0].slice(0, 110)} |`,
    );
    if (!node.isAlive)
      fail(`${name}: the node has ended with ${node.child.exitCode ?? node.child.signalCode}`);
    else if (typeof panel !== 'number') fail(`${name}: no panel: ${panel}`);
    else if (panel > PANEL_MS) fail(`${name}: the panel took ${panel.toFixed(0)} ms`);
    if (node.peak > MEMORY_BYTES) fail(`${name}: ${(node.peak / 1e6).toFixed(0)} MB`);
    if (node.isAlive) continue;
    rmSync(node.folder, { recursive: true, force: true });
    node = await startNode();
  }
  await judge(node);
}

async function fuzz(count, seed) {
  const node = await startNode();
  const functions = await readFunctions();
  const statements = calls(functions, seed);
  const answers = { answered: 0, refused: 0, left: 0 };
  let slowest = 0;
  let asked = 0;
  let peak = 0;
  const started = performance.now();
  const worker = async () => {
    while (asked < count && node.isAlive) {
      const { statement, index } = statements.next();
      asked++;
      const said = await node.ask(statement);
      answers[said === 'answered' || said === 'left' ? said : 'refused']++;
      if (values.verbose) console.log(`${index} ${said.slice(0, 100)} ${statement.slice(0, 160)}`);
      const panel = await node.panelMs();
      if (typeof panel !== 'number') fail(`call ${index} of seed ${seed}: no panel: ${panel}: ${statement}`);
      else if (panel > PANEL_MS && AT_ONCE === 1)
        fail(`call ${index} of seed ${seed}: panel ${panel} ms: ${statement}`);
      else slowest = Math.max(slowest, panel);
      if (node.peak > MEMORY_BYTES)
        fail(`call ${index} of seed ${seed}: ${(node.peak / 1e6).toFixed(0)} MB: ${statement}`);
      peak = Math.max(peak, node.peak);
      node.peak = 0;
      if (asked % 1_000 === 0) tell();
    }
  };
  const tell = () =>
    console.log(
      `statements: ${asked} calls in ${((performance.now() - started) / 1_000).toFixed(0)} s: ${answers.answered} answered, ` +
        `${answers.refused} refused or failed, ${answers.left} not awaited; slowest panel ${slowest.toFixed(0)} ms, ` +
        `${(peak / 1e6).toFixed(0)} MB at most, ${node.log.split('is started again').length - 1} restarts of the store`,
    );
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker));
  tell();
  if (!node.isAlive)
    fail(`the node has ended with ${node.child.exitCode ?? node.child.signalCode}: ${node.log}`);
  await judge(node);
}

if (values.known) await known();
if (Number(values.fuzz) > 0) await fuzz(Number(values.fuzz), Number(values.seed));
if (!values.known && Number(values.fuzz) === 0) console.error('statements: give --known, --fuzz N or both');
if (failures.length > 0) process.exitCode = 1;
