import { UsageError } from './errors';
import { suggestion } from './nearest';

/** The parts of a URL of the command line after its scheme. */
export interface OptionUrl {
  /** An address without brackets, possibly with a zone (`fe80::1%eth0`), or a name in ASCII. */
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  /** The path without its first slash; '' where there is none. */
  readonly path: string;
  /** The options behind the question mark. */
  readonly options: ReadonlyMap<string, string>;
  /** The option and its URL up to the question mark, for messages. It contains no secret. */
  readonly shown: string;
}

/** What a URL may contain. */
export interface OptionUrlForm {
  /** The form of the URL for messages, such as `influx+udp://host[:8089]`. */
  readonly form: string;
  readonly scheme: string;
  /** The option whose value the URL is; default `--export`. */
  readonly flag?: string;
  /** Left out where the URL must contain a port. */
  readonly defaultPort?: number;
  /** Names of the options that may stand behind the question mark. */
  readonly options?: readonly string[];
  /** Whether an IPv6 address may have a zone. Whatever is built on HTTP or on NATS's client can't use one. */
  readonly mayHaveZone?: boolean;
  /** Whether a user name may stand before the host. */
  readonly mayHaveUser?: boolean;
  /** The page that explains passwords; default docs/exporting.md. */
  readonly docs?: string;
}

/** A host with a zone, up to the end of the zone. */
const ZONED = /^(\/\/(?:[^/?#@]*@)?\[[0-9a-f:.]+)%(?:25)?([a-z0-9._-]+)(?=\])/i;

/**
 * Reads `//[user@]host[:port][/path][?option=value&…]`, the part of a URL after its scheme. A zone is written
 * as `%eth0` or, as in RFC 6874, as `%25eth0`.
 * @throws UsageError that names what is wrong and never shows a password
 */
export function parseOptionUrl(rest: string, expected: OptionUrlForm): OptionUrl {
  const {
    form,
    scheme,
    flag = '--export',
    defaultPort,
    options: known = [],
    docs = 'docs/exporting.md',
  } = expected;
  const shown = `${flag} ${scheme}:${rest.replace(/\/\/.*@/, '//***@').replace(/[?#].*$/s, '')}`;
  const wrong = (reason: string): UsageError => new UsageError(`${shown}: ${reason}; use ${form}`);
  const [zoned, head = '', zone = ''] = ZONED.exec(rest) ?? [];
  if (zoned !== undefined && expected.mayHaveZone !== true)
    throw wrong(`a zone (%${zone}) can't be used here; give an address without one, or a name`);
  // Node.js's URL supports no zones.
  const plain = zoned === undefined ? rest : `${head}${rest.slice(zoned.length)}`;
  if (!plain.startsWith('//') || !URL.canParse(`http:${plain}`)) throw wrong("can't be read");
  const url = new URL(`http:${plain}`);
  if (url.password !== '')
    throw new UsageError(
      `${shown}: a password in a URL is seen by other users; put it into the environment or a file, see ${docs}`,
    );
  if (url.username !== '' && expected.mayHaveUser !== true) throw wrong('takes no user');
  if (url.hostname === '') throw wrong('names no host');
  if (url.hash !== '') throw wrong('has a #, which is written %23');
  // URL drops port 80, the default of http.
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

/** Reads `option=value&…`. `wrong` makes the error that is thrown. */
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
 * An option that is a whole number, or `fallback` where it is missing.
 * @throws UsageError where it is no whole number or out of bounds
 */
export function numberOption(
  { options, shown }: Pick<OptionUrl, 'options' | 'shown'>,
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
