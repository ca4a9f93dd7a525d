import { COUNTED_COMMANDS } from '../../wire/commands';
import { type Panel, line } from '../panel';

/** Bytes and messages on the wire. */
export const TRAFFIC: readonly Panel[] = [
  {
    name: 'bandwidth',
    title: 'Bytes received and sent',
    theme: 'traffic',
    help: 'Bytes per second through the sockets of all peers.',
    unit: 'bytes/s',
    plot: 'lines',
    shortestBucketS: 5,
    since: '1d',
    lines: [
      line('received', 'bandwidth', 'rate', 'bytes_recv'),
      line('sent', 'bandwidth', 'rate', 'bytes_sent'),
    ],
  },
  {
    name: 'messages-received',
    title: 'Messages received',
    theme: 'traffic',
    help: 'Messages that arrived, by command.',
    unit: 'per minute',
    plot: 'stacked',
    shortestBucketS: 5,
    since: '1d',
    lines: COUNTED_COMMANDS.map((command) => line(command, 'msg_recv', 'rate', command, { scale: 60 })),
  },
  {
    name: 'messages-sent',
    title: 'Messages sent',
    theme: 'traffic',
    help: 'Messages that this node sent, by command.',
    unit: 'per minute',
    plot: 'stacked',
    shortestBucketS: 5,
    since: '1d',
    lines: COUNTED_COMMANDS.map((command) => line(command, 'msg_sent', 'rate', command, { scale: 60 })),
  },
  {
    name: 'bytes-by-command',
    title: 'Bytes received by command',
    theme: 'traffic',
    help: 'Bytes per second of the messages that arrived, headers included, by command.',
    unit: 'bytes/s',
    plot: 'stacked',
    shortestBucketS: 5,
    since: '1d',
    lines: COUNTED_COMMANDS.map((command) => line(command, 'msg_recv_bytes', 'rate', command)),
  },
  {
    name: 'bytes-sent-by-command',
    title: 'Bytes sent by command',
    theme: 'traffic',
    help: 'Bytes per second of the messages that this node sent, headers included, by command.',
    unit: 'bytes/s',
    plot: 'stacked',
    shortestBucketS: 5,
    since: '1d',
    lines: COUNTED_COMMANDS.map((command) => line(command, 'msg_sent_bytes', 'rate', command)),
  },
];
