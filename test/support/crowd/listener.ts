import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseLine } from '../parse-line';
import { BIN } from '../program';
import type { CrowdReport, MessageCounts } from './news';

/** Series whose fields are added up. */
type Summed = 'msg_recv' | 'msg_recv_bytes' | 'msg_sent' | 'msg_sent_bytes' | 'inv' | 'addr_relay';

type Sums = Record<string, number>;

/** What the listener measured of the spread of a transaction. */
export interface MeasuredSpread {
  readonly sha: string;
  readonly peers: number;
  readonly p50: number;
  readonly p90: number;
}

/** The built program in a process of its own, and what its points say, which it writes to stdout. */
export class CrowdListener {
  readonly sums: Record<Summed, Sums> = {
    ...{ msg_recv: {}, msg_recv_bytes: {}, msg_sent: {}, msg_sent_bytes: {}, inv: {} },
    addr_relay: {},
  };
  /** The p99 of the delay of its event loop in each interval, in milliseconds. */
  readonly lags: number[] = [];
  readonly spreads: MeasuredSpread[] = [];
  /** Ended connections and refusals, by their reasons. */
  readonly ends: Sums = {};
  /** Connected peers, of the last interval. */
  connected = 0;
  private text = '';
  /** The first line that can't be read, as the end of a killed program leaves one. */
  private unread: string | undefined;
  private readonly read: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.text += text));
    const { stdout } = child;
    if (stdout === null) throw new Error('no output');
    const lines = createInterface(stdout);
    lines.on('line', (line) => this.takeOrKeep(line));
    this.read = once(lines, 'close');
  }

  /** Starts the program with these arguments. It writes points to stdout alone. */
  static start(args: readonly string[], home: string): CrowdListener {
    const child = spawn(process.execPath, [BIN, ...args, '--export', 'stdout:'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off' },
    });
    return new CrowdListener(child);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** How it has ended; undefined while it runs. */
  readonly ended = (): string | undefined => {
    const { exitCode, signalCode } = this.child;
    return exitCode === null && signalCode === null
      ? undefined
      : `it ended with ${String(exitCode ?? signalCode)}: ${this.text.slice(-2_000)}`;
  };

  get log(): string {
    return this.text;
  }

  /**
   * Tells it to stop, and reads what it still writes. Returns its exit status.
   * @throws Error where a line of it can't be read, with how it ended
   */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.ended() === undefined) {
      const exited = once(this.child, 'exit');
      this.child.kill(signal);
      await exited;
    }
    await this.read;
    if (this.unread !== undefined)
      throw new Error(`a line that can't be read: ${this.unread}; ${this.ended() ?? ''}`);
    return this.child.exitCode;
  }

  /** Where its counts differ from those of the peers, a line for each; to be called after its end. */
  differences({ received, sent, items }: CrowdReport): string[] {
    const { sums } = this;
    return [
      ...compare('received', sums.msg_recv, sums.msg_recv_bytes, sent),
      ...compare('sent', sums.msg_sent, sums.msg_sent_bytes, received),
      ...Object.entries(items)
        .filter(([type, count]) => (sums.inv[type] ?? 0) !== count)
        .map(([type, count]) => `items of ${type}: ${sums.inv[type] ?? 0} counted, ${count} announced`),
    ];
  }

  private takeOrKeep(line: string): void {
    try {
      this.take(line);
    } catch {
      this.unread ??= line;
    }
  }

  private take(line: string): void {
    const { series, tags, fields } = parseLine(line);
    const numberOf = (name: string): number | undefined => fields[name]?.value as number | undefined;
    if (series in this.sums) {
      const sums = this.sums[series as Summed];
      for (const [name, { value }] of Object.entries(fields)) sums[name] = (sums[name] ?? 0) + Number(value);
    } else if (series === 'btcdmon') {
      const lag = numberOf('loop_lag_p99');
      if (lag !== undefined) this.lags.push(lag);
    } else if (series === 'peers') {
      this.connected = numberOf('total_connected') ?? this.connected;
    } else if (series === 'rejects' && tags['reason'] !== undefined) {
      this.ends[tags['reason']] = (this.ends[tags['reason']] ?? 0) + (numberOf('disconnects') ?? 0);
    } else if (series === 'propagation' && tags['kind'] === 'tx' && fields['peers'] !== undefined) {
      const [peers = 0, p50 = NaN, p90 = NaN] = ['peers', 'delay_p50', 'delay_p90'].map(numberOf);
      this.spreads.push({ sha: String(fields['sha']?.value), peers, p50, p90 });
    }
  }
}

function compare(what: string, messages: Sums, bytes: Sums, truth: MessageCounts): string[] {
  const names = new Set([...Object.keys(truth), ...Object.keys(bytes)]);
  return [...names].flatMap((name) => {
    const counted = [messages[name] ?? 0, bytes[name] ?? 0];
    const right = [truth[name]?.messages ?? 0, truth[name]?.bytes ?? 0];
    return counted.join() === right.join()
      ? []
      : [
          `${what} ${name}: ${counted.join(' messages, ')} bytes counted, ${right.join(' messages, ')} bytes true`,
        ];
  });
}
