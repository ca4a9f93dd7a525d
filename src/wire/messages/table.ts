import { parseBlockMessage } from '../block';
import type { Command } from '../commands';
import { parseTransactionMessage } from '../transaction';
import { decodeAddr } from './addr';
import { decodeAddrV2 } from './addrv2';
import { decodeAlert } from './alert';
import { decodeBlockTxn } from './blocktxn';
import { decodeCFCheckpt } from './cfcheckpt';
import { decodeCFHeaders } from './cfheaders';
import { decodeCFilter } from './cfilter';
import { decodeCmpctBlock } from './cmpctblock';
import { decodeEmpty } from './empty';
import { decodeFeature } from './feature';
import { decodeFeeFilter } from './feefilter';
import { decodeFilterRange } from './filter-range';
import { decodeFilterAdd } from './filteradd';
import { decodeFilterLoad } from './filterload';
import { decodeGetBlockTxn } from './getblocktxn';
import { decodeGetCFCheckpt } from './getcfcheckpt';
import { decodeGetUtxos } from './getutxos';
import { decodeHeaders } from './headers';
import { decodeInventory } from './inventory';
import { decodeLocator } from './locator';
import { decodeMerkleBlock } from './merkleblock';
import { decodePing, decodePong } from './ping';
import { decodeReject } from './reject';
import { decodeSendCmpct } from './sendcmpct';
import { decodeSendTxRcncl } from './sendtxrcncl';
import { decodeUtxos } from './utxos';
import { decodeVersion } from './version';

const TABLE = {
  version: decodeVersion,
  verack: decodeEmpty,
  getaddr: decodeEmpty,
  addr: decodeAddr,
  addrv2: decodeAddrV2,
  sendaddrv2: decodeEmpty,
  inv: decodeInventory,
  getdata: decodeInventory,
  notfound: decodeInventory,
  getblocks: decodeLocator,
  getheaders: decodeLocator,
  headers: decodeHeaders,
  sendheaders: decodeEmpty,
  wtxidrelay: decodeEmpty,
  mempool: decodeEmpty,
  ping: decodePing,
  pong: decodePong,
  feefilter: decodeFeeFilter,
  filterload: decodeFilterLoad,
  filteradd: decodeFilterAdd,
  filterclear: decodeEmpty,
  merkleblock: decodeMerkleBlock,
  sendcmpct: decodeSendCmpct,
  cmpctblock: decodeCmpctBlock,
  getblocktxn: decodeGetBlockTxn,
  blocktxn: decodeBlockTxn,
  getcfilters: decodeFilterRange,
  cfilter: decodeCFilter,
  getcfheaders: decodeFilterRange,
  cfheaders: decodeCFHeaders,
  getcfcheckpt: decodeGetCFCheckpt,
  cfcheckpt: decodeCFCheckpt,
  sendtxrcncl: decodeSendTxRcncl,
  feature: decodeFeature,
  reject: decodeReject,
  alert: decodeAlert,
  getutxos: decodeGetUtxos,
  utxos: decodeUtxos,
  tx: parseTransactionMessage,
  block: parseBlockMessage,
} as const satisfies Partial<Record<Command, (payload: Buffer) => unknown>>;

/** A command that has a decoder. */
export type DecodedCommand = keyof typeof TABLE;

/** The type of a decoded payload: `MessageOf<'addrv2'>`. */
export type MessageOf<C extends DecodedCommand> = ReturnType<(typeof TABLE)[C]>;

/**
 * The decoder of each command. A decoder is pure. It throws DecodeError, and no other error, if the payload
 * is malformed. Its result holds views of the payload where its type says so. Bytes after the last field are
 * ignored, as in Core (except in `feature`), so that later versions of a message can have more fields.
 *
 * Drafts whose form may still change have no decoder and are only counted: BIP153, BIP183, BIP330 except its
 * `sendtxrcncl`, BIP331.
 */
export const DECODERS: { readonly [C in DecodedCommand]: (payload: Buffer) => MessageOf<C> } = TABLE;

/** Whether a command has a decoder. */
export function isDecoded(command: string): command is DecodedCommand {
  return Object.hasOwn(DECODERS, command);
}
