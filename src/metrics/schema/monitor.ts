import { type Series, column } from '../schema-types';
import { perInterval } from './when';

export const btcdmon = {
  help: 'The monitor itself: its health, the points that it emitted, and what became of them.',
  when: `${perInterval}: one point for the process, one for each series, one for each exporter; another when the system’s clock is set`,
  tags: {
    series: { help: 'On points about a series: its name.' },
    exporter: {
      help: 'On points about an exporter: its name, `duckdb`, `influx+udp`, … (with #2, #3 for further exporters of one kind).',
    },
  },
  columns: {
    started: column('int', 'gauge', 'ms', 'When this run started (Unix time); tells runs apart'),
    clock_step: column(
      'int',
      'gauge',
      'ms',
      'On a separate point, the first after the clock was set: by how much; negative means back',
    ),
    clock_steps: column(
      'int',
      'counter',
      'steps',
      'On the same point: how often the clock was set since the start',
    ),
    loop_lag_p99: column(
      'float',
      'gauge',
      'ms',
      'Delay of the event loop, 99th percentile over the moments of the interval; at least the time by which the interval was late',
    ),
    stalled: column(
      'int',
      'counter',
      'ms',
      'Total time that the event loop stalled: the longest delay of each interval, where that is a second or more',
    ),
    rss: column('int', 'gauge', 'bytes', 'Resident memory'),
    cpu: column('float', 'gauge', '%', 'Processor time used in the interval, 100 = one core'),
    fees_known: column(
      'float',
      'gauge',
      '%',
      'Share of the transactions of the relay view whose fee is known',
    ),
    log_dropped: column(
      'int',
      'counter',
      'lines',
      'Lines of the log that could not be written to standard error, because its reader stalled or is gone, or the disk is full',
    ),
    received: column('int', 'counter', 'points', 'Only `collect`: points received from senders'),
    refused: column('int', 'counter', 'lines', 'Only `collect`: lines that were refused'),
    senders: column('int', 'gauge', 'connections', 'Only `collect`: connected senders'),
    emitted: column(
      'int',
      'counter',
      'points',
      'Per series: points emitted before this one, since the start',
    ),
    shed: column(
      'int',
      'counter',
      'points',
      'Per series: points that were not made because their peer’s budget was used up; they do not count as emitted',
    ),
    sent: column('int', 'counter', 'points', 'Per exporter: points handed to the transport'),
    acked: column(
      'int',
      'counter',
      'points',
      'Per exporter: points that the receiver confirmed (never over UDP)',
    ),
    dropped: column(
      'int',
      'counter',
      'points',
      'Per exporter: points given up, because the queue was full or they could not be written',
    ),
    damaged: column(
      'int',
      'counter',
      'points',
      'Per exporter with a store or a spool: points lost on disk because their bytes were damaged, a lower bound; those of a spool also count as dropped',
    ),
    queued: column('int', 'gauge', 'points', 'Per exporter: points that wait'),
    retried: column('int', 'counter', 'batches', 'Per exporter: attempts that failed and were made again'),
    spooled: column(
      'int',
      'gauge',
      'points',
      'Per exporter with a spool: points that wait on disk, also across restarts',
    ),
  },
  anchors: ['rss', 'emitted', 'sent', 'clock_step'],
} as const satisfies Series;

export const alerts = {
  help: 'Alerts that the monitor evaluated itself on its embedded store (docs/alerts.md).',
  when: 'when an alert fires, and when it is cleared',
  tags: {
    alert: { help: 'Name of the alert: `no-peers`, `points-lost`, …' },
    severity: { help: '`critical` or `warning`.' },
  },
  columns: {
    is_firing: column('bool', 'fact', '', 'Whether it fires; false when it is cleared'),
    about: column(
      'string',
      'fact',
      '',
      'Name of the node that the alert is about; left out if there are no points at all',
    ),
    about_network: column('string', 'fact', '', 'Network of that node'),
    exporter: column('string', 'fact', '', 'Name of the exporter, if the alert is about one'),
    reason: column(
      'string',
      'fact',
      '',
      'Why it fires, with the measured values; if cleared, the last reason',
    ),
    duration: column('float', 'fact', 's', 'If cleared: how long it fired'),
  },
  anchors: ['is_firing'],
} as const satisfies Series;
