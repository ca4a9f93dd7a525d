import { randomBytes } from 'node:crypto';
import type { InfluxDB } from 'influx';
import { FailureError, messageOf } from '../lib/errors';
import type { InfluxAccess } from './access';
import { InfluxAdmin } from './admin';
import type { InfluxDatabase } from './influx-url';
import { RESOLUTIONS, ROLLUPS, type RollupDatabase, continuousStatement, fillStatement } from './rollups';

/** What an InfluxDB is to be set up with. */
export interface SetupOptions {
  readonly place: InfluxDatabase;
  readonly access: InfluxAccess;
  /** How long points are kept; undefined leaves that of a database as it is, and gives a new one DEFAULT_RAW_DAYS. */
  readonly rawDays: number | undefined;
  /** The user who may read, and the password; undefined keeps the one that the user has, or makes one up. */
  readonly reader: string;
  readonly readerPassword: string | undefined;
  /** The user who may write, if there is to be one; the password as that of the reader. */
  readonly writer: string | undefined;
  readonly writerPassword: string | undefined;
  /** Sums are made at once of points since then, in milliseconds since the Unix epoch; undefined leaves it to what comes. */
  readonly fillSince: number | undefined;
}

/** Days that the points of a database made here are kept. */
export const DEFAULT_RAW_DAYS = 30;

/** Names of our continuous queries, by which those that are no longer wanted are known. */
const PREFIX = 'btcdmon_';

const DAY_MS = 86_400_000;

/**
 * Makes what points and their readers need in an InfluxDB 1.x: the database, how long it keeps what, the continuous queries that
 * sum points up, and users who may only read or only write; on a server without any user its administrator first. What is there
 * already stays; what differs from this version's is replaced. So a second run changes nothing.
 * @param tell takes a line for the person at each step
 * @throws FailureError where the server can't be reached, is none of version 1, or refuses
 */
export async function setUpInflux(options: SetupOptions, tell: (line: string) => void): Promise<void> {
  const admin = new InfluxAdmin(options);
  await admin.check();
  const { access, reader, readerPassword, writer, writerPassword } = options;
  if (await admin.claim()) tell(`user ${access.login?.user ?? ''} is the administrator: there was none`);
  await admin.run(async (influx) => {
    const place = await makeDatabase(influx, options, tell);
    await makeRollups(influx, place, tell);
    await makeUser(
      influx,
      options,
      { name: reader, given: readerPassword, right: 'read', option: '--reader' },
      tell,
    );
    if (writer !== undefined)
      await makeUser(
        influx,
        options,
        { name: writer, given: writerPassword, right: 'write', option: '--writer' },
        tell,
      );
    if (options.fillSince !== undefined) await fill(influx, place, options.fillSince, tell);
  });
}

async function makeDatabase(
  influx: InfluxDB,
  { place: { database, origin }, rawDays }: SetupOptions,
  tell: (line: string) => void,
): Promise<RollupDatabase> {
  const isNew = !(await influx.getDatabaseNames()).includes(database);
  if (isNew) {
    await influx.createDatabase(database);
    if (!(await influx.getDatabaseNames()).includes(database))
      throw new FailureError(
        `setup influx: ${origin} takes CREATE DATABASE and makes none, so it is no InfluxDB; VictoriaMetrics needs no setup`,
      );
  }
  tell(`database ${database}: ${isNew ? 'made' : 'is there'}`);

  const policies = await influx.showRetentionPolicies(database);
  const raw = policies.find((policy) => policy.default);
  if (raw === undefined)
    throw new FailureError(`setup influx: database ${database} has no default retention policy`);
  const days = rawDays ?? (isNew ? DEFAULT_RAW_DAYS : undefined);
  if (days !== undefined && raw.duration !== `${days * 24}h0m0s`)
    await influx.alterRetentionPolicy(raw.name, {
      database,
      // The package has no word for how long a shard is, and InfluxDB deletes whole shards: one of a week, its default where points
      // are kept for ever, would keep them a week longer.
      duration: `${days}d SHARD DURATION 1d`,
      replication: raw.replicaN,
      isDefault: true,
    });
  const kept = describe(days === undefined ? raw.duration : `${days}d`);
  tell(`points are kept ${kept} (retention policy ${raw.name})`);

  for (const { name, duration } of RESOLUTIONS) {
    const there = policies.find((policy) => policy.name === name);
    if (there === undefined)
      await influx.createRetentionPolicy(name, { database, duration, replication: 1, isDefault: false });
    tell(`sums of ${name} are kept ${describe(there?.duration ?? duration)} (retention policy ${name})`);
  }
  return { database, policy: raw.name };
}

/** A duration of InfluxDB, such as `720h0m0s` or `0s`, in words. */
function describe(duration: string): string {
  if (duration === 'INF' || duration === '0s') return 'for ever';
  const hours = Number(/^(\d+)h/.exec(duration)?.[1] ?? 0);
  const days = /^(\d+)d$/.exec(duration)?.[1] ?? (hours % 24 === 0 && hours > 0 ? hours / 24 : undefined);
  return days === undefined ? duration : `${days} ${Number(days) === 1 ? 'day' : 'days'}`;
}

async function makeRollups(
  influx: InfluxDB,
  place: RollupDatabase,
  tell: (line: string) => void,
): Promise<void> {
  const { database } = place;
  const there = new Set((await influx.showContinousQueries(database)).map(({ name }) => name));
  let made = 0;
  let replaced = 0;
  for (const resolution of RESOLUTIONS)
    for (const rollup of ROLLUPS) {
      const name = `${PREFIX}${rollup.name}_${resolution.name}`;
      const statement = continuousStatement(rollup, place, resolution);
      const create = (): Promise<void> =>
        influx.createContinuousQuery(name, statement, database, `RESAMPLE FOR ${resolution.lateness}`);
      const isThere = there.delete(name);
      try {
        // InfluxDB takes one that is there already with the same words.
        await create();
        if (!isThere) made += 1;
      } catch (error) {
        if (!isThere || !messageOf(error).includes('already exists')) throw error;
        await influx.dropContinuousQuery(name, database);
        await create();
        replaced += 1;
      }
    }
  const stale = [...there].filter((name) => name.startsWith(PREFIX));
  for (const name of stale) await influx.dropContinuousQuery(name, database);
  const total = RESOLUTIONS.length * ROLLUPS.length;
  tell(
    `${total} continuous queries make the sums: ${made} made, ${replaced} replaced, ${stale.length} removed`,
  );
}

/** A user who may do one thing with the database; without a password one is made up, and the one that is there stays. */
interface Wanted {
  readonly name: string;
  readonly given: string | undefined;
  readonly right: 'read' | 'write';
  /** What its name was given to. */
  readonly option: string;
}

async function makeUser(
  influx: InfluxDB,
  { place: { database } }: SetupOptions,
  { name, given, right, option }: Wanted,
  tell: (line: string) => void,
): Promise<void> {
  const there = (await influx.getUsers()).find(({ user }) => user === name);
  if (there?.admin === true)
    throw new FailureError(
      `setup influx: user ${name} is an administrator, not one who may only ${right}; choose another with ${option}`,
    );
  let password = 'its password is as it was';
  if (there === undefined) {
    const secret = given ?? randomBytes(18).toString('base64url');
    await influx.createUser(name, secret);
    password = given === undefined ? `its password, shown this once: ${secret}` : 'its password is yours';
  } else if (given !== undefined) {
    await influx.setPassword(name, given);
    password = 'its password is yours';
  }
  await influx.grantPrivilege(name, right === 'read' ? 'READ' : 'WRITE', database);
  tell(`user ${name} may ${right} ${database}; ${password}`);
}

/** Makes the sums of points that are there already, a day in one statement. */
async function fill(
  influx: InfluxDB,
  place: RollupDatabase,
  since: number,
  tell: (line: string) => void,
): Promise<void> {
  const now = Date.now();
  for (const resolution of RESOLUTIONS) {
    const start = Math.floor(since / resolution.ms) * resolution.ms;
    // What is not over yet is left to the continuous queries.
    const end = Math.floor(now / resolution.ms) * resolution.ms;
    for (let from = start; from < end; from += DAY_MS)
      for (const rollup of ROLLUPS) {
        const span = { since: from, until: Math.min(end, from + DAY_MS) };
        await influx.query(fillStatement(rollup, place, resolution, span));
      }
    tell(
      `sums of ${resolution.name} made from ${new Date(start).toISOString()} to ${new Date(end).toISOString()}`,
    );
  }
}
