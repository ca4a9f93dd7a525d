import { FailureError } from '../../lib/errors';
import { HEADER_BYTES } from '../../wire/header';
import type { HeaderChain } from '../header-chain';
import type { FullEngine } from './engine';

/**
 * Copies the engine's headers into a header chain that lacks the engine's tip. The header file can be behind
 * after the process was killed.
 * @param headerAdded receives each header that the chain did not have, 80 bytes
 * @throws FailureError if a header breaks the rules
 */
export async function loadHeaders(
  engine: Pick<FullEngine, 'tip' | 'headers'>,
  chain: HeaderChain,
  headerAdded: (bytes: Buffer) => void,
): Promise<void> {
  for (let from = 1; chain.indexOf(engine.tip) === undefined;) {
    const headers = await engine.headers(from);
    if (headers.length === 0) throw new FailureError(`chain: has no header of height ${from}; remove it`);
    for (let at = 0; at < headers.length; at += HEADER_BYTES) {
      const verdict = chain.add(headers, at);
      if (verdict.status === 'accepted') headerAdded(headers.subarray(at, at + HEADER_BYTES));
      else if (verdict.status === 'rejected')
        throw new FailureError(`chain: its header of height ${from} is ${verdict.reason}; remove it`);
      from++;
    }
  }
}
