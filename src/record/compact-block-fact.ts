import type { P2PEvents } from '../p2p/p2p-events';
import { wireHash } from '../wire/hash';
import { type Fact, RecordError } from './fact';

/** The outcome of a compact block. Older recordings do not say why transactions were missing. */
export function compactBlockIn(fact: Fact): P2PEvents['compactBlock'] {
  const rebuilt = fact.has('rebuilt') ? fact.within('rebuilt') : null;
  const kinds = fact.has('missingKinds') ? fact.within('missingKinds') : null;
  return {
    hash: hashIn(fact),
    prefilled: fact.count('prefilled'),
    shortIds: fact.count('shortIds'),
    bytes: fact.count('bytes'),
    blockTxnBytes: fact.count('blockTxnBytes'),
    ...(fact.has('missing') ? { missing: fact.count('missing') } : {}),
    ...(kinds === null
      ? {}
      : {
          missingKinds: {
            unseen: kinds.count('unseen'),
            nonstandard: kinds.count('nonstandard'),
            replaced: kinds.count('replaced'),
            evicted: kinds.count('evicted'),
            other: kinds.count('other'),
          },
        }),
    ...(fact.has('needlessPrefills') ? { needlessPrefills: fact.count('needlessPrefills') } : {}),
    ...(rebuilt === null ? {} : { rebuilt: { bytes: rebuilt.count('bytes'), ms: rebuilt.number('ms') } }),
  };
}

/** The hash of a block that a fact is about. @throws RecordError */
export function hashIn(fact: Fact): ReturnType<typeof wireHash> {
  const text = fact.text('hash');
  if (!/^[0-9a-f]{64}$/.test(text)) throw new RecordError('a hash of another length');
  return wireHash(text);
}
