import { type IPingStats, InfluxDB } from 'influx';
import { FailureError } from '../errors';
import { type InfluxAccess, PASSWORD_VARIABLE } from './access';
import { explainInflux } from './explain';
import type { InfluxPlace } from './place';

/** How long a statement may take: the sums of a day of points are made in one. */
const STATEMENT_MS = 300_000;
const PING_MS = 10_000;

/** The `influx` package's client as an administrator uses it, with its errors in one line. */
export class InfluxAdmin {
  private readonly influx: InfluxDB;
  private readonly shown: string;

  constructor(private readonly options: { readonly place: InfluxPlace; readonly access: InfluxAccess }) {
    const { origin, database } = options.place;
    const { ca, login } = options.access;
    const { protocol, hostname, port } = new URL(origin);
    this.shown = `setup influx: InfluxDB at ${origin}`;
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

  /** @throws FailureError where it is no InfluxDB 1.x */
  async check(): Promise<void> {
    const [answer] = await this.influx.ping(PING_MS);
    const { online = false, version = '' } = (answer ?? {}) as Partial<IPingStats>;
    // A ping tells neither why nobody answers nor whether we are let in.
    if (!online) await this.run((influx) => influx.getDatabaseNames());
    if (!/^v?1\./.test(version))
      throw new FailureError(
        `${this.shown}: it is no InfluxDB 1.x (${version ? `its version is ${version}` : 'it tells no version'}); InfluxDB 2 and 3 need a bucket and a token only, VictoriaMetrics needs no setup`,
      );
  }

  /** @throws FailureError with the server's words */
  async run<T>(work: (influx: InfluxDB) => Promise<T>): Promise<T> {
    try {
      return await work(this.influx);
    } catch (error) {
      if (error instanceof FailureError) throw error;
      const said = explainInflux(error);
      const { login } = this.options.access;
      const hint = !/authoriz|authentication|privilege|username required/i.test(said)
        ? ''
        : login === undefined
          ? '; name an administrator, as in --url influx+http://ADMIN@HOST/…'
          : `; user ${login.user} must be an administrator with this password (${PASSWORD_VARIABLE} or ?password-file=)`;
      throw new FailureError(`${this.shown}: ${said}${hint}`);
    }
  }
}
