/**
 * The commands of the P2P protocol that are counted one by one. Every other command is counted as `other`, so
 * that no peer can create a column. Sources: Bitcoin Core 31 `src/protocol.h`, btcd v0.26 `wire/message.go`,
 * and the BIPs named.
 */
export const COMMANDS = [
  'version',
  'verack',
  'getaddr',
  'addr',
  'addrv2', // BIP155
  'sendaddrv2', // BIP155
  'inv',
  'getdata',
  'notfound',
  'getblocks',
  'getheaders',
  'headers',
  'sendheaders', // BIP130
  'block',
  'tx',
  'wtxidrelay', // BIP339
  'mempool', // BIP35
  'ping',
  'pong', // BIP31
  'feefilter', // BIP133
  'filterload', // BIP37
  'filteradd', // BIP37
  'filterclear', // BIP37
  'merkleblock', // BIP37
  'sendcmpct', // BIP152
  'cmpctblock', // BIP152
  'getblocktxn', // BIP152
  'blocktxn', // BIP152
  'getcfilters', // BIP157
  'cfilter', // BIP157
  'getcfheaders', // BIP157
  'cfheaders', // BIP157
  'getcfcheckpt', // BIP157
  'cfcheckpt', // BIP157
  'sendtxrcncl', // BIP330
  'reqrecon', // BIP330
  'sketch', // BIP330
  'reqsketchext', // BIP330
  'reconcildiff', // BIP330
  'sendpackages', // BIP331
  'getpkgtxns', // BIP331
  'pkgtxns', // BIP331
  'ancpkginfo', // BIP331
  'sendtemplate', // BIP153
  'gettemplate', // BIP153
  'template', // BIP153
  'feature', // BIP434
  'utreexoproof', // BIP183
  'getuproof', // BIP183
  'utreexosum', // BIP183
  'getutreexosum', // BIP183
  'utreexotx', // BIP183
  'getutreexotx', // BIP183
  'utreexottls', // BIP183
  'getutreexottls', // BIP183
  'reject', // BIP61, still sent by btcd
  'alert',
  'getutxos', // BIP64
  'utxos', // BIP64
] as const;

/** A command of {@link COMMANDS}. */
export type Command = (typeof COMMANDS)[number];

/** The name that a message is counted under. */
export type CountedCommand = Command | 'other';

/** Every name that a message can be counted under. */
export const COUNTED_COMMANDS: readonly CountedCommand[] = [...COMMANDS, 'other'];

const known: ReadonlySet<string> = new Set(COMMANDS);

/** Whether `name` is a command that is counted under its own name. */
export function isCommand(name: string): name is Command {
  return known.has(name);
}
