import path from 'node:path';
import { existsSync } from 'node:fs';
import { FailureError } from '../lib/errors';
import type { NetworkName } from '../wire/networks';
import { btcdPlace, corePlace } from './configured-place';
import { type Machine, CORE_NETWORKS, dataFolders } from './data-folders';
import { type LoginSource, confLogin, cookieLogin, fixedLogin, passwordFileLogin } from './login';
import { DEFAULT_WATCHED_NAME, WATCH_PASSWORD_VARIABLE, type WatchUrl, isThisMachine } from './watch-url';

/** Where a node is, and how it is spoken to. */
export interface NodePlace {
  /** The tag `node` of its points. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly login: LoginSource;
  /** File with the certificate that is trusted. Undefined: what Node.js trusts. */
  readonly certificateFile: string | undefined;
}

/** The node in messages: `btcd at https://127.0.0.1:8334`. */
export function describePlace({ name, host, port, isSecure }: NodePlace): string {
  return `${name} at http${isSecure ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What is used of a URL's login beyond the URL. */
export interface PlaceContext {
  readonly network: NetworkName;
  readonly machine: Machine;
}

/**
 * Finds the login and the certificate for a URL of `--watch`. If the URL names none and its host is this
 * machine, they are searched in the node's data folder.
 * @throws FailureError that says how to give a login; UsageError if a path is no file
 */
export async function placeOf(url: WatchUrl, context: PlaceContext): Promise<NodePlace> {
  const found = await loginOf(url, context);
  const certificateFile =
    url.caFile ?? found.certificateFile ?? (url.isSecure ? ownCertificate(url, context) : undefined);
  return {
    name: url.name ?? DEFAULT_WATCHED_NAME,
    host: url.host,
    port: url.port,
    isSecure: url.isSecure,
    login: found.login,
    certificateFile: url.isSecure ? certificateFile : undefined,
  };
}

interface FoundLogin {
  readonly login: LoginSource;
  readonly certificateFile?: string | undefined;
}

async function loginOf(url: WatchUrl, context: PlaceContext): Promise<FoundLogin> {
  const { user, passwordFile, confFile, cookieFile, shown } = url;
  if (cookieFile !== undefined) return { login: cookieLogin(cookieFile) };
  if (confFile !== undefined) return confOf(confFile, context);
  if (user === undefined) return defaultLogin(url, context);
  if (passwordFile !== undefined) return { login: passwordFileLogin(user, passwordFile, shown) };
  const password = context.machine.env[WATCH_PASSWORD_VARIABLE] ?? '';
  if (password === '')
    throw new FailureError(
      `${shown}: no password for user ${user}; put it into the environment as ${WATCH_PASSWORD_VARIABLE} or name a file with ?password-file=PATH`,
    );
  return { login: fixedLogin({ user, password }, WATCH_PASSWORD_VARIABLE) };
}

/** The login in a file of `conf=`: Core's by its name, btcd's otherwise. */
async function confOf(file: string, { network, machine }: PlaceContext): Promise<FoundLogin> {
  if (path.basename(file).startsWith('bitcoin'))
    return { login: confLogin(file, 'core', CORE_NETWORKS[network]?.chain ?? '') };
  const { certificateFile } = await btcdPlace(file, { network, machine });
  return { login: confLogin(file, 'btcd', ''), certificateFile };
}

async function defaultLogin({ host, isSecure, shown }: WatchUrl, context: PlaceContext): Promise<FoundLogin> {
  const looked: string[] = [];
  if (isThisMachine(host)) {
    // Core's RPC has no TLS.
    for (const kind of isSecure ? (['btcd'] as const) : (['core', 'btcd'] as const))
      for (const folder of dataFolders(kind, context.machine)) {
        const { place, notes } = await (kind === 'btcd'
          ? btcdPlace(path.join(folder, 'btcd.conf'), context)
          : corePlace(folder, context));
        if (place !== undefined) return place;
        looked.push(...notes);
      }
  }
  const also = looked.length === 0 ? '' : `; looked at ${looked.join(', ')}`;
  throw new FailureError(
    `${shown}: no user and no password; write user@ before the host and put the password into the environment as ${WATCH_PASSWORD_VARIABLE} or name a file with ?password-file=PATH, ?conf=PATH or ?cookie=PATH${also}`,
  );
}

/**
 * The certificate in btcd's data folder, for a URL of this machine. btcd writes it at its first start: where
 * there is a folder and no certificate yet, it is expected there.
 */
function ownCertificate({ host }: WatchUrl, { machine }: PlaceContext): string | undefined {
  if (!isThisMachine(host)) return undefined;
  const folders = dataFolders('btcd', machine).filter((folder) => existsSync(folder));
  const files = folders.map((folder) => path.join(folder, 'rpc.cert'));
  return files.find((file) => existsSync(file)) ?? files[0];
}
