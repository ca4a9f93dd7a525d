import type { LiveBlock, LiveDial, LivePeer, LiveTransaction } from '../../live/live';
import { UNKNOWN, digits, formatDuration, formatTime, formatValue, known, networkWord } from './format';
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
    {
      title: 'Hash',
      className: 'hash block-hash',
      text: ({ sha }) => sha,
      hint: ({ sha }) => sha,
      isId: true,
    },
  ];
}

/** Columns of the last transactions. */
export function transactionColumns(now: Now): readonly LiveColumn<LiveTransaction>[] {
  return [
    { title: 'txid', className: 'hash', text: ({ sha }) => sha, hint: ({ sha }) => sha, isId: true },
    age<LiveTransaction>('Age', now, ({ timeMs }) => timeMs),
    {
      title: 'Feerate',
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

/** A row of the peers: a connected one, or a configured one that is missing. */
export type PeerRow = LivePeer | LiveDial;

/** Whether a row is a configured peer that is not connected. */
export function isMissing(row: PeerRow): row is LiveDial {
  return 'why' in row;
}

/** What a filter of the peers looks into: address, direction, network, transport and user agent. */
export function peerText(row: PeerRow): string {
  if (isMissing(row)) return `${row.address} missing`;
  const { address, outbound, network, transport, userAgent } = row;
  return `${address} ${outbound ? 'out' : 'in'} ${networkWord(network)} ${transport ?? ''} ${userAgent ?? ''}`;
}

/** A column about connected peers, which has no value for a missing one. */
function ofPeer(column: LiveColumn<LivePeer>): LiveColumn<PeerRow> {
  const { text, hint, order, ...rest } = column;
  return {
    ...rest,
    text: (row) => (isMissing(row) ? UNKNOWN : text(row)),
    hint: (row) => (isMissing(row) ? undefined : hint?.(row)),
    ...(order === undefined ? {} : { order: (row: PeerRow) => (isMissing(row) ? null : order(row)) }),
  };
}

/**
 * Columns of the peers.
 * @param best height of the best header; null if it is not known
 */
export function peerColumns(now: Now, best: () => number | null): readonly LiveColumn<PeerRow>[] {
  const direction = (row: PeerRow): string => (isMissing(row) ? 'missing' : row.outbound ? 'out' : 'in');
  const connected = sortedAge<LivePeer>('Connected', now, ({ sinceMs }) => sinceMs);
  return [
    {
      title: 'Address',
      className: 'strong',
      text: ({ address }) => address,
      order: ({ address }) => address,
      isId: true,
    },
    { title: 'Direction', text: direction, order: direction },
    ofPeer({
      title: 'Network',
      text: ({ network }) => networkWord(network),
      order: ({ network }) => network,
    }),
    ofPeer({
      title: 'Transport',
      text: ({ transport }) => transport ?? UNKNOWN,
      hint: ({ transport }) => (transport === 'v2' ? 'encrypted (BIP324)' : undefined),
      order: ({ transport }) => transport,
    }),
    ofPeer({
      title: 'Height',
      className: 'number',
      text: ({ height }) => heightText(height, best()),
      hint: ({ startHeight }) => `told at its handshake: ${known(startHeight, digits)}`,
      order: ({ height }) => height,
    }),
    {
      title: 'User agent',
      className: 'agent',
      text: (row) =>
        isMissing(row)
          ? `${row.why}${row.advice === '' ? '' : `: ${row.advice}`}`
          : (row.userAgent ?? 'no version yet'),
      hint: (row) => {
        if (isMissing(row)) return `${digits(row.failures)} attempts failed`;
        const { userAgent, version, services } = row;
        return version === null
          ? undefined
          : `${userAgent ?? ''}, version ${version}, services ${services ?? UNKNOWN}`;
      },
      order: (row) => (isMissing(row) ? null : row.userAgent),
    },
    ofPeer({
      title: 'Ping',
      className: 'number',
      text: ({ pingMs }) => known(pingMs, (ms) => formatValue(ms, 'ms')),
      hint: ({ leastPingMs }) =>
        leastPingMs === null ? undefined : `least ${formatValue(leastPingMs, 'ms')}`,
      order: ({ pingMs }) => pingMs,
    }),
    {
      ...ofPeer(connected),
      text: (row) => (isMissing(row) ? nextTry(row, now) : connected.text(row)),
    },
    ofPeer({
      title: 'Received',
      className: 'number',
      text: ({ bytesRecv }) => formatValue(bytesRecv, 'bytes'),
      hint: ({ bytesRecv, messagesRecv }) => `${digits(bytesRecv)} bytes in ${digits(messagesRecv)} messages`,
      order: ({ bytesRecv }) => bytesRecv,
    }),
    ofPeer({
      title: 'Sent',
      className: 'number',
      text: ({ bytesSent }) => formatValue(bytesSent, 'bytes'),
      hint: ({ bytesSent, messagesSent }) => `${digits(bytesSent)} bytes in ${digits(messagesSent)} messages`,
      order: ({ bytesSent }) => bytesSent,
    }),
    ofPeer(sortedAge<LivePeer>('Last message', now, ({ lastMessageMs }) => lastMessageMs)),
  ];
}

/** A peer's height, and how far it is from ours where that differs. */
function heightText(height: number | null, best: number | null): string {
  if (height === null) return UNKNOWN;
  if (best === null || height === best) return digits(height);
  return `${digits(height)} (${height < best ? '−' : '+'}${digits(Math.abs(height - best))})`;
}

function nextTry({ nextTryMs }: LiveDial, now: Now): string {
  return nextTryMs === null ? 'trying' : `tries in ${formatDuration(nextTryMs - now())}`;
}
