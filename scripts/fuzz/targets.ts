// The decoders and parsers that scripts/fuzz.ts tests.
import { CHAIN_PARAMS } from '#dist/chain/params';
import { legacySigops } from '#dist/wire/sigops';
import { checkBlock, checkBlockInContext } from '#dist/chain/validate-block';
import { LineReader } from '#dist/collect/line-reader';
import { LineParser } from '#dist/collect/parse-line';
import { readCollectorReply, readSenderMessage } from '#dist/export/collect-protocol';
import { decodeI2pBase64, destinationOf, readDestination } from '#dist/p2p/i2p/destination';
import { FirstLine } from '#dist/p2p/i2p/first-line';
import { parseSamReply, SamError, type SamReply } from '#dist/p2p/i2p/sam-reply';
import { readProtocolInfo } from '#dist/p2p/tor/authenticate';
import { ControlError, ControlReader } from '#dist/p2p/tor/control-reader';
import { comparePolicies } from '#dist/policy/compare';
import { COMPARED_POLICIES } from '#dist/policy/compared';
import { NO_RULE, policyDifference } from '#dist/policy/difference';
import { measuresOf } from '#dist/policy/measures';
import { checkSanity } from '#dist/policy/sanity';
import { POLICY_NAMES, standardness } from '#dist/policy/standardness';
import type { Block } from '#dist/wire/block';
import { DecodeError } from '#dist/wire/decode-error';
import { DECODERS } from '#dist/wire/messages/table';
import type { Transaction } from '#dist/wire/transaction';

/** The refusal of a text parser: it found nothing in the bytes. */
class NothingFound extends Error {}

const parser = new LineParser();

/** Parses the bytes of a sender like `btcdmon-node collect`. They arrive in two chunks. */
function readLines(payload: Buffer): readonly unknown[] {
  const found: unknown[] = [];
  const reader = new LineReader({
    line: (text) => {
      const value = text.startsWith('#') ? readSenderMessage(text) : parser.parse(text);
      if (typeof value !== 'string') found.push(value);
      return true;
    },
    bad: () => true,
  });
  const half = payload.length >> 1;
  reader.push(payload.subarray(0, half));
  reader.push(payload.subarray(half));
  reader.end();
  if (found.length === 0) throw new NothingFound();
  return found;
}

/** Parses the replies of a collector like a sender. */
function readReplies(payload: Buffer): readonly unknown[] {
  const found = payload.toString('latin1').split('\n').map(readCollectorReply).filter(Boolean);
  if (found.length === 0) throw new NothingFound();
  return found;
}

/** Reads a line of the SAM bridge of an I2P router, which arrives in two chunks, and the key in it. */
function readSam(payload: Buffer): SamReply {
  const first = new FirstLine();
  const half = payload.length >> 1;
  const found = first.push(payload.subarray(0, half)) ?? first.push(payload.subarray(half));
  if (found === null) throw new SamError('no line');
  const reply = parseSamReply(found.line);
  for (const value of reply.values.values()) {
    const key = decodeI2pBase64(value);
    if (key !== null) destinationOf(key);
    readDestination(value);
  }
  return reply;
}

/** Reads the replies of Tor's control port. They arrive in two chunks. */
function readControl(payload: Buffer): readonly unknown[] {
  const reader = new ControlReader();
  const half = payload.length >> 1;
  const chunks = [payload.subarray(0, half), payload.subarray(half)];
  const replies = chunks.flatMap((chunk) => reader.push(chunk));
  if (replies.length === 0) throw new ControlError('nothing');
  return replies.map(({ code, lines }) => ({ code, lines, ...readProtocolInfo(lines) }));
}

/** One parser under test. */
export interface Target {
  /** The command of the message, or the name of another input. */
  readonly command: string;
  readonly read: (payload: Buffer) => unknown;
  /** The only error that it may throw. */
  readonly refusal: abstract new (...args: never) => Error;
}

export const TARGETS: readonly Target[] = [
  ...Object.entries(DECODERS).map(([command, read]) => ({ command, read, refusal: DecodeError })),
  { command: 'lines', read: readLines, refusal: NothingFound },
  { command: 'replies', read: readReplies, refusal: NothingFound },
  { command: 'sam', read: readSam, refusal: SamError },
  { command: 'control', read: readControl, refusal: ControlError },
];

/**
 * Compares the policies on a transaction. Those that also judge each transaction must come to the same, and
 * what is told of a difference must follow from the rules.
 */
function comparePolicyVerdicts(transaction: Transaction): void {
  const measures = measuresOf(transaction, {});
  for (const fee of [null, 0, measures.vsize >> 1]) {
    const broken = comparePolicies(measures, fee).filter(({ outcome }) => outcome === 'broken');
    const firsts = COMPARED_POLICIES.map(
      ({ name }) => broken.find(({ policy }) => policy === name)?.rule ?? NO_RULE,
    );
    const doDiffer = firsts.includes(NO_RULE) && firsts.some((rule) => rule !== NO_RULE);
    if (policyDifference(measures, fee)?.join() !== (doDiffer ? firsts.join() : undefined))
      throw new Error('a difference between policies is told in another way');
    for (const [judge, policy] of [
      ['btcd', 'btcd'],
      ['core', 'core31'],
    ] as const) {
      const { reason } = standardness(judge, transaction, { fee: fee ?? undefined });
      const rules = broken.filter((it) => it.policy === policy && it.rule !== 'min-fee');
      if ((reason !== undefined) !== rules.length > 0)
        throw new Error(
          `${policy} judges ${String(reason)}, compared ${rules.map(({ rule }) => rule).join()}`,
        );
    }
  }
}

/** Runs the checks that the listener runs on a decoded transaction. */
export function judgeTransaction(transaction: Transaction): void {
  checkSanity(transaction);
  legacySigops(transaction);
  comparePolicyVerdicts(transaction);
  for (const policy of POLICY_NAMES) {
    const { inputs, outputs } = standardness(policy, transaction);
    if (inputs.length !== transaction.inputs.length || outputs.length !== transaction.outputs.length)
      throw new Error(`${policy} does not judge each input and output`);
  }
}

/** Runs the checks that the listener runs on a decoded block, as if its coinbase claimed the right height. */
export function judgeBlock(block: Block): void {
  checkBlock(block);
  if (block.transactions[0]?.isCoinbase !== true) return;
  const height = block.coinbaseHeight ?? 0;
  checkBlockInContext(block, { params: CHAIN_PARAMS.mainnet, height, medianTime: block.time });
}
