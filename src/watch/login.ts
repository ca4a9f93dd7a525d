import { FailureError } from '../lib/errors';
import { readNamedFile } from '../lib/named-file';
import { readSecretFile } from '../lib/secret';
import { type ConfFile, readConf } from './conf-file';
import type { NodeKind } from './rpc-ports';

/** The user and the password for a node. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Where a login is read from, each time that it is needed: a node may get another one at any time. */
export interface LoginSource {
  /** The place in words, for the message about a login that the node refuses. */
  readonly from: string;
  /** Whether the node itself writes it at its start. If it is missing, the node may not run yet. */
  readonly isOfNode?: boolean;
  /** @throws FailureError that names the place of the missing login. No error shows a password. */
  read(): Promise<Login>;
}

/** Says that the node refuses a login, and what would be right. */
export function refusedLogin({ from }: Pick<LoginSource, 'from'>): string {
  return `the node refuses the login of ${from}; give the user and password of its configuration, or its cookie`;
}

/** More than a cookie has: a user, a colon and 64 hexadecimal digits. */
const MAX_COOKIE_BYTES = 4_096;

/** A login that does not change, such as one of the environment. */
export function fixedLogin(login: Login, from: string): LoginSource {
  return { from, read: () => Promise.resolve(login) };
}

/** A user with a password in a file. `shown` begins the errors. */
export function passwordFileLogin(user: string, file: string, shown: string): LoginSource {
  return {
    from: `password-file ${file}`,
    read: async () => ({ user, password: await readSecretFile(file, `${shown}: password-file ${file}`) }),
  };
}

/**
 * The login in Core's `.cookie`, a file with `user:password` that each start of the node writes anew
 * (`src/rpc/request.cpp`).
 */
export function cookieLogin(file: string): LoginSource {
  const right = "the file .cookie of Core's data folder";
  const what = `cookie ${file}`;
  return {
    from: what,
    isOfNode: true,
    read: async () => {
      const { bytes } = await readNamedFile(file, { what, right, maxBytes: MAX_COOKIE_BYTES });
      const [, user, password] = /^([^:\r\n]+):([^\r\n]+)/.exec(bytes.toString('utf8')) ?? [];
      if (user === undefined || password === undefined)
        throw new FailureError(`${what}: holds no user:password; give ${right}`);
      return { user, password };
    },
  };
}

/** The login in a `btcd.conf` or `bitcoin.conf`. `section` is the heading of the network in the latter. */
export function confLogin(file: string, kind: NodeKind, section: string): LoginSource {
  const what = `conf ${file}`;
  return {
    from: what,
    read: async () => {
      const login = loginIn(await readConf(file, what, kind === 'core'), kind, section);
      if (login !== undefined) return login;
      throw new FailureError(
        kind === 'btcd'
          ? `${what}: holds neither rpcuser and rpcpass nor rpclimituser and rpclimitpass; add them and restart btcd`
          : `${what}: holds no rpcuser and rpcpassword; without them Core writes a cookie: give ?cookie=PATH`,
      );
    },
  };
}

/** The login in a configuration, or undefined. That of btcd's full user comes first. */
export function loginIn(conf: ConfFile, kind: NodeKind, section: string): Login | undefined {
  const pairs =
    kind === 'btcd'
      ? [
          [conf.last('rpcuser'), conf.last('rpcpass')],
          [conf.last('rpclimituser'), conf.last('rpclimitpass')],
        ]
      : [[conf.first('rpcuser', section), conf.first('rpcpassword', section)]];
  for (const [user = '', password = ''] of pairs)
    if (user !== '' && password !== '') return { user, password };
  return undefined;
}

/** Value of the header `Authorization`. */
export function basicAuthorization({ user, password }: Login): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
