import type { FullEngine } from '../chain/full/engine';
import type { FullValidationModules } from '../chain/full/full-validation';
import type { HeaderChain } from '../chain/header-chain';
import type { Clock } from '../lib/clock';
import type { Log } from '../lib/log';

/** How often the progress of full validation is logged while it is behind. */
const PROGRESS_MS = 10_000;

/** Logs where full validation begins, its progress, and when it has caught up. */
export function logValidation(
  log: Log,
  clock: Pick<Clock, 'monotonicMs'>,
  { chain, engine }: { readonly chain: HeaderChain; readonly engine: FullEngine },
): FullValidationModules['progress'] {
  log.info('full validation', {
    height: engine.height,
    signatures: engine.openSsl ? 'OpenSSL' : 'JavaScript',
  });
  if (!engine.openSsl)
    log.warn(
      'this Node has no secp256k1: signatures are checked in JavaScript, which takes five times as long',
    );
  let told = clock.monotonicMs();
  let wasBehind = true;
  return (height, caughtUp) => {
    if (wasBehind && caughtUp) {
      wasBehind = false;
      log.info('caught up: blocks are judged fully from here', { height });
    }
    const now = clock.monotonicMs();
    if (caughtUp || now - told < PROGRESS_MS) return;
    told = now;
    log.info('catching up', { height, best: chain.bestHeight });
  };
}
