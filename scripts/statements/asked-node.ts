import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/support/free-port';
import { familyOf, memoryOf } from '../../test/support/proc';
import { messageOf } from '../support/options';

/** What the node logs, with the reason behind it, when the process of its store has ended. */
const RESTARTED = 'is started again';

/** Time between two measurements of the memory. */
const LOOK_MS = 100;

/** Time from a panel's answer to the next request. */
const PANEL_EVERY_MS = 100;

/** A panel that takes longer counts as not answered. */
const NO_PANEL_MS = 30_000;

/** The resident memory in bytes of a process and of all processes that it started. */
function residentBytes(pid: number | undefined): number {
  return familyOf(pid).reduce((sum, each) => {
    try {
      return sum + memoryOf(each).resident;
    } catch {
      // The process has ended meanwhile.
      return sum;
    }
  }, 0);
}

/** The largest value since the last call of `take`. */
class Peak {
  private most = 0;

  see(value: number): void {
    this.most = Math.max(this.most, value);
  }

  take(): number {
    const { most } = this;
    this.most = 0;
    return most;
  }
}

/** The verdict on a node that was stopped. */
export interface Judgement {
  readonly problems: readonly string[];
  /** The last line of `audit`, and how long the node took to stop; '' if `audit` failed. */
  readonly said: string;
}

/**
 * A node that gets hostile statements: the built program on a regtest network (`demo`), with its page. A
 * panel is requested all the time, each 100 ms after the answer before. A refused panel is requested again,
 * and its time continues.
 */
export class AskedNode {
  /** The peak memory of all its processes together, in bytes. */
  readonly memory = new Peak();
  /** The longest time of a panel, in milliseconds. */
  readonly panels = new Peak();
  /** Called after each panel with its time in milliseconds. */
  onPanel: (ms: number) => void = () => undefined;
  /** How many panels were answered. */
  answered = 0;
  /** How many were refused since the node has started, and why the last one was. */
  refused = 0;
  lastRefusal = '';
  log = '';
  private readonly timer: NodeJS.Timeout;
  private isStopping = false;
  /** When the panel that has no answer yet was first requested; null if there is none. */
  private pendingSince: number | null = null;

  private constructor(
    private readonly program: string,
    private readonly child: ChildProcessByStdio<null, null, Readable>,
    private readonly folder: string,
    private readonly url: string,
  ) {
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    this.timer = setInterval(() => this.memory.see(residentBytes(child.pid)), LOOK_MS);
  }

  /** Starts a node and waits for its first panel. `limit` is a prefix of the command, such as `prlimit`. */
  static async start(program: string, limit: readonly string[] = []): Promise<AskedNode> {
    const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-statements-'));
    const place = `127.0.0.1:${await freePort()}`;
    const args = ['demo', '--seconds', '0', '--data-dir', folder, '--http', place];
    const [command = '', ...rest] = [...limit, process.execPath, program, ...args];
    const child = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    const node = new AskedNode(program, child, folder, `http://${place}`);
    const deadline = performance.now() + 60_000;
    while (!(await node.panel()))
      if (!node.isAlive || performance.now() > deadline) {
        child.kill('SIGKILL');
        throw new Error(`the node does not start: ${node.log}`);
      } else await sleep(100);
    node.refused = 0;
    void node.askPanels();
    return node;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Its exit status, or the signal that ended it. */
  get end(): string {
    return String(this.child.exitCode ?? this.child.signalCode);
  }

  /** How often the process of the store was started again. */
  get restarts(): number {
    return this.log.split(RESTARTED).length - 1;
  }

  /** Why that was the last time, as the node's log says it. */
  get lastRestart(): string {
    const [, why = 'none'] = /^: ([^"]*)/.exec(this.log.split(RESTARTED).at(-1) ?? '') ?? [];
    return why;
  }

  /**
   * Sends a statement. Returns `answered`, `abandoned` if it took longer than `abandonMs`, or the node's
   * error.
   */
  async ask(raw: string, abandonMs: number): Promise<string> {
    try {
      const response = await fetch(`${this.url}/api/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ raw }),
        signal: AbortSignal.timeout(abandonMs),
      });
      const text = await response.text();
      if (response.ok) return 'answered';
      return (JSON.parse(text) as { readonly error?: string }).error ?? text;
    } catch (error) {
      const isAbandoned = error instanceof Error && error.name === 'TimeoutError';
      return isAbandoned ? 'abandoned' : `no answer: ${messageOf(error)}`;
    }
  }

  /** Waits until the node answers statements again after one was abandoned. */
  async free(): Promise<void> {
    while (this.isAlive && (await this.ask('SELECT 1', 60_000)) !== 'answered') await sleep(20);
  }

  /**
   * Waits for the answer to a panel that is requested from now on. Returns the time of the slowest panel
   * since the last call, in milliseconds, or why there is none.
   */
  async slowestPanel(): Promise<number | string> {
    // The panel that is pending may have been requested before this call.
    const wanted = this.answered + 2;
    while (this.answered < wanted) {
      if (!this.isAlive) return `the node has ended with ${this.end}`;
      if (this.pendingSince !== null && performance.now() - this.pendingSince > NO_PANEL_MS)
        return `no panel in ${NO_PANEL_MS / 1_000} s: ${this.lastRefusal}`;
      await sleep(5);
    }
    return this.panels.take();
  }

  /** Stops the node, and compares its store with its own count of points. */
  async judge(): Promise<Judgement> {
    const problems: string[] = [];
    const ms = await this.stop();
    if (ms > 5_000) problems.push(`the node took ${(ms / 1_000).toFixed(1)} s to stop`);
    if (this.end !== '0') problems.push(`the node ended with ${this.end}: ${this.log}`);
    const store = path.join(this.folder, 'demo.duckdb');
    let said = '';
    try {
      const args = [this.program, 'audit', '--from', `duckdb:${store}`];
      const text = execFileSync(process.execPath, args, { encoding: 'utf8' });
      said = `${text.trim().split('\n').at(-1) ?? ''}; ended in ${ms.toFixed(0)} ms`;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
      problems.push(`audit: ${stdout}${stderr}`);
    }
    this.remove();
    return { problems, said };
  }

  /** Removes the folder of a node that has ended. */
  remove(): void {
    this.isStopping = true;
    clearInterval(this.timer);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async askPanels(): Promise<void> {
    while (!this.isStopping && this.isAlive) {
      this.pendingSince ??= performance.now();
      if (await this.panel()) {
        const ms = performance.now() - this.pendingSince;
        this.panels.see(ms);
        this.pendingSince = null;
        this.answered++;
        this.onPanel(ms);
      }
      await sleep(PANEL_EVERY_MS);
    }
  }

  private async panel(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/api/panels/mempool-size?since=15m`, {
        signal: AbortSignal.timeout(NO_PANEL_MS),
      });
      const text = await response.text();
      return response.ok || this.refuse(text);
    } catch (error) {
      return this.refuse(messageOf(error));
    }
  }

  private refuse(why: string): false {
    this.refused++;
    this.lastRefusal = why;
    return false;
  }

  /** Stops the node, and returns how many milliseconds that took. */
  private async stop(): Promise<number> {
    this.isStopping = true;
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
