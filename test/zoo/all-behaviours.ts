import type { Behaviour } from './behaviour';
import { addrFloods } from './behaviours/addr-floods';
import { allServices } from './behaviours/all-services';
import { announcesAndNeverDelivers } from './behaviours/announces-and-never-delivers';
import { announcesOneAndSendsAnother } from './behaviours/announces-one-and-sends-another';
import { blockOf65000Transactions } from './behaviours/block-of-65000-transactions';
import { blocksUnasked } from './behaviours/blocks-unasked';
import { blocktxnUnasked } from './behaviours/blocktxn-unasked';
import { byteByByte } from './behaviours/byte-by-byte';
import { chainsOfDescendants } from './behaviours/chains-of-descendants';
import { collidingOutpoints } from './behaviours/colliding-outpoints';
import { collidingShortIds } from './behaviours/colliding-short-ids';
import { compactBlocksThatNeverResolve } from './behaviours/compact-blocks-that-never-resolve';
import { drippedMessage } from './behaviours/dripped-message';
import { echo } from './behaviours/echo';
import { encryptedDecoys } from './behaviours/encrypted-decoys';
import { encryptedEndlessGarbage } from './behaviours/encrypted-endless-garbage';
import { encryptedEndlessPackets } from './behaviours/encrypted-endless-packets';
import { encryptedLongestLength } from './behaviours/encrypted-longest-length';
import { encryptedWrongTag } from './behaviours/encrypted-wrong-tag';
import { extremeTimes } from './behaviours/extreme-times';
import { garbage } from './behaviours/garbage';
import { getdataAndGetheadersFloods } from './behaviours/getdata-and-getheaders-floods';
import { halfAHeader } from './behaviours/half-a-header';
import { headersWithoutWork } from './behaviours/headers-without-work';
import { heavyTransactionsOnRequest } from './behaviours/heavy-transactions-on-request';
import { hugeWitnesses } from './behaviours/huge-witnesses';
import { invOfCollidingHashes } from './behaviours/inv-of-colliding-hashes';
import { invOfOneHash } from './behaviours/inv-of-one-hash';
import { invOfUnknown } from './behaviours/inv-of-unknown';
import { invOfUnknownTypes } from './behaviours/inv-of-unknown-types';
import { lateFeatures } from './behaviours/late-features';
import { lowWorkHeaders } from './behaviours/low-work-headers';
import { malformedCompactBlocks } from './behaviours/malformed-compact-blocks';
import { malformedTransactions } from './behaviours/malformed-transactions';
import { mutatedBlocks } from './behaviours/mutated-blocks';
import { namesByTheHundredThousand } from './behaviours/names-by-the-hundred-thousand';
import { noVersion } from './behaviours/no-version';
import { notfoundOf50000 } from './behaviours/notfound-of-50000';
import { oddUserAgents } from './behaviours/odd-user-agents';
import { orphanBlocks } from './behaviours/orphan-blocks';
import { oversizedMessage } from './behaviours/oversized-message';
import { pingFloods } from './behaviours/ping-floods';
import { sixtyTimes4Mb } from './behaviours/sixty-times-4-mb';
import { stormsOfReplacement } from './behaviours/storms-of-replacement';
import { stormsOfResets } from './behaviours/storms-of-resets';
import { thousandConnections } from './behaviours/thousand-connections';
import { thousandsOfChildren } from './behaviours/thousands-of-children';
import { tooManyHeaders } from './behaviours/too-many-headers';
import { transactionsOf111000Outputs } from './behaviours/transactions-of-111000-outputs';
import { transactionsOf24000Inputs } from './behaviours/transactions-of-24000-inputs';
import { unconnectedHeaders } from './behaviours/unconnected-headers';
import { verackFirst } from './behaviours/verack-first';
import { versionTwice } from './behaviours/version-twice';
import { wrongChecksum } from './behaviours/wrong-checksum';
import { wrongMagic } from './behaviours/wrong-magic';

/** All behaviours, in the order of their names. */
export const BEHAVIOURS: readonly Behaviour[] = [
  addrFloods,
  allServices,
  announcesAndNeverDelivers,
  announcesOneAndSendsAnother,
  blockOf65000Transactions,
  blocksUnasked,
  blocktxnUnasked,
  byteByByte,
  chainsOfDescendants,
  collidingOutpoints,
  collidingShortIds,
  compactBlocksThatNeverResolve,
  drippedMessage,
  echo,
  encryptedDecoys,
  encryptedEndlessGarbage,
  encryptedEndlessPackets,
  encryptedLongestLength,
  encryptedWrongTag,
  extremeTimes,
  garbage,
  getdataAndGetheadersFloods,
  halfAHeader,
  headersWithoutWork,
  heavyTransactionsOnRequest,
  hugeWitnesses,
  invOfCollidingHashes,
  invOfOneHash,
  invOfUnknown,
  invOfUnknownTypes,
  lateFeatures,
  lowWorkHeaders,
  malformedCompactBlocks,
  malformedTransactions,
  mutatedBlocks,
  namesByTheHundredThousand,
  noVersion,
  notfoundOf50000,
  oddUserAgents,
  orphanBlocks,
  oversizedMessage,
  pingFloods,
  sixtyTimes4Mb,
  stormsOfReplacement,
  stormsOfResets,
  thousandConnections,
  thousandsOfChildren,
  tooManyHeaders,
  transactionsOf111000Outputs,
  transactionsOf24000Inputs,
  unconnectedHeaders,
  verackFirst,
  versionTwice,
  wrongChecksum,
  wrongMagic,
];
