import { HeaderChain } from '../chain/header-chain';
import { HeaderStore, warnOfDamage } from '../chain/header-store';
import { CHAIN_PARAMS } from '../chain/params';
import type { Clock } from '../lib/clock';
import { errorDetail } from '../lib/errors';
import type { Log } from '../lib/log';
import { Throttle } from '../lib/throttle';
import type { StatusLine } from '../lib/status-line';
import type { NetworkName } from '../wire/networks';
import { HeaderProgress } from './header-progress';

/** The network of the headers, and where they are kept. */
export interface KeptHeadersOptions {
  readonly network: NetworkName;
  /** Folder of the file of headers; without it they are fetched at each start. */
  readonly directory: string | undefined;
}

export interface KeptHeadersModules {
  readonly clock: Clock;
  readonly log: Log;
  readonly status: StatusLine | undefined;
  /** Unix time in seconds. */
  readonly unixTime: () => number;
}

/** The header chain of a network, its file on disk, and the progress that the user sees. */
export class KeptHeaders {
  private readonly mayComplain: Throttle;

  private constructor(
    readonly chain: HeaderChain,
    readonly progress: HeaderProgress,
    private readonly store: HeaderStore | null,
    private readonly modules: KeptHeadersModules,
  ) {
    this.mayComplain = new Throttle(() => modules.clock.monotonicMs());
  }

  /**
   * Loads the headers that are on disk, and checks each.
   * @throws FailureError where the file can't be opened or belongs to another network
   */
  static async open(options: KeptHeadersOptions, modules: KeptHeadersModules): Promise<KeptHeaders> {
    const { network, directory } = options;
    const params = CHAIN_PARAMS[network];
    const chain = new HeaderChain(params, { unixTime: modules.unixTime });
    const progress = new HeaderProgress({ chain, network, ...modules });
    const store = directory === undefined ? null : HeaderStore.open(directory, network, params.genesis);
    if (store !== null) {
      const loaded = await store.load(chain, (done, total) => progress.loaded(done, total));
      warnOfDamage(store.file, loaded, modules.log);
    }
    modules.status?.clear();
    return new KeptHeaders(chain, progress, store, modules);
  }

  /** The file on disk; undefined where none is kept. */
  get file(): string | undefined {
    return this.store?.file;
  }

  /** Takes each header (80 bytes) that the chain accepted. */
  readonly added = (bytes: Buffer): void => this.store?.append(bytes);

  /**
   * Writes the headers that were added. If the disk refuses them, a warning is logged now and then, and they
   * are written the next time.
   */
  write(): void {
    try {
      this.store?.flush();
    } catch (error) {
      if (this.mayComplain.allows())
        this.modules.log.warn('headers are not kept', { error: errorDetail(error) });
    }
  }

  close(): void {
    this.write();
    this.store?.close();
  }
}
