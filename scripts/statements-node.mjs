// A node that statements are asked of: the built program on a regtest network (`demo`), its page, and what
// all its processes take.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { clearInterval, setInterval } from 'node:timers';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Milliseconds between two looks at the memory, and from a panel's answer until the next is asked. */
const LOOK_MS = 100;
const PANEL_EVERY_MS = 100;

/** Milliseconds after which a panel counts as one that is not answered. */
const NO_PANEL_MS = 30_000;

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The process has ended meanwhile.
    return '';
  }
}

/** The resident memory in bytes of a process and of all that it started. */
function residentBytes(pid) {
  const own = Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
  return children.reduce((sum, child) => sum + residentBytes(Number(child)), own);
}

/** Takes what was seen since it was taken before. */
class Peak {
  #most = 0;

  see(value) {
    this.#most = Math.max(this.#most, value);
  }

  take() {
    const most = this.#most;
    this.#most = 0;
    return most;
  }
}

/**
 * A running node. A panel is asked all the time, each 100 ms after the answer to the one before; one that is
 * refused is asked again, and its time goes on.
 */
export class AskedNode {
  /** The most memory of all its processes. */
  memory = new Peak();
  /** The most milliseconds that a panel took. */
  panels = new Peak();
  /** Told of each panel: its milliseconds. */
  onPanel = () => undefined;
  /** How many panels were answered. */
  answered = 0;
  log = '';
  #program;
  #url;
  #timer;
  #isStopping = false;
  /** When the panel was asked first that has no answer yet. */
  #pendingSince = null;
  #lastRefusal = '';

  /** Starts a node and waits for its first panel. `limit` is a prefix of the command, such as `prlimit`. */
  static async start(program, limit = []) {
    const node = new AskedNode();
    node.folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-statements-'));
    node.#program = program;
    const place = `127.0.0.1:${await freePort()}`;
    node.#url = `http://${place}`;
    const args = ['demo', '--seconds', '0', '--data-dir', node.folder, '--http', place];
    const [command, ...rest] = [...limit, process.execPath, program, ...args];
    node.child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    node.child.stderr.setEncoding('utf8').on('data', (text) => (node.log += text));
    node.#timer = setInterval(() => node.memory.see(residentBytes(node.child.pid)), LOOK_MS);
    const deadline = performance.now() + 60_000;
    while (!(await node.#panel()))
      if (!node.isAlive || performance.now() > deadline)
        throw new Error(`the node does not start: ${node.log}`);
      else await wait(100);
    void node.#askPanels();
    return node;
  }

  get isAlive() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get end() {
    return this.child.exitCode ?? this.child.signalCode;
  }

  /** How often the process of the store was started again. */
  get restarts() {
    return this.log.split('is started again').length - 1;
  }

  /** Asks a statement; whoever asks leaves after `leaveMs`. */
  async ask(raw, leaveMs) {
    try {
      const response = await fetch(`${this.#url}/api/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ raw }),
        signal: AbortSignal.timeout(leaveMs),
      });
      const text = await response.text();
      return response.ok ? 'answered' : (JSON.parse(text).error ?? text);
    } catch (error) {
      return error.name === 'TimeoutError' ? 'left' : `no answer: ${error.message}`;
    }
  }

  /** Waits until a statement is answered again, after one that was left. */
  async free() {
    while (this.isAlive && (await this.ask('SELECT 1', 60_000)) !== 'answered') await wait(20);
  }

  /**
   * Waits until a panel is answered that is asked from now on. Returns the milliseconds that the slowest took
   * since this was asked the last time, or what was said instead.
   */
  async slowestPanel() {
    // The one that is under way may have been asked before.
    const wanted = this.answered + 2;
    while (this.answered < wanted) {
      if (!this.isAlive) return `the node has ended with ${this.end}`;
      if (this.#pendingSince !== null && performance.now() - this.#pendingSince > NO_PANEL_MS)
        return `no panel in ${NO_PANEL_MS / 1_000} s: ${this.#lastRefusal}`;
      await wait(5);
    }
    return this.panels.take();
  }

  /**
   * Ends the node and holds its store against its own account. Returns what is wrong, and tells what is
   * right.
   */
  async judge() {
    const problems = [];
    const ms = await this.#stop();
    if (ms > 5_000) problems.push(`the node took ${(ms / 1_000).toFixed(1)} s to end`);
    if (this.end !== 0) problems.push(`the node ended with ${this.end}: ${this.log}`);
    const store = path.join(this.folder, 'demo.duckdb');
    let said = '';
    try {
      const args = [this.#program, 'audit', '--from', `duckdb:${store}`];
      const text = execFileSync(process.execPath, args, { encoding: 'utf8' });
      said = `${text.trim().split('\n').at(-1)}; ended in ${ms.toFixed(0)} ms`;
    } catch (error) {
      problems.push(`audit: ${error.stdout}${error.stderr}`);
    }
    this.remove();
    return { problems, said };
  }

  /** Removes what a node left that has ended. */
  remove() {
    this.#isStopping = true;
    clearInterval(this.#timer);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #askPanels() {
    while (!this.#isStopping && this.isAlive) {
      this.#pendingSince ??= performance.now();
      if (await this.#panel()) {
        const ms = performance.now() - this.#pendingSince;
        this.panels.see(ms);
        this.#pendingSince = null;
        this.answered++;
        this.onPanel(ms);
      }
      await wait(PANEL_EVERY_MS);
    }
  }

  async #panel() {
    try {
      const response = await fetch(`${this.#url}/api/panels/mempool-size?since=15m`, {
        signal: AbortSignal.timeout(NO_PANEL_MS),
      });
      const text = await response.text();
      if (!response.ok) this.#lastRefusal = text;
      return response.ok;
    } catch (error) {
      this.#lastRefusal = error.message;
      return false;
    }
  }

  async #stop() {
    this.#isStopping = true;
    clearInterval(this.#timer);
    const start = performance.now();
    if (this.isAlive) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exited;
    }
    return performance.now() - start;
  }
}
