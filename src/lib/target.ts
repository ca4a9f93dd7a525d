import { UsageError } from './errors';
import { suggestion } from './nearest';

/** What stands in a URL of the command line behind the scheme. */
export interface Target {
  /** An address without brackets, maybe with a zone (`fe80::1%eth0`), or a name in ASCII. */
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  /** Behind the host, without the first slash; '' where there is none. */
  readonly path: string;
  /** What stands behind the question mark. */
  readonly options: ReadonlyMap<string, string>;
  /** The option and its URL up to the question mark, for messages: it shows no secret. */
  readonly shown: string;
}

/** How a URL is written. */
export interface TargetForm {
  /** For messages, such as `influx+udp://host[:8089]`. */
  readonly form: string;
  readonly scheme: string;
  /** The option that the URL was given to; default `--export`. */
  readonly flag?: string;
  /** Undefined where the port must be given. */
  readonly defaultPort?: number;
  /** Names that may stand behind the question mark. */
  readonly options?: readonly string[];
  /** Whether an IPv6 address may have a zone; what is built on HTTP or on NATS's client can't use one. */
  readonly mayHaveZone?: boolean;
  /** Whether a user may stand before the host. */
  readonly mayHaveUser?: boolean;
}

/** A host with a zone, up to the zone's end. */
const ZONED = /^(\/\/(?:[^/?#@]*@)?\[[0-9a-f:.]+)%(?:25)?([a-z0-9._-]+)(?=\])/i;

/**
 * Reads `//[user@]host[:port][/path][?option=value&…]`, the part of a URL behind its scheme. A zone is
 * written `%eth0` or, as RFC 6874 has it, `%25eth0`.
 * @throws UsageError that names what is wrong and never shows a password
 */
export function parseTarget(rest: string, expected: TargetForm): Target {
  const { form, scheme, flag = '--export', defaultPort, options: known = [] } = expected;
  const shown = `${flag} ${scheme}:${rest.replace(/\/\/.*@/, '//***@').replace(/[?#].*$/s, '')}`;
  const wrong = (reason: string): UsageError => new UsageError(`${shown}: ${reason}; use ${form}`);
  const [zoned, head = '', zone = ''] = ZONED.exec(rest) ?? [];
  if (zoned !== undefined && expected.mayHaveZone !== true)
    throw wrong(`a zone (%${zone}) can't be used here; give an address without one, or a name`);
  // URLs of Node.js have no zones.
  const plain = zoned === undefined ? rest : `${head}${rest.slice(zoned.length)}`;
  if (!plain.startsWith('//') || !URL.canParse(`http:${plain}`)) throw wrong("can't be read");
  const url = new URL(`http:${plain}`);
  if (url.password !== '')
    throw new UsageError(
      `${shown}: a password in a URL is seen by other users; put it into the environment or a file, see docs/exporting.md`,
    );
  if (url.username !== '' && expected.mayHaveUser !== true) throw wrong('takes no user');
  if (url.hostname === '') throw wrong('names no host');
  if (url.hash !== '') throw wrong('has a #, which is written %23');
  // URL takes http's own port, 80, for none.
  const given = /^\/\/(?:[^/?@]*@)?(?:\[[^\]]*\]|[^/?:]*):(\d+)/.exec(rest)?.[1];
  const port = given === undefined ? defaultPort : Number(given);
  if (port === undefined || port < 1) throw wrong('names no port');
  return {
    host: `${url.hostname.replace(/^\[|\]$/g, '')}${zone === '' ? '' : `%${zone}`}`,
    port,
    user: url.username === '' ? null : decode(url.username, wrong),
    path: decode(url.pathname.slice(1), wrong),
    options: parseOptions(url.searchParams, known, wrong),
    shown,
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
  { options, shown }: Pick<Target, 'options' | 'shown'>,
  name: string,
  { fallback, least, most }: { readonly fallback: number; readonly least: number; readonly most: number },
): number {
  const text = options.get(name);
  if (text === undefined) return fallback;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${shown}: ${name}=${text}: give a whole number from ${least} to ${most}`);
}

function decode(text: string, wrong: (reason: string) => UsageError): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`${text} is no valid part of a URL; a % is written %25`);
  }
}
