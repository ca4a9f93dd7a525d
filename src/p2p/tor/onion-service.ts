import { setTimeout as sleep } from 'node:timers/promises';
import { isIPv6 } from 'node:net';
import { Backoff } from '../../lib/backoff';
import { type Endpoint, formatEndpoint } from '../endpoint';
import { parseOverlay } from '../join/overlay';
import { authenticate } from './authenticate';
import { ControlClient } from './control-client';
import { ControlError } from './control-reader';
import { isOnionKey, type OnionKeyFile } from './onion-key';

/** The first wait before Tor is asked again, and the longest. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export interface OnionServiceOptions {
  /** Tor's control port. */
  readonly control: Endpoint;
  readonly password: string | null;
  /** Where we listen for peers. */
  readonly listen: Endpoint;
  /** The port of the onion address. */
  readonly port: number;
}

export interface OnionServiceModules {
  readonly keyFile: OnionKeyFile;
  /** The key of earlier runs; null for a new one. */
  readonly key: string | null;
  readonly monotonicMs: () => number;
  /** Called when the service is there, each time. */
  readonly isUp: (address: string) => void;
  readonly warn: (message: string) => void;
}

/**
 * Our onion service: Tor leads peers that dial the onion address to our listening socket. Tor keeps it for as
 * long as the connection to its control port lasts. When that ends, the service is made again, with the same
 * key and so with the same address.
 */
export class OnionService {
  private readonly backoff: Backoff;
  private readonly abort = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private key: string | null;

  constructor(
    private readonly options: OnionServiceOptions,
    private readonly modules: OnionServiceModules,
  ) {
    const { key, monotonicMs, warn } = modules;
    this.key = key;
    const waits = { minMs: FIRST_WAIT_MS, maxMs: LONGEST_WAIT_MS };
    this.backoff = new Backoff(waits, { clock: { monotonicMs }, warn });
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends the connection to Tor, which then removes the service. */
  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  private isStopped(): boolean {
    return this.abort.signal.aborted;
  }

  private async run(): Promise<void> {
    const { signal } = this.abort;
    while (!this.isStopped()) {
      try {
        await this.serve();
      } catch (error) {
        if (this.isStopped()) return;
        this.backoff.failure(error, `--tor-control ${formatEndpoint(this.options.control)}`);
      }
      await sleep(this.backoff.pauseMs(false), undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Makes the service, and waits for its end.
   * @throws Error with the reason for the end
   */
  private async serve(): Promise<never> {
    const { signal } = this.abort;
    const client = await ControlClient.connect(this.options.control, signal);
    const end = (): void => client.end();
    signal.addEventListener('abort', end);
    try {
      await authenticate(client, this.options.password);
      const address = await this.add(client);
      this.backoff.success();
      this.modules.isUp(address);
      throw await client.closed;
    } finally {
      signal.removeEventListener('abort', end);
      client.end();
    }
  }

  /** Has Tor make the service; returns its address with the port. */
  private async add(client: ControlClient): Promise<string> {
    const { listen, port } = this.options;
    const target = formatEndpoint({ host: targetOf(listen.host, client.localAddress), port: listen.port });
    const lines = await client.ask(`ADD_ONION ${this.key ?? 'NEW:ED25519-V3'} Port=${port},${target}`);
    const valueOf = (name: string): string =>
      lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
    const host = `${valueOf('ServiceID')}.onion`;
    if (parseOverlay(host) === null) throw new ControlError('names no onion address');
    if (this.key === null) {
      const key = valueOf('PrivateKey');
      if (!isOnionKey(key)) throw new ControlError('gives no key of the onion service');
      await this.modules.keyFile.save(key);
      this.key = key;
    }
    return formatEndpoint({ host, port });
  }
}

/**
 * The address to which Tor connects. If our socket listens on all addresses, it is the one that leads to Tor.
 */
function targetOf(listen: string, local: string): string {
  if (listen !== '0.0.0.0' && listen !== '::') return listen;
  const host = local.replace(/^::ffff:/, '');
  return listen === '0.0.0.0' && isIPv6(host) ? '127.0.0.1' : host;
}
