import { UsageError } from '../lib/errors';
import { parseOptionUrl } from '../lib/option-url';
import type { NetworkName } from '../wire/networks';
import { RPC_PORTS } from './rpc-ports';

/** The form of the value of `--watch`. */
export const WATCH_FORM = '[name=]http(s)://[user@]host[:port] or auto';

/** The environment variable with the password of a user that a URL names. */
export const WATCH_PASSWORD_VARIABLE = 'BTCDMON_WATCH_PASSWORD';

/** What both forms of `--watch` have. */
interface WatchValue {
  /** The tag `node` of the watched node's points. Undefined: the default name. */
  readonly name: string | undefined;
  /** The option and its value, for messages. It contains no secret. */
  readonly shown: string;
}

/** `--watch [name=]auto`: a node of this machine is looked for. */
export interface WatchAuto extends WatchValue {
  readonly kind: 'auto';
}

/** `--watch [name=]http(s)://…`. */
export interface WatchUrl extends WatchValue {
  readonly kind: 'url';
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  /** File with the node's certificate, or with the certificate of an authority. */
  readonly caFile: string | undefined;
  /** A `btcd.conf` or `bitcoin.conf` with the login. */
  readonly confFile: string | undefined;
  /** Core's `.cookie`. */
  readonly cookieFile: string | undefined;
}

/** The default name of a watched node. */
export const DEFAULT_WATCHED_NAME = 'btcd';

/** Options of the URL: each names a file. */
const OPTIONS = ['password-file', 'ca-file', 'conf', 'cookie'] as const;

/** A name before the value. It contains no colon, slash or question mark, so a URL never looks like one. */
const NAMED = /^([^=:/?]*)=(.*)$/s;

/** The form of a node's name, which is a tag of every point, as for `--node`. */
const NAME = /^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/;

/**
 * Reads a value of `--watch`. The default port is btcd's for https and Core's for http.
 * @param network the listener's
 * @throws UsageError that never shows a password
 */
export function parseWatch(text: string, network: NetworkName): WatchAuto | WatchUrl {
  const [, name, rest = text] = NAMED.exec(text) ?? [];
  const flag = `--watch${name === undefined ? '' : ` ${name}=`}`;
  if (name !== undefined && (!NAME.test(name) || name.endsWith('\\')))
    throw new UsageError(
      `--watch ${JSON.stringify(name)}=: give a name of 1 to 64 printable ASCII characters with no backslash at its end`,
    );
  if (rest === 'auto') return { kind: 'auto', name, shown: `--watch ${text}` };
  return { ...parseUrl(rest, flag, network), name };
}

function parseUrl(text: string, flag: string, network: NetworkName): Omit<WatchUrl, 'name'> {
  const [, scheme = '', rest = ''] = /^(https?):(.*)$/is.exec(text) ?? [];
  if (scheme === '')
    throw new UsageError(
      `${flag} ${hidden(text)}: is neither a URL of http or https nor auto; use ${WATCH_FORM}`,
    );
  const isSecure = scheme.toLowerCase() === 'https';
  const port = RPC_PORTS[isSecure ? 'btcd' : 'core'][network];
  const target = parseOptionUrl(rest, {
    form: WATCH_FORM,
    scheme,
    flag,
    ...(port === undefined ? {} : { defaultPort: port }),
    options: OPTIONS,
    mayHaveUser: true,
    docs: 'docs/watching.md',
  });
  const { shown, options, user } = target;
  if (target.path !== '') throw new UsageError(`${shown}: has a path; use ${WATCH_FORM}`);
  const [passwordFile, caFile, confFile, cookieFile] = OPTIONS.map((option) => options.get(option));
  const logins = [user === null ? undefined : 'a user', confFile && 'conf', cookieFile && 'cookie'];
  const given = logins.filter((login) => login !== undefined);
  if (given.length > 1) throw new UsageError(`${shown}: ${given.join(' and ')}: give one login`);
  if (passwordFile !== undefined && user === null)
    throw new UsageError(`${shown}: a password-file, but no user; write user@ before the host`);
  if (caFile !== undefined && !isSecure) throw new UsageError(`${shown}: ca-file only works with https`);
  return {
    kind: 'url',
    host: target.host,
    port: target.port,
    isSecure,
    user: user ?? undefined,
    passwordFile,
    caFile,
    confFile,
    cookieFile,
    shown,
  };
}

/** A value that can't be read, without what may be a password. */
function hidden(text: string): string {
  return text.replace(/^.*@/s, '***@').replace(/[?#].*$/s, '');
}

/** Whether a host is this machine by every resolver. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
