import { randomBytes } from 'node:crypto';
import type { InfluxDB } from 'influx';
import { FailureError, messageOf } from '../lib/errors';
import type { InfluxAccess } from './access';
import { InfluxAdmin } from './admin';
import type { InfluxDatabase } from './influx-url';
import { DEFAULT_RAW_DAYS } from './raw-days';
import { RESOLUTIONS, ROLLUPS, type RollupDatabase, continuousStatement, fillStatement } from './rollups';

export interface SetupOptions {
  readonly place: InfluxDatabase;
  readonly access: InfluxAccess;
  /**
   * How long points are kept. Undefined: an existing database keeps its setting, and a new one gets
   * DEFAULT_RAW_DAYS.
   */
  readonly rawDays: number | undefined;
  /**
   * The user who may read, and the password. Undefined password: an existing user keeps the old one, a new
   * user gets a random one.
   */
  readonly reader: string;
  readonly readerPassword: string | undefined;
  /** The user who may write, if there should be one; the password works like the reader's. */
  readonly writer: string | undefined;
  readonly writerPassword: string | undefined;
  /** An administrator to be made, if there should be one; the password works like the reader's. */
  readonly admin: string | undefined;
  readonly adminPassword: string | undefined;
  /**
   * Rollups are computed at once for points since this time, in milliseconds since the Unix epoch. Undefined:
   * only new points are rolled up.
   */
  readonly fillSince: number | undefined;
}

/** Prefix of our continuous queries. It shows which outdated ones are ours. */
const PREFIX = 'btcdmon_';

const DAY_MS = 86_400_000;

/**
 * Sets up an InfluxDB 1.x for points and their readers: the database, its retention policies, the continuous
 * queries that roll points up, and users who may only read or only write. On a server without any user it
 * first creates the administrator. Existing parts stay, and parts that differ from this version's are
 * replaced. So a second run changes nothing.
 * @param tell receives a line for the person at each step
 * @throws FailureError if the server can't be reached, is not InfluxDB 1.x, or refuses
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
    await makeAdmin(influx, options, tell);
  });
}

/**
 * Makes the administrator that the user wants. If the user wants none, it explains what happens when
 * authentication is switched on later on a server without an administrator.
 */
async function makeAdmin(
  influx: InfluxDB,
  { access, admin, adminPassword }: SetupOptions,
  tell: (line: string) => void,
): Promise<void> {
  const users = await influx.getUsers();
  if (admin === undefined) {
    if (access.login === undefined && !users.some((user) => user.admin))
      tell(
        'this server asks nobody for a password and has no administrator: everyone who reaches it may read, write and delete everything. ' +
          'Once authentication is switched on ([http] auth-enabled), it refuses everything, also what this program writes, ' +
          'until an administrator exists: make one now with --with-admin NAME, and a user for --export with --writer NAME',
      );
    return;
  }
  const there = users.find(({ user }) => user === admin);
  let password = 'its password is as it was';
  if (there === undefined) {
    const secret = adminPassword ?? newPassword();
    await influx.createUser(admin, secret, true);
    password = adminPassword === undefined ? shownOnce(secret) : 'its password is yours';
  } else {
    if (!there.admin) await influx.grantAdminPrivilege(admin);
    if (adminPassword !== undefined) {
      await influx.setPassword(admin, adminPassword);
      password = 'its password is yours';
    }
  }
  tell(`user ${admin} is an administrator; ${password}`);
}

function newPassword(): string {
  return randomBytes(18).toString('base64url');
}

function shownOnce(secret: string): string {
  return `its password, shown this once: ${secret}`;
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
        `setup influx: ${origin} accepts CREATE DATABASE but makes no database, so it is no InfluxDB; VictoriaMetrics needs no setup`,
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
      // The package can't set the shard duration, and InfluxDB deletes whole shards. Shards of a week, the
      // default if points are kept for ever, would keep points a week longer.
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
    tell(`rollups of ${name} are kept ${describe(there?.duration ?? duration)} (retention policy ${name})`);
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
        // InfluxDB accepts a query that already exists with the same text.
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
    `${total} continuous queries make the rollups: ${made} made, ${replaced} replaced, ${stale.length} removed`,
  );
}

/**
 * A user with one right on the database. Without a password, an existing user keeps the old one, and a new
 * user gets a random one.
 */
interface UserOptions {
  readonly name: string;
  readonly given: string | undefined;
  readonly right: 'read' | 'write';
  /** The option that gave its name. */
  readonly option: string;
}

async function makeUser(
  influx: InfluxDB,
  { place: { database } }: SetupOptions,
  { name, given, right, option }: UserOptions,
  tell: (line: string) => void,
): Promise<void> {
  const there = (await influx.getUsers()).find(({ user }) => user === name);
  if (there?.admin === true)
    throw new FailureError(
      `setup influx: user ${name} is an administrator, not one who may only ${right}; choose another with ${option}`,
    );
  let password = 'its password is as it was';
  if (there === undefined) {
    const secret = given ?? newPassword();
    await influx.createUser(name, secret);
    password = given === undefined ? shownOnce(secret) : 'its password is yours';
  } else if (given !== undefined) {
    await influx.setPassword(name, given);
    password = 'its password is yours';
  }
  await influx.grantPrivilege(name, right === 'read' ? 'READ' : 'WRITE', database);
  tell(`user ${name} may ${right} ${database}; ${password}`);
}

/** Computes the rollups of existing points, a day per statement. */
async function fill(
  influx: InfluxDB,
  place: RollupDatabase,
  since: number,
  tell: (line: string) => void,
): Promise<void> {
  const now = Date.now();
  for (const resolution of RESOLUTIONS) {
    const start = Math.floor(since / resolution.ms) * resolution.ms;
    // The continuous queries compute the period that is not over yet.
    const end = Math.floor(now / resolution.ms) * resolution.ms;
    for (let from = start; from < end; from += DAY_MS)
      for (const rollup of ROLLUPS) {
        const span = { since: from, until: Math.min(end, from + DAY_MS) };
        await influx.query(fillStatement(rollup, place, resolution, span));
      }
    tell(
      `rollups of ${resolution.name} made from ${new Date(start).toISOString()} to ${new Date(end).toISOString()}`,
    );
  }
}
