import { UsageError } from '../errors';
import { suggestion } from '../nearest';

/** What stands in an export URL behind the scheme. */
export interface Target {
  /** An address without brackets, or a name. */
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  /** Behind the host, without the first slash; '' where there is none. */
  readonly path: string;
  /** What stands behind the question mark. */
  readonly options: ReadonlyMap<string, string>;
  /** The URL for messages: it shows no secret. */
  readonly shown: string;
  /** The option of the command line that it was given with, for messages. */
  readonly flag?: string;
}

/** How an exporter's URL is written. */
export interface TargetForm {
  /** For messages, such as `influx+udp://host[:8089]`. */
  readonly form: string;
  readonly scheme: string;
  /** Undefined where the port must be given. */
  readonly defaultPort?: number;
  /** Names that may stand behind the question mark. */
  readonly options?: readonly string[];
  /** Whether a user may stand before the host. */
  readonly mayHaveUser?: boolean;
  /** The option of the command line that it is given with, for messages; default `--export`. */
  readonly flag?: string;
}

/**
 * Reads `//[user@]host[:port][/path][?option=value&…]`, the part of an export URL behind its scheme.
 * @throws UsageError that names what is wrong and never shows a password
 */
export function parseTarget(rest: string, expected: TargetForm): Target {
  const { form, scheme, defaultPort, options: known = [], flag = '--export' } = expected;
  const bare = `${scheme}:${rest.replace(/\/\/.*@/, '//***@')}`;
  const wrong = (reason: string): UsageError => new UsageError(`${flag} ${bare}: ${reason}; use ${form}`);
  if (!rest.startsWith('//') || !URL.canParse(`http:${rest}`)) throw wrong("can't be read");
  const url = new URL(`http:${rest}`);
  if (url.password !== '')
    throw new UsageError(
      `${flag} ${bare}: a password in a URL is seen by other users; put it into the environment or a file, see docs/exporting.md`,
    );
  if (url.username !== '' && expected.mayHaveUser !== true) throw wrong('takes no user');
  if (url.hostname === '') throw wrong('names no host');
  // URL takes http's own port, 80, for none.
  const given = /^\/\/(?:[^/?@]*@)?(?:\[[^\]]*\]|[^/?:]*):(\d+)/.exec(rest)?.[1];
  const port = given === undefined ? defaultPort : Number(given);
  if (port === undefined || port < 1) throw wrong('names no port');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    user: url.username === '' ? null : decode(url.username, wrong),
    path: decode(url.pathname.slice(1), wrong),
    options: parseOptions(url.searchParams, known, wrong),
    shown: bare,
    flag,
  };
}

/** Reads `option=value&…`; `wrong` makes the error that is thrown. */
export function parseOptions(
  given: URLSearchParams,
  known: readonly string[],
  wrong: (reason: string) => UsageError,
): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [name, value] of given) {
    if (!known.includes(name)) throw wrong(`no such option: ${name}${suggestion(name, known)}`);
    if (options.has(name)) throw wrong(`${name} is given twice`);
    options.set(name, value);
  }
  return options;
}

/**
 * A whole number among the options of a target, or `fallback` where it is not given.
 * @throws UsageError where it is none, or out of its bounds
 */
export function numberOption(
  { options, shown, flag = '--export' }: Pick<Target, 'options' | 'shown' | 'flag'>,
  name: string,
  { fallback, least, most }: { readonly fallback: number; readonly least: number; readonly most: number },
): number {
  const text = options.get(name);
  if (text === undefined) return fallback;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${flag} ${shown}: ${name}=${text}: give a whole number from ${least} to ${most}`);
}

function decode(text: string, wrong: (reason: string) => UsageError): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`${text} is no valid part of a URL; a % is written %25`);
  }
}
