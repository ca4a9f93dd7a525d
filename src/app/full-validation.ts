import type { ChainEvents } from '../chain/chain-events';
import { CoinLookups } from '../chain/full/coin-lookups';
import { FullValidation, type FullValidationModules } from '../chain/full/full-validation';
import { loadHeaders } from '../chain/full/load-headers';
import type { WorkerStart } from '../chain/full/worker-messages';
import { WorkerEngine } from '../chain/full/worker-engine';
import type { EventBus } from '../lib/event-bus';
import type { FailureError } from '../lib/errors';
import type { Log } from '../lib/log';
import { logValidation } from './log-validation';
import type { Hash } from '../wire/hash';
import type { Input } from '../wire/input';

/** How often full validation looks for requested blocks that have not come. */
const TICK_MS = 1_000;

/** The parts that full validation is wired to. */
export interface FullValidationParts extends Pick<FullValidationModules, 'chain' | 'clock'> {
  readonly bus: EventBus<ChainEvents>;
  readonly log: Log;
  /** Called with each header (80 bytes) that is new to the chain. */
  readonly headerAdded: (bytes: Buffer) => void;
}

/** Running full validation. */
export interface RunningFullValidation {
  readonly validation: FullValidation;
  /** Looks up the output that an input spends. */
  readonly lookUp: (input: Input) => void;
  /** Resolves with the reason when blocks can no longer be judged. */
  readonly failed: Promise<FailureError>;
  stop(): Promise<void>;
}

/**
 * Wires and starts `--validate full`.
 * @throws FailureError where the chain can't be opened
 */
export async function startFullValidation(
  start: WorkerStart,
  modules: FullValidationParts,
): Promise<RunningFullValidation> {
  const { bus, chain, clock, log } = modules;
  const engine = await WorkerEngine.start(start);
  await loadHeaders(engine, chain, modules.headerAdded);
  const progress = logValidation(log, clock, { chain, engine });
  const fetch = (hashes: readonly Hash[], depth: number): void =>
    bus.emit('blocksMissing', { hashes, depth });
  const validation = new FullValidation({ engine, chain, clock, progress, fetch });
  let overflowed = false;
  const lookups = new CoinLookups({
    engine,
    found: (txid, index, value) => bus.emit('outputFound', { txid, index, value }),
    overflow: () => {
      if (!overflowed) log.warn('too many outputs wait to be looked up: some points of tx_fees are left out');
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
