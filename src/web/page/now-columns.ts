import type { LiveBlock, LivePeer, LiveTransaction } from '../../live/live';
import { UNKNOWN, digits, formatDuration, formatTime, formatValue, known } from './format';
import type { LiveColumn } from './live-table';

/** The server's time, Unix milliseconds. */
type Now = () => number;

/** A column of ages: `12 s`, with the time as tooltip. */
function age<T>(title: string, now: Now, timeOf: (row: T) => number | null): LiveColumn<T> {
  return {
    title,
    className: 'number age',
    text: (row) => {
      const time = timeOf(row);
      return time === null ? UNKNOWN : formatDuration(now() - time);
    },
    hint: (row) => {
      const time = timeOf(row);
      return time === null ? undefined : formatTime(time);
    },
  };
}

/** The same, sortable by age, the shortest first. */
function sortedAge<T>(title: string, now: Now, timeOf: (row: T) => number | null): LiveColumn<T> {
  return {
    ...age(title, now, timeOf),
    order: (row) => {
      const time = timeOf(row);
      return time === null ? null : -time;
    },
  };
}

/** Columns of the last blocks. */
export function blockColumns(now: Now): readonly LiveColumn<LiveBlock>[] {
  return [
    { title: 'Height', className: 'number strong', text: ({ height }) => known(height, digits) },
    age<LiveBlock>('Age', now, ({ timeMs }) => timeMs),
    { title: 'Transactions', className: 'number', text: ({ numTx }) => digits(numTx) },
    { title: 'Size', className: 'number', text: ({ size }) => formatValue(size, 'bytes') },
    {
      title: 'Fees',
      className: 'number',
      text: ({ totalFees }) => known(totalFees, (fees) => formatValue(fees, 'sat')),
      hint: ({ totalFees }) => known(totalFees, (fees) => `${digits(fees)} sat`),
    },
    {
      title: 'Checked in',
      className: 'number',
      text: ({ processMs }) => known(processMs, (ms) => formatValue(ms, 'ms')),
    },
    { title: 'Status', text: ({ status }) => status.replaceAll('_', ' ') },
    { title: 'Hash', className: 'hash', text: ({ sha }) => sha, hint: ({ sha }) => sha },
  ];
}

/** Columns of the last transactions. */
export function transactionColumns(now: Now): readonly LiveColumn<LiveTransaction>[] {
  return [
    { title: 'txid', className: 'hash', text: ({ sha }) => sha, hint: ({ sha }) => sha },
    age<LiveTransaction>('Age', now, ({ timeMs }) => timeMs),
    {
      title: 'Fee rate',
      className: 'number',
      text: ({ feeRate }) => known(feeRate, (rate) => formatValue(rate, 'sat/vB')),
    },
    {
      title: 'Value',
      className: 'number',
      text: ({ value }) => formatValue(value, 'sat'),
      hint: ({ value }) => `${digits(value)} sat`,
    },
    { title: 'Size', className: 'number', text: ({ vsize }) => formatValue(vsize, 'vB') },
    {
      title: 'In / out',
      className: 'number',
      text: ({ numInputs, numOutputs }) => `${digits(numInputs)} / ${digits(numOutputs)}`,
    },
    { title: 'Non-standard', className: 'reason', text: ({ nonStandardReason }) => nonStandardReason ?? '' },
  ];
}

/** Columns of the peers. */
export function peerColumns(now: Now): readonly LiveColumn<LivePeer>[] {
  const direction = ({ outbound }: LivePeer): string => (outbound ? 'out' : 'in');
  return [
    {
      title: 'Address',
      className: 'strong',
      text: ({ address }) => address,
      order: ({ address }) => address,
    },
    { title: 'Direction', text: direction, order: direction },
    {
      title: 'User agent',
      className: 'agent',
      text: ({ userAgent }) => userAgent ?? 'no version yet',
      hint: ({ version, startHeight, services }) =>
        version === null
          ? undefined
          : `version ${version}, height ${known(startHeight, digits)}, services ${services ?? UNKNOWN}`,
      order: ({ userAgent }) => userAgent,
    },
    {
      title: 'Ping',
      className: 'number',
      text: ({ pingMs }) => known(pingMs, (ms) => formatValue(ms, 'ms')),
      hint: ({ leastPingMs }) =>
        leastPingMs === null ? undefined : `least ${formatValue(leastPingMs, 'ms')}`,
      order: ({ pingMs }) => pingMs,
    },
    sortedAge<LivePeer>('Connected', now, ({ sinceMs }) => sinceMs),
    {
      title: 'Received',
      className: 'number',
      text: ({ bytesRecv }) => formatValue(bytesRecv, 'bytes'),
      hint: ({ bytesRecv, messagesRecv }) => `${digits(bytesRecv)} bytes in ${digits(messagesRecv)} messages`,
      order: ({ bytesRecv }) => bytesRecv,
    },
    {
      title: 'Sent',
      className: 'number',
      text: ({ bytesSent }) => formatValue(bytesSent, 'bytes'),
      hint: ({ bytesSent, messagesSent }) => `${digits(bytesSent)} bytes in ${digits(messagesSent)} messages`,
      order: ({ bytesSent }) => bytesSent,
    },
    sortedAge<LivePeer>('Last message', now, ({ lastMessageMs }) => lastMessageMs),
  ];
}
