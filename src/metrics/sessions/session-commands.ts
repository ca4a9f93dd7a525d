import type { CountedCommand } from '../../wire/commands';

/** The commands whose messages and bytes each session has by themselves. */
const RECEIVED_COMMANDS = [
  'inv',
  'tx',
  'block',
  'cmpctblock',
  'headers',
  'getdata',
  'notfound',
  'addr',
  'addrv2',
  'ping',
] as const satisfies readonly CountedCommand[];

/** The commands that the listener sends: it relays nothing. */
const SENT_COMMANDS = [
  'getdata',
  'headers',
  'notfound',
  'addr',
  'addrv2',
  'ping',
] as const satisfies readonly CountedCommand[];

type Received = (typeof RECEIVED_COMMANDS)[number];
type Sent = (typeof SENT_COMMANDS)[number];

/** The names of the columns for these commands: `recv_tx` messages, `recv_tx_bytes` bytes. */
export type CommandColumn =
  `recv_${Received}` | `sent_${Sent}` | `recv_${Received}_bytes` | `sent_${Sent}_bytes`;

/** A column for a command: what it counts, and the place of its count in a session's list of counts. */
export interface CommandCount {
  readonly column: CommandColumn;
  readonly command: CountedCommand;
  readonly isReceived: boolean;
  readonly unit: 'messages' | 'bytes';
}

/** All columns; the bytes of a command follow its messages. */
export const COMMAND_COUNTS: readonly CommandCount[] = [
  ...RECEIVED_COMMANDS.flatMap((command): CommandCount[] => [
    { column: `recv_${command}`, command, isReceived: true, unit: 'messages' },
    { column: `recv_${command}_bytes`, command, isReceived: true, unit: 'bytes' },
  ]),
  ...SENT_COMMANDS.flatMap((command): CommandCount[] => [
    { column: `sent_${command}`, command, isReceived: false, unit: 'messages' },
    { column: `sent_${command}_bytes`, command, isReceived: false, unit: 'bytes' },
  ]),
];
