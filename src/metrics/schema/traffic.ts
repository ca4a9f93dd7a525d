import { COUNTED_COMMANDS, type CountedCommand } from '../../wire/commands';
import { type CountColumn, type Series, column } from '../schema-types';
import { perInterval } from './when';

/** The columns of the counted commands. */
const perCommand = (unit: 'messages' | 'bytes', direction: string): Record<CountedCommand, CountColumn> =>
  Object.fromEntries(
    COUNTED_COMMANDS.map((command) => [
      command,
      column(
        'int',
        'count',
        unit,
        command === 'other'
          ? `${direction} under a command that is not in this list`
          : `${direction} as \`${command}\``,
      ),
    ]),
  ) as Record<CountedCommand, CountColumn>;

export const bandwidth = {
  help: 'Bytes through the sockets of all peers since the start, headers included; of a watched node since its own start.',
  when: perInterval,
  tags: {},
  columns: {
    bytes_sent: column('int', 'counter', 'bytes', 'Bytes written to the sockets since the start'),
    bytes_recv: column('int', 'counter', 'bytes', 'Bytes read from the sockets since the start'),
    handshake_sent: column(
      'int',
      'counter',
      'bytes',
      'Of the bytes sent, those of key exchanges (BIP324): keys, garbage, terminators and version packets',
    ),
    handshake_recv: column('int', 'counter', 'bytes', 'Of the bytes received, those of key exchanges'),
    decoys_recv: column(
      'int',
      'counter',
      'bytes',
      'Of the bytes received, packets without a message (BIP324); this program sends none',
    ),
  },
  anchors: ['bytes_recv'],
} as const satisfies Series;

export const msg_recv = {
  help: 'Messages that arrived, per command, as a packet capture of the same port counts them.',
  when: perInterval,
  tags: {},
  columns: perCommand('messages', 'Messages received'),
  anchors: ['other'],
} as const satisfies Series;

export const msg_sent = {
  help: 'Messages that were sent, per command.',
  when: perInterval,
  tags: {},
  columns: {
    ...perCommand('messages', 'Messages sent'),
    inv_known: column(
      'int',
      'count',
      'items',
      'Inventory not sent because the peer had it (always 0, because nothing is relayed)',
    ),
  },
  anchors: ['other'],
} as const satisfies Series;

export const msg_recv_bytes = {
  help: 'Bytes of the messages that arrived, headers included, per command.',
  when: perInterval,
  tags: {},
  columns: perCommand('bytes', 'Bytes received'),
  anchors: ['other'],
} as const satisfies Series;

export const msg_sent_bytes = {
  help: 'Bytes of the messages that were sent, headers included, per command.',
  when: perInterval,
  tags: {},
  columns: perCommand('bytes', 'Bytes sent'),
  anchors: ['other'],
} as const satisfies Series;
