import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import path from 'node:path';
import { childEnvironment } from '../lib/child-environment';
import { FailureError, messageOf } from '../lib/errors';
import type { EventBus } from '../lib/event-bus';
import { Frames } from '../lib/frames';
import { waitAtMost } from '../lib/wait-at-most';
import { banSubject } from '../p2p/join/bans';
import { NETWORKS } from '../wire/networks';
import { checkLoops } from './check-loops';
import {
  CONTROL_PIPE,
  COPY_PIPE,
  type FromTap,
  type TapPlaces,
  type TapRefusal,
  type ToTap,
} from './control';
import { CopyDecoder } from './copy-decoder';
import type { TapSettings } from './settings';
import type { TapConnection } from './tap-connection';
import type { TapEvents } from './tap-events';
import { TapReader } from './tap-reader';

/** Path of the built program of the process, both from here in src and in dist. */
const PROGRAM = path.join(__dirname, '..', '..', 'dist', 'tap-child', 'main.js');

/** A small young generation, as of the store's process: what it allocates lives for one turn. */
const NODE_FLAGS = ['--max-semi-space-size=2', '--max-old-space-size=256', '--v8-pool-size=1'];

/** Milliseconds that the process has to end. */
const CLOSE_MS = 1_500;

/** Number of last characters of the process's stderr that are kept. */
const STDERR_LENGTH = 2_000;

/** Receivers of what a tap reports. */
export interface TapModules {
  readonly bus: EventBus<TapEvents>;
  readonly warn: (message: string) => void;
}

/**
 * A tap: the process that leads connections between the watched node and its peers, and the reader of its
 * copy. The process ends with this program, and its connections with it.
 */
export class TapProcess {
  /** Resolves, once the process is gone, to how it ended. */
  readonly ended: Promise<string>;
  private readonly reader: TapReader;
  private readonly child: ChildProcess;
  private readonly frames: Frames<ToTap, FromTap>;
  private stderr = '';
  private readonly places: Promise<TapPlaces>;
  private onPlaces: (places: TapPlaces | FailureError) => void = () => undefined;

  /**
   * Starts the process.
   * @throws UsageError where a way leads back to itself
   */
  constructor(
    private readonly settings: TapSettings,
    private readonly modules: TapModules,
  ) {
    checkLoops(settings);
    this.places = new Promise((resolve, reject) => {
      this.onPlaces = (told) => {
        if (told instanceof FailureError) reject(told);
        else resolve(told);
      };
    });
    // Without this, an error that nobody waits for yet would be an unhandled rejection. A waiter gets it as
    // well.
    this.places.catch(() => undefined);
    this.reader = new TapReader(NETWORKS[settings.network].magic, modules.bus);
    this.child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      env: childEnvironment(),
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_LENGTH);
    });
    const control = this.child.stdio[CONTROL_PIPE] as Duplex;
    const copies = this.child.stdio[COPY_PIPE] as Duplex;
    // A pipe fails when the process has ended, and `ended` reports that.
    for (const pipe of [control, copies]) pipe.on('error', () => undefined);
    this.frames = new Frames(control, (message) => this.received(message));
    const decoder = new CopyDecoder(this.reader);
    copies.on('data', (chunk: Buffer) => decoder.push(chunk));
    this.ended = this.untilEnd();
  }

  /** Identifies the process; undefined where it could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** The connections that are open. */
  connections(): Iterable<TapConnection> {
    return this.reader.open();
  }

  /**
   * Has the ports listened on; called once. @returns where, also where port 0 left it to the system
   * @throws FailureError of one line that names the option whose port can't be listened on
   */
  async open(): Promise<TapPlaces> {
    this.frames.send({ kind: 'start', settings: this.settings });
    try {
      return await this.places;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Refuses the address of an inbound peer for a day, and ends its connections. This machine's own address is
   * not refused, because many peers may come from it.
   * @returns whether the address is refused
   */
  ban({ host, outbound, port }: TapConnection): boolean {
    const subject = outbound ? null : banSubject(this.settings.network, { host, outbound, port });
    if (subject !== null) this.frames.send({ kind: 'ban', host: subject });
    return subject !== null;
  }

  /** Ends the process and all its connections. */
  async close(): Promise<void> {
    this.frames.send({ kind: 'close' });
    const ended = this.ended.then(() => undefined);
    await waitAtMost(CLOSE_MS, ended);
    this.child.kill('SIGKILL');
    await ended;
  }

  private received(message: FromTap): void {
    const { bus, warn } = this.modules;
    switch (message.kind) {
      case 'listening':
        this.onPlaces(message.places);
        break;
      case 'failed':
        this.onPlaces(new FailureError(message.message));
        break;
      case 'warn':
        warn(message.message);
        break;
      case 'refused':
        for (const [reason, count] of Object.entries(message.counts))
          bus.emit('refused', { reason: reason as TapRefusal, count });
        break;
    }
  }

  private async untilEnd(): Promise<string> {
    const { child } = this;
    let how: string;
    try {
      // All that was still in the pipes has been read then.
      const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
      how = signal === null ? `exit status ${status ?? 0}` : `signal ${signal}`;
    } catch (error) {
      how = `it can't be started: ${messageOf(error)}`;
    }
    this.reader.end();
    const said = this.stderr.split('\n').find((text) => /\S/.test(text));
    if (said !== undefined) how += `; it said: ${said.trim().slice(0, 200)}`;
    this.onPlaces(new FailureError(`the process of the tap ended: ${how}`));
    return how;
  }
}
