import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Requirement, requirement } from './requires';

/** What lies in `shared`, beside a checkout of the project's team. */
const beside = (name: string): Requirement =>
  requirement(
    `shared/${name}`,
    () => {
      const folder = path.join(__dirname, '../../../shared', name);
      return existsSync(folder) ? folder : null;
    },
    'it lies beside the repository of the project, not in it',
  );

/** A folder of the real data. */
const realData = (name: string): Requirement => beside(`data/${name}`);

/** Four complete blocks, each as the payload of a `block` message. */
export const sharedBlocks = realData('blocks');

/** A complete session with Bitcoin Core 31; see {@link readSession}. */
export const sharedSession = realData('core31-session');

/** The test vectors of BIP324. */
export const sharedBip324 = realData('bip324');

/** The map of autonomous systems that Bitcoin Core 31 carries, and addresses with their true numbers. */
export const sharedAsMap = realData('asmap');

/** The public list of mining pools. */
export const sharedPools = realData('pools');

/** Answers of a Bitcoin Core 31 on regtest to its RPC, a file for each method. */
export const sharedCoreAnswers = realData('core31-rpc');

/** What the team knows of the protocol. */
export const sharedProtocol = beside('protocol.md');

/** One line of the recorded session's index. */
export interface RecordedMessage {
  readonly fromCore: boolean;
  readonly command: string;
  readonly length: number;
}

/**
 * The session with Bitcoin Core 31: what each side sent, and the messages in the order in which they came.
 */
export function readSession(session: string): { recv: Buffer; sent: Buffer; messages: RecordedMessage[] } {
  const messages = readFileSync(path.join(session, 'index.tsv'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [side, , command = '', length] = line.split('\t');
      return { fromCore: side === '<', command, length: Number(length) };
    });
  return {
    recv: readFileSync(path.join(session, 'recv.bin')),
    sent: readFileSync(path.join(session, 'sent.bin')),
    messages,
  };
}
