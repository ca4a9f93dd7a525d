import { POLICY_NAMES, type PolicyName } from '../policy/standardness';
import { NETWORK_NAMES, type NetworkName } from '../wire/networks';
import { MAX_LABELS } from '../p2p/join/address-labels';
import { Fact, RecordError } from './fact';
import type { KnownOrigin } from './known-origins';

/** The first record of each file of a recording. */
export interface RecordStart {
  /** Version of the program. */
  readonly program: string;
  readonly network: NetworkName;
  /** The tag `node` of the run's points. */
  readonly node: string;
  /** When the run began, in Unix milliseconds. */
  readonly startedMs: number;
  readonly intervalMs: number;
  readonly policy: PolicyName;
  readonly maxUserAgents: number;
  readonly mempoolBytes: number;
  /** Whether a map gave the autonomous systems of addresses. */
  readonly hasAsMap: boolean;
  /** Names of the user's lists of addresses. */
  readonly labels: readonly string[];
  /** `arrivals` follows one of so many transactions; left out if it follows none. */
  readonly arrivalsSample?: number | undefined;
  /** Whether blocks were validated with the whole chain, which a replay does not have. */
  readonly isFull: boolean;
  /** Whether all messages are there, and what a replay needs besides. */
  readonly isWhole: boolean;
}

/** A connection that was open when the file began. */
export interface StartPeer {
  readonly id: number;
  readonly address: string;
  readonly outbound: boolean;
  /** The payload of its `version`; null before it came. */
  readonly version: Buffer | null;
  readonly origin: KnownOrigin;
}

const MAX_NODE = 64;

/** A name of `--label`. */
const LABEL = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/**
 * Reads the first record of a file.
 * @throws RecordError if it is no such record
 */
export function readStart(body: Buffer): {
  readonly start: RecordStart;
  readonly peers: readonly StartPeer[];
} {
  const fact = Fact.read(body);
  const network = NETWORK_NAMES.find((name) => name === fact.text('network'));
  const policy = POLICY_NAMES.find((name) => name === fact.text('policy'));
  const node = fact.text('node');
  if (network === undefined) throw new RecordError('the network is not known');
  if (policy === undefined) throw new RecordError('the policy is not known');
  if (!/^[\x20-\x7e]+$/.test(node) || node.length > MAX_NODE || node.endsWith('\\'))
    throw new RecordError('node is no name');
  const intervalMs = fact.count('intervalMs');
  if (intervalMs < 100) throw new RecordError('the interval is too short');
  return {
    start: {
      ...{ program: fact.address('program'), network, node, policy, intervalMs },
      startedMs: fact.count('startedMs'),
      maxUserAgents: fact.count('maxUserAgents'),
      mempoolBytes: fact.count('mempoolBytes'),
      hasAsMap: fact.flag('hasAsMap'),
      labels: fact.has('labels') ? labelsIn(fact) : [],
      ...(fact.has('arrivalsSample') ? { arrivalsSample: fact.count('arrivalsSample') } : {}),
      isFull: fact.flag('isFull'),
      isWhole: fact.flag('isWhole'),
    },
    peers: fact.list('peers').map((peer) => ({
      id: peer.count('id'),
      address: peer.address('address'),
      outbound: peer.flag('outbound'),
      version: peer.has('version') ? peer.bytes('version') : null,
      origin: originIn(peer),
    })),
  };
}

/**
 * Reads what is known of the address of a connection.
 * @throws RecordError
 */
export function originIn(fact: Fact): KnownOrigin {
  return {
    ...(fact.has('asn') ? { asn: fact.count('asn') } : {}),
    ...(fact.has('labels') ? { labels: labelsIn(fact) } : {}),
  };
}

/** Labels become tags, so their form is fixed and their number is limited to what a program has. */
function labelsIn(fact: Fact): readonly string[] {
  const labels = fact.texts('labels');
  if (labels.length > MAX_LABELS || !labels.every((label) => LABEL.test(label)))
    throw new RecordError('labels are no names');
  return labels;
}
