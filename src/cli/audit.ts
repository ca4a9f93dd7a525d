import type { Argv, CommandModule } from 'yargs';
import type * as Audit from '../query/audit';
import type * as AuditDamage from '../query/audit-damage';
import type * as AuditFindings from '../query/audit-findings';
import type * as AuditReport from '../query/audit-report';
import type { ListFormat } from '../query/format';
import { openSource } from '../query/open-source';
import { parsePersonTime } from '../query/person-time';
import { MAX_NS, formatNs } from '../query/time';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import { LIST_FORMAT, type Listing, columnsOf, writeListing } from './listing';
import type { OptionTable } from './option';
import { TIME_FORMS, now } from './query';
import { STORE } from './store-option';

interface AuditArguments {
  readonly dataDir: string;
  readonly store: string | undefined;
  readonly since: string;
  readonly format: ListFormat;
}

/** The options of `audit`. */
export const AUDIT_OPTIONS = {
  since: {
    read: (text: string) => parsePersonTime('--since', text, now()),
    type: 'string',
    requiresArg: true,
    default: '24h',
    describe: `Start: ${TIME_FORMS}`,
  },
  store: STORE,
  format: LIST_FORMAT,
} as const satisfies OptionTable;

/** `btcdmon-node audit`: compares a store with the numbers that the nodes recorded about their own points. */
export const auditCommand: CommandModule<object, AuditArguments> = {
  command: 'audit',
  describe: 'Compare the points in a store with what nodes say they emitted; status 1 if they differ',
  builder: (yargs) =>
    withOptions(yargs, AUDIT_OPTIONS)
      .example('$0 audit', 'check the embedded store, also while the node runs')
      .example(
        '$0 audit --since 1h --store influx+http://localhost:8086/btcdmon',
        'find what UDP lost on the way',
      ) as Argv<AuditArguments>,
  handler: async ({ dataDir, store, since, format }) => {
    /* eslint-disable @typescript-eslint/no-require-imports -- other commands don't load them */
    const { audit } = require('../query/audit') as typeof Audit;
    const { readDamage, reportDamage } = require('../query/audit-damage') as typeof AuditDamage;
    const { readLonely, reportLonely, reportOverlaps } =
      require('../query/audit-findings') as typeof AuditFindings;
    const { reportAudit } = require('../query/audit-report') as typeof AuditReport;
    /* eslint-enable @typescript-eslint/no-require-imports */
    const at = now();
    // A clock that was set back has left points whose times are in the future now.
    const range = { since: parsePersonTime('--since', since, at), until: MAX_NS };
    const source = await openSource(store ?? defaultStore(dataDir));
    try {
      const accounts = await audit(source, range, at.ns);
      const isTable = format === 'table';
      // A program reads a row for each account, and the rest in words on stderr.
      const write = (line: string): void => void (isTable ? process.stdout : process.stderr).write(line);
      if (!isTable) await writeListing(listingOf(accounts), format, () => '');
      reportDamage(await readDamage(source, range), write);
      reportOverlaps(accounts, write);
      reportLonely(await readLonely(source, range), write);
      reportAudit(accounts, isTable ? write : () => undefined);
    } finally {
      await source.close();
    }
  },
};

/** A row for each account: the points of a series that a run says it emitted, and the points in the store. */
function listingOf(accounts: readonly Audit.Account[]): Listing {
  const times = { since: 'time', until: 'time', differs_since: 'time', differs_until: 'time' } as const;
  const counts = { steps_back: 'int', emitted: 'int', stored: 'int', missing: 'int' } as const;
  const names = ['node', 'network', 'series', 'started', 'since', 'until', 'steps_back'];
  names.push('emitted', 'stored', 'missing', 'differs_since', 'differs_until');
  return {
    columns: columnsOf(names, { ...times, ...counts }),
    rows: accounts.map(({ node, network, series, started, period, stepsBack, emitted, stored, firstIn }) => [
      ...[node, network, series, started.map((ms) => formatNs(BigInt(ms) * 1_000_000n)).join(' ')],
      ...[period.since, period.until, stepsBack, emitted, stored],
      ...[emitted === null ? null : emitted - stored, firstIn?.since ?? null, firstIn?.until ?? null],
    ]),
  };
}
