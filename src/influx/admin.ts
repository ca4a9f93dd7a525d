import type * as Influx from 'influx';
import { FailureError } from '../lib/errors';
import { type InfluxAccess, PASSWORD_VARIABLE } from './access';
import { explainInflux } from './explain';
import type { InfluxDatabase } from './influx-url';
import { WRITABLE, isWritable } from './new-password';

/**
 * Words in InfluxDB's messages when a user lacks a right. The package's errors have no status.
 */
const ABOUT_THE_USER = ['authoriz', 'authentication', 'privilege', 'username required'];

/** Time limit of a statement: one statement rolls up the points of a day. */
const STATEMENT_MS = 300_000;
const PING_MS = 10_000;

/** The `influx` package's client for an administrator. Its errors are one line. */
export class InfluxAdmin {
  private readonly influx: Influx.InfluxDB;
  private readonly shown: string;

  constructor(private readonly options: { readonly place: InfluxDatabase; readonly access: InfluxAccess }) {
    const { origin, database } = options.place;
    const { ca, login } = options.access;
    const { protocol, hostname, port } = new URL(origin);
    this.shown = `setup influx: InfluxDB at ${origin}`;
    // Loaded here, because other commands load this file for its help but don't need the package.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { InfluxDB } = require('influx') as typeof Influx;
    this.influx = new InfluxDB({
      database,
      username: login?.user ?? '',
      password: login?.password ?? '',
      hosts: [
        {
          protocol: protocol === 'https:' ? 'https' : 'http',
          host: hostname,
          port: Number(port),
          options: ca === undefined ? {} : { ca },
        },
      ],
      pool: { maxRetries: 0, requestTimeout: STATEMENT_MS },
    });
  }

  /** @throws FailureError if the server is not InfluxDB 1.x */
  async check(): Promise<void> {
    const [answer] = await this.influx.ping(PING_MS);
    const { online = false, version = '' } = (answer ?? {}) as Partial<Influx.IPingStats>;
    // Unlike a ping, this says why nobody answers and whether the user may log in.
    if (!online) await this.run((influx) => influx.getDatabaseNames());
    if (!/^v?1\./.test(version))
      throw new FailureError(
        `${this.shown}: it is no InfluxDB 1.x (${version ? `its version is ${version}` : 'it tells no version'}); InfluxDB 2 and 3 need a bucket and a token only, VictoriaMetrics needs no setup`,
      );
  }

  /**
   * Makes the user of the URL the administrator, if the server requires one and has none. Until then the
   * server answers nothing else, and anybody may become its administrator.
   * @returns whether the user was made the administrator
   * @throws FailureError if the password can't be written into a statement
   */
  async claim(): Promise<boolean> {
    const { login } = this.options.access;
    if (login === undefined) return false;
    return this.run(async (influx) => {
      try {
        await influx.getDatabaseNames();
        return false;
      } catch (error) {
        if (!explainInflux(error).includes('create admin user first')) throw error;
      }
      if (!isWritable(login.password))
        throw new FailureError(`${this.shown}: the password of ${login.user}: ${WRITABLE}`);
      await influx.createUser(login.user, login.password, true);
      return true;
    });
  }

  /** @throws FailureError with the server's message */
  async run<T>(work: (influx: Influx.InfluxDB) => Promise<T>): Promise<T> {
    try {
      return await work(this.influx);
    } catch (error) {
      if (error instanceof FailureError) throw error;
      const said = explainInflux(error);
      const { login } = this.options.access;
      const hint = !ABOUT_THE_USER.some((words) => said.includes(words))
        ? ''
        : login === undefined
          ? '; name an administrator, as in --store influx+http://ADMIN@HOST/…'
          : `; user ${login.user} must be an administrator with this password (${PASSWORD_VARIABLE} or ?password-file=)`;
      throw new FailureError(`${this.shown}: ${said}${hint}`);
    }
  }
}
