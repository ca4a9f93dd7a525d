import { UsageError } from '../lib/errors';
import { PASSWORD_VARIABLE, authorizationOf, readAccess, readAuthorities } from '../influx/access';
import { INFLUX_PORT, caFileOption, gzipOption, originOf, parseInfluxUrl } from '../influx/influx-url';
import { readSecretFile } from '../lib/secret';
import { parseOptionUrl } from '../lib/option-url';
import type { InfluxApi } from './influx-http';

/** Environment variable with the token of an InfluxDB 2 or 3. */
const TOKEN_VARIABLE = 'BTCDMON_INFLUX_TOKEN';

/** Form of the URL of a bucket. */
export const INFLUX2_FORM = 'influx2+http(s)://host[:8086]/?bucket=BUCKET[&org=ORG]';

/**
 * The API of InfluxDB 1.x (`/write`), which VictoriaMetrics has too.
 * @throws UsageError where the URL is malformed
 */
export function influx1Api(url: string, env: NodeJS.ProcessEnv): InfluxApi {
  const place = parseInfluxUrl(url, '--export');
  const { origin, database, policy, user, gzip } = place;
  const parameters = { db: database, ...(policy === undefined ? {} : { rp: policy }), precision: 'n' };
  const setup = `btcdmon-node setup influx --store ${schemeOf(url)}//${new URL(origin).host}/${encodeURIComponent(database)}`;
  return {
    name: schemeOf(url).slice(0, -1),
    origin,
    path: `/write?${new URLSearchParams(parameters).toString()}`,
    destination: [origin, database, ...(policy === undefined ? [] : [policy])].join('/'),
    gzip,
    credentials: async () => {
      const { login, ca } = await readAccess(place, env);
      return { authorization: authorizationOf(login), ca };
    },
    remedy: (status) => {
      if (status === 404) return `the database is ${database}, which "${setup}" makes`;
      if (user === null)
        return `give a user who may write to ${database}, as in ${schemeOf(url)}//USER@HOST/…`;
      return status === 403
        ? `let an administrator GRANT WRITE ON "${database}" TO "${user}"`
        : `check the password of user ${user} (${PASSWORD_VARIABLE} or ?password-file=) for database ${database}`;
    },
  };
}

/**
 * The API of InfluxDB 2 (`/api/v2/write`), which 3 and VictoriaMetrics have too.
 * @throws UsageError where the URL is malformed
 */
export function influx2Api(url: string, env: NodeJS.ProcessEnv): InfluxApi {
  const scheme = schemeOf(url);
  const secure = scheme === 'influx2+https:';
  const target = parseOptionUrl(url.slice(scheme.length), {
    form: INFLUX2_FORM,
    scheme: scheme.slice(0, -1),
    defaultPort: INFLUX_PORT,
    options: ['org', 'bucket', 'token-file', 'ca-file', 'gzip'],
  });
  const { path, options, shown } = target;
  const bucket = options.get('bucket') ?? '';
  const org = options.get('org');
  if (bucket === '') throw new UsageError(`${shown}: names no bucket; use ${INFLUX2_FORM}`);
  const origin = originOf(target, secure);
  const parameters = { bucket, ...(org === undefined ? {} : { org }), precision: 'ns' };
  // A proxy may serve InfluxDB below a path.
  const prefix = `/${path}`.replace(/\/+$/, '');
  const tokenFile = options.get('token-file');
  const caFile = caFileOption(target, secure);
  return {
    name: scheme.slice(0, -1),
    origin,
    path: `${prefix}/api/v2/write?${new URLSearchParams(parameters).toString()}`,
    destination: `${origin}${prefix}/${org ?? ''}/${bucket}`,
    gzip: gzipOption(target),
    credentials: async () => {
      const token =
        tokenFile === undefined
          ? env[TOKEN_VARIABLE]
          : await readSecretFile(tokenFile, `${shown}: token-file ${tokenFile}`);
      const ca = await readAuthorities({ caFile, shown });
      return { authorization: token === undefined || token === '' ? undefined : `Token ${token}`, ca };
    },
    remedy: (status) =>
      status === 404
        ? `make the bucket ${bucket}${org === undefined ? '' : ` of organisation ${org}`} first`
        : `give a token that may write to the bucket ${bucket}, in the environment as ${TOKEN_VARIABLE} or with ?token-file=PATH`,
  };
}

/** The scheme of a URL in lower case, with its colon. */
function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(':') + 1).toLowerCase();
}
