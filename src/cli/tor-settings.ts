import type { TorSettings } from '../app/onion';
import { UsageError } from '../lib/errors';
import { readSecretFile } from '../lib/secret';
import { ROUTE_OPTIONS } from './route-options';

/** The variable with the password of Tor's control port, where no file is named. */
const PASSWORD_VARIABLE = 'BTCDMON_TOR_PASSWORD';

/** The options of our onion service, as yargs parses them. */
interface TorArguments {
  readonly listen?: string | undefined;
  readonly torControl?: string | undefined;
  readonly torPasswordFile?: string | undefined;
}

/**
 * Checks the options of our onion service; undefined where there is none.
 * @throws UsageError naming the option, its value and what would be right; FailureError where the password
 *   can't be read
 */
export async function torSettings(
  { listen, torControl, torPasswordFile }: TorArguments,
  env: NodeJS.ProcessEnv,
): Promise<TorSettings | undefined> {
  if (torControl === undefined) {
    if (torPasswordFile === undefined) return undefined;
    throw new UsageError(`--tor-password-file ${torPasswordFile}: has a meaning only with --tor-control`);
  }
  if (listen === undefined)
    throw new UsageError(`--tor-control ${torControl}: has a meaning only with --listen`);
  const given =
    torPasswordFile === undefined
      ? (env[PASSWORD_VARIABLE] ?? '')
      : await readSecretFile(torPasswordFile, `--tor-password-file ${torPasswordFile}`);
  if (/[\r\n\0]/.test(given))
    throw new UsageError(`${PASSWORD_VARIABLE}: has a line break; give a password of one line`);
  return {
    control: ROUTE_OPTIONS['tor-control'].read(torControl),
    password: given === '' ? null : given,
  };
}
