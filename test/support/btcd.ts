import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../src/lib/errors';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';

/** The version that the tests are written against. */
const BTCD_VERSION = '0.26.0';

/**
 * How long btcd may take until its RPC answers, or until it has stopped. Each takes about a second on an idle
 * machine.
 */
const PATIENCE_MS = 60_000;

/** Declares that a test file needs btcd. */
export const btcd = requirement(
  'btcd',
  findBtcd,
  `install Go 1.25 or newer and the tests install btcd ${BTCD_VERSION} themselves, or name one with BTCD_BIN`,
);

/**
 * Looks for btcd in BTCD_BIN, in PATH and in the user's cache folder (`btcdmon-node/bin` in XDG_CACHE_HOME or
 * ~/.cache). If none has it but Go is installed, `go install` puts it into that cache folder: a minute or
 * two, once.
 */
function findBtcd(): string | null {
  const named = process.env['BTCD_BIN'] ?? '';
  if (named !== '') return path.resolve(named);

  const cacheHome = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
  const cache = path.join(cacheHome, 'btcdmon-node', 'bin');
  const found = findProgram('btcd', [cache]);
  const go = findProgram('go');
  if (found !== null || go === null) return found;
  try {
    mkdirSync(cache, { recursive: true });
    execFileSync(go, ['install', `github.com/btcsuite/btcd@v${BTCD_VERSION}`], {
      env: { ...process.env, GOBIN: cache },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    process.stderr.write(`go install of btcd ${BTCD_VERSION} failed: ${messageOf(error)}\n`);
  }
  return findProgram('btcd', [cache]);
}

/** How a btcd is started. */
export interface BtcdOptions {
  /** Default regtest. */
  readonly network?: 'regtest' | 'simnet';
  /** Address that `generate` pays to; without it btcd cannot mine. */
  readonly miningAddress?: string;
  /** Whether it accepts and relays transactions that mainnet's policy refuses; default no. */
  readonly nonStandard?: boolean;
  readonly extraArgs?: readonly string[];
  /** Whether its RPC speaks TLS, with a certificate that it generates; default no. */
  readonly tls?: boolean;
  /** A limited user beside the one with all rights. */
  readonly limited?: { readonly user: string; readonly password: string };
  /** Where it listens for peers; default a free port of 127.0.0.1. */
  readonly listen?: { readonly host: string; readonly port: number };
}

/** A peer as `getpeerinfo` reports it. The bytes are btcd's own count, on its side of the connection. */
export interface BtcdPeer {
  readonly addr: string;
  readonly inbound: boolean;
  readonly subver: string;
  readonly version: number;
  /** The service bits, a decimal number. */
  readonly services: string;
  readonly startingheight: number;
  readonly bytessent: number;
  readonly bytesrecv: number;
}

/** A btcd on regtest or simnet, on loopback alone, with its own folder, ports and password. */
export class Btcd {
  private child: ChildProcess | undefined;
  private output = '';
  /** The user of the RPC with all rights, and its password. */
  readonly user = 'test';
  private currentPassword = randomBytes(12).toString('hex');

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    /** Port of the P2P protocol. */
    readonly p2pPort: number,
    readonly rpcPort: number,
    private readonly options: BtcdOptions,
  ) {}

  /** The certificate that btcd generates where its RPC speaks TLS. */
  get certificateFile(): string {
    return path.join(this.folder, 'rpc.cert');
  }

  get password(): string {
    return this.currentPassword;
  }

  private get keyFile(): string {
    return path.join(this.folder, 'rpc.key');
  }

  /**
   * Starts a new btcd and waits until it answers.
   * @throws Error with the end of btcd's output when it does not
   */
  static async start(program: string, options: BtcdOptions = {}): Promise<Btcd> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-btcd-'));
    await writeFile(path.join(folder, 'btcd.conf'), '');
    const node = new Btcd(
      program,
      folder,
      options.listen?.port ?? (await freePort()),
      await freePort(),
      options,
    );
    try {
      await node.run();
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  /** Runs the process: first by `start`, then again after `halt`, on the same folder and ports. */
  async run(): Promise<void> {
    const { network = 'regtest', miningAddress, nonStandard = false, extraArgs = [] } = this.options;
    const { tls = false, limited } = this.options;
    this.output = '';
    const child = spawn(
      this.program,
      [
        `--${network}`,
        `--configfile=${path.join(this.folder, 'btcd.conf')}`,
        `--datadir=${path.join(this.folder, 'data')}`,
        `--logdir=${path.join(this.folder, 'logs')}`,
        `--listen=${this.options.listen?.host ?? '127.0.0.1'}:${this.p2pPort}`,
        `--rpclisten=127.0.0.1:${this.rpcPort}`,
        `--rpcuser=${this.user}`,
        `--rpcpass=${this.password}`,
        ...(limited === undefined
          ? []
          : [`--rpclimituser=${limited.user}`, `--rpclimitpass=${limited.password}`]),
        ...(tls ? [`--rpccert=${this.certificateFile}`, `--rpckey=${this.keyFile}`] : ['--notls']),
        '--nodnsseed',
        // The default of 10 s protects the privacy of real networks.
        '--trickleinterval=100ms',
        // Test networks accept non-standard transactions by default. Tests here mostly want mainnet's policy.
        nonStandard ? '--relaynonstd' : '--rejectnonstd',
        ...(miningAddress === undefined ? [] : [`--miningaddr=${miningAddress}`]),
        ...extraArgs,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], HOME: this.folder } },
    );
    this.child = child;
    process.once('exit', this.kill);
    const keep = (text: string): void => {
      this.output = (this.output + text).slice(-4000);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => keep(error.message));

    const deadline = Date.now() + PATIENCE_MS;
    while (child.pid !== undefined && child.exitCode === null && Date.now() < deadline) {
      const answers = await this.rpc('getblockcount').then(
        () => true,
        () => false,
      );
      if (answers) return;
      await sleep(50);
    }
    throw new Error(`${this.program} does not answer:\n${this.output}`);
  }

  /** For a test run that ends while btcd is running. */
  private readonly kill = (): void => {
    this.child?.kill('SIGKILL');
  };

  /** Ends the process with SIGTERM, and keeps its folder. */
  async halt(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    process.off('exit', this.kill);
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await exited;
    clearTimeout(timer);
  }

  /** Restarts it with a certificate and a key that it generates anew. */
  async renewCertificate(): Promise<void> {
    await this.halt();
    await Promise.all([this.certificateFile, this.keyFile].map((file) => rm(file)));
    await this.run();
  }

  /** Restarts it with another password, which it generates. */
  async changePassword(): Promise<void> {
    await this.halt();
    this.currentPassword = randomBytes(12).toString('hex');
    await this.run();
  }

  /** Ends the process and removes its folder. */
  async stop(): Promise<void> {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }

  /**
   * Calls a method of the JSON-RPC server and returns its `result`.
   * @throws Error with the method's error message
   */
  async rpc<T = unknown>(method: string, ...params: readonly unknown[]): Promise<T> {
    const { result, error } = JSON.parse(
      await this.post(JSON.stringify({ jsonrpc: '1.0', id: 1, method, params })),
    ) as { result: T; error: { message: string } | null };
    if (error !== null) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** Sends a call and returns the body of the response. */
  private async post(body: string): Promise<string> {
    const options = { host: '127.0.0.1', port: this.rpcPort, method: 'POST' };
    const headers = {
      authorization: `Basic ${Buffer.from(`${this.user}:${this.password}`).toString('base64')}`,
    };
    const ca = this.options.tls === true ? await readFile(this.certificateFile) : undefined;
    return new Promise((resolve, reject) => {
      const request =
        ca === undefined
          ? plainRequest({ ...options, headers })
          : tlsRequest({ ...options, headers, ca, agent: false });
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
        response.on('error', reject);
      });
      request.end(body);
    });
  }

  /** The peers that btcd sees. */
  peers(): Promise<BtcdPeer[]> {
    return this.rpc('getpeerinfo');
  }

  /** Whether `ms` milliseconds pass without a byte to or from any peer. */
  async isQuiet(ms: number): Promise<boolean> {
    const bytes = async (): Promise<string> =>
      (await this.peers()).map((peer) => `${peer.bytessent} ${peer.bytesrecv}`).join();
    const before = await bytes();
    await sleep(ms);
    return (await bytes()) === before;
  }
}
