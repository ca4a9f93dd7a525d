import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Reply } from '../support/http-server';
import { type CoreCall, coreReply } from './recorded-core';

/** The recorded block, with its transactions. */
export interface RecordedBlock {
  readonly hash: string;
  readonly height: number;
  readonly version: number;
  readonly previousblockhash: string;
  readonly merkleroot: string;
  readonly time: number;
  readonly bits: string;
  readonly nonce: number;
  readonly size: number;
  readonly weight: number;
  readonly tx: readonly { readonly txid: string; readonly hex: string; readonly fee?: number }[];
}

export function recordedBlock(folder: string): RecordedBlock {
  return JSON.parse(readFileSync(path.join(folder, 'getblock-2.json'), 'utf8')) as RecordedBlock;
}

const reversed = (hex: string): string => Buffer.from(hex, 'hex').reverse().toString('hex');
const number = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
};

/** The bytes of the block's header, in digits, by what is recorded of it. */
function headerOf({ version, previousblockhash, merkleroot, time, bits, nonce }: RecordedBlock): string {
  const parts = [number(version), reversed(previousblockhash), reversed(merkleroot)];
  return [...parts, number(time), reversed(bits), number(nonce)].join('');
}

/**
 * The reply to a call about blocks, as it was before the recorded block was there or after; undefined for
 * another call.
 */
export function blockReply(
  { method, params }: CoreCall,
  block: RecordedBlock,
  hasBlock: boolean,
): Reply | undefined {
  const [hash, isVerbose] = params;
  switch (method) {
    case 'getbestblockhash':
      return coreReply(JSON.stringify(hasBlock ? block.hash : block.previousblockhash));
    case 'getblockheader': {
      if (hash === block.hash) return coreReply(JSON.stringify(isVerbose === true ? block : headerOf(block)));
      const before = { hash, height: block.height - 1 };
      // Nothing of the blocks before was recorded: a made-up header stands for each.
      return coreReply(JSON.stringify(isVerbose === true ? before : '00'.repeat(80)));
    }
    case 'getblock': {
      const count = Buffer.of(block.tx.length).toString('hex');
      return coreReply(JSON.stringify(headerOf(block) + count + block.tx.map(({ hex }) => hex).join('')));
    }
    default:
      return undefined;
  }
}
