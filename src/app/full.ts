import { CoinLookups } from '../chain/full/coin-lookups';
import { FullValidation, type FullValidationModules } from '../chain/full/full-validation';
import { loadHeaders } from '../chain/full/load-headers';
import type { WorkerStart } from '../chain/full/worker-messages';
import { WorkerEngine } from '../chain/full/worker-engine';
import type { FailureError } from '../lib/errors';
import type { Log } from '../lib/log';
import { logValidation } from './log-validation';
import type { Input } from '../wire/input';

/** How often it is looked for blocks that were asked for and have not come. */
const TICK_MS = 1_000;

/** What full validation is wired to. */
export interface FullModules extends Pick<FullValidationModules, 'chain' | 'clock' | 'fetch'> {
  readonly log: Log;
  /** Takes each header that the chain lacked, 80 bytes. */
  readonly headerAdded: (bytes: Buffer) => void;
  /** Takes the value of an output that was looked up. */
  readonly learn: (txid: Buffer, index: number, value: number) => void;
}

/** Full validation at work. */
export interface Full {
  readonly validation: FullValidation;
  /** Looks up the output that an input spends. */
  readonly lookUp: (input: Input) => void;
  /** Settles when nothing can be judged any more, with the reason. */
  readonly failed: Promise<FailureError>;
  stop(): Promise<void>;
}

/**
 * Wires `--validate full` and starts it.
 * @throws FailureError where the chain can't be opened
 */
export async function startFull(start: WorkerStart, modules: FullModules): Promise<Full> {
  const { chain, clock, log } = modules;
  const engine = await WorkerEngine.start(start);
  await loadHeaders(engine, chain, modules.headerAdded);
  const progress = logValidation(log, clock, { chain, engine });
  const validation = new FullValidation({ engine, chain, clock, progress, fetch: modules.fetch });
  let overflowed = false;
  const lookups = new CoinLookups({
    engine,
    found: modules.learn,
    overflow: () => {
      if (!overflowed) log.warn('too many outputs are to be looked up: some points of tx_fees are left out');
      overflowed = true;
    },
  });
  const timer = setInterval(() => validation.tick(), TICK_MS);
  return {
    validation,
    lookUp: (input) => lookups.ask(input),
    failed: engine.failed,
    stop: async () => {
      clearInterval(timer);
      validation.stop();
      await engine.close();
    },
  };
}
