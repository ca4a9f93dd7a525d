import type { Command } from '../../wire/commands';

/**
 * The commands that the encrypted transport writes as one byte, from 1 on (BIP324, "v2 Bitcoin P2P message
 * structure"; Bitcoin Core 31 `src/net.cpp` V2_MESSAGE_IDS).
 */
const SHORT_COMMANDS = [
  'addr',
  'block',
  'blocktxn',
  'cmpctblock',
  'feefilter',
  'filteradd',
  'filterclear',
  'filterload',
  'getblocks',
  'getblocktxn',
  'getdata',
  'getheaders',
  'headers',
  'inv',
  'mempool',
  'merkleblock',
  'notfound',
  'ping',
  'pong',
  'sendcmpct',
  'tx',
  'getcfilters',
  'cfilter',
  'getcfheaders',
  'cfheaders',
  'getcfcheckpt',
  'cfcheckpt',
  'addrv2',
] as const satisfies readonly Command[];

const IDS: ReadonlyMap<string, number> = new Map(SHORT_COMMANDS.map((command, i) => [command, i + 1]));

/** The byte of a command; undefined where it is written in full. */
export function shortIdOf(command: string): number | undefined {
  return IDS.get(command);
}

/** The command of a byte other than 0; undefined where there is none. */
export function commandOf(shortId: number): Command | undefined {
  return SHORT_COMMANDS[shortId - 1];
}
