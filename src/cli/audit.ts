import type { Argv, CommandModule } from 'yargs';
import { audit } from '../query/audit';
import { readDamage, reportDamage } from '../query/audit-damage';
import { reportAudit } from '../query/audit-report';
import { openSource } from '../query/open-source';
import { MAX_NS, nowNs, parseTime } from '../query/time';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import type { OptionTable } from './option';

interface AuditArguments {
  readonly dataDir: string;
  readonly from: string | undefined;
  readonly since: string;
}

/** The options of `audit`. */
export const AUDIT_OPTIONS = {
  since: {
    read: (text: string) => parseTime('--since', text, nowNs()),
    type: 'string',
    requiresArg: true,
    default: '24h',
    describe: 'Start: a duration before now (30s 5m 1h 7d 2w), RFC 3339 or Unix seconds',
  },
  from: {
    type: 'string',
    requiresArg: true,
    defaultDescription: 'the store of --data-dir',
    describe: 'Store to check: duckdb:PATH or influx+http://[user@]host:8086/DATABASE',
  },
} as const satisfies OptionTable;

/** `btcdmon-node audit`: compares a store with what the nodes say that they emitted. */
export const auditCommand: CommandModule<object, AuditArguments> = {
  command: 'audit',
  describe: 'Compare the points in a store with what nodes say they emitted; status 1 if they differ',
  builder: (yargs) =>
    withOptions(yargs, AUDIT_OPTIONS)
      .example('$0 audit', 'check the embedded store, also while the node runs')
      .example(
        '$0 audit --since 1h --from influx+http://localhost:8086/btcdmon',
        'find what UDP lost on the way',
      ) as Argv<AuditArguments>,
  handler: async ({ dataDir, from, since }) => {
    const now = nowNs();
    // A clock that was set back has left points whose times are in the future now.
    const range = { since: parseTime('--since', since, now), until: MAX_NS };
    const source = await openSource(from ?? defaultStore(dataDir));
    try {
      const accounts = await audit(source, range, now);
      const write = (line: string): void => void process.stdout.write(line);
      reportDamage(await readDamage(source, range), write);
      reportAudit(accounts, write);
    } finally {
      await source.close();
    }
  },
};
