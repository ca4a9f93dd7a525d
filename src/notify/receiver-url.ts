import { UsageError } from '../lib/errors';
import { command } from './command';
import { type MailSettings, mail } from './mail';
import type { Receiver } from './receiver';
import { type Shape, webhook } from './webhook';

/** Where messages can go, for `--help` and errors. */
export const NOTIFY_FORM =
  'https://…, slack+https://…, discord+https://…, ntfy+https://host/TOPIC, smtp://[user@]host[:587]?to=ADDRESS, smtps://… or exec:COMMAND';

/** Variable with the password of the SMTP server. */
const PASSWORD_VARIABLE = 'BTCDMON_SMTP_PASSWORD';

/** Hosts whose bodies have a shape of their own. */
const HOSTS: readonly (readonly [RegExp, Shape])[] = [
  [/^hooks\.slack\.com$/, 'slack'],
  [/^((canary|ptb)\.)?discord(app)?\.com$/, 'discord'],
  [/^ntfy\.sh$/, 'ntfy'],
];

const MAIL_OPTIONS = ['from', 'to', 'tls'];

const ADDRESS = /^[!-~]+@[!-~]+$/;

/**
 * Reads a value of `--notify`. No error shows more of it than the scheme: the rest may be a secret.
 * @throws UsageError that says what would be right
 */
export function readReceiver(text: string, env: NodeJS.ProcessEnv = {}): Receiver {
  const scheme = /^([a-z][a-z+]{1,20}):/i.exec(text)?.[1]?.toLowerCase();
  const wrong = (reason: string): UsageError =>
    new UsageError(`--notify ${shownValue(text)}: ${reason}; give ${NOTIFY_FORM}`);
  if (scheme === undefined) throw wrong('names no scheme');
  const rest = text.slice(scheme.length + 1);
  if (scheme === 'exec') {
    if (rest.trim() === '') throw wrong('names no command');
    return command(rest);
  }
  if (scheme === 'smtp' || scheme === 'smtps') return mail(mailOf(scheme, rest, env, wrong));
  const [, shape, http = ''] = /^(?:(json|slack|discord|ntfy)\+)?(https?)$/.exec(scheme) ?? [];
  if (http === '') throw wrong('there is no such scheme');
  const url = urlOf(`${http}:${rest}`, wrong);
  const authorization =
    url.username === '' && url.password === '' ? null : basic(decode(url.username), decode(url.password));
  url.username = '';
  url.password = '';
  const found = (shape as Shape | undefined) ?? shapeOf(url.hostname);
  if (found === 'ntfy' && url.pathname.endsWith('/')) throw wrong('names no topic');
  return webhook({ shape: found, url, authorization });
}

/** The part of a value that an error may show. */
export function shownValue(text: string): string {
  return /^[a-z][a-z+]{1,20}:/i.exec(text) === null ? '…' : `${text.slice(0, text.indexOf(':'))}:…`;
}

function shapeOf(host: string): Shape {
  return HOSTS.find(([pattern]) => pattern.test(host))?.[1] ?? 'json';
}

type Wrong = (reason: string) => UsageError;

function urlOf(text: string, wrong: Wrong): URL {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw wrong("can't be read");
  return new URL(text);
}

function mailOf(scheme: 'smtp' | 'smtps', rest: string, env: NodeJS.ProcessEnv, wrong: Wrong): MailSettings {
  const url = urlOf(`http:${rest}`, wrong);
  const { hostname, username, searchParams, pathname } = url;
  // URL drops port 80, the default of http.
  const given = /^\/\/(?:[^/?@]*@)?(?:\[[^\]]*\]|[^/?:]*):(\d+)/.exec(rest)?.[1];
  const port = given === undefined ? (scheme === 'smtps' ? 465 : 587) : Number(given);
  if (port < 1) throw wrong('port 0 is none');
  if (pathname !== '/' && pathname !== '') throw wrong('takes no path');
  for (const name of searchParams.keys())
    if (!MAIL_OPTIONS.includes(name)) throw wrong('has an unknown option');
  const to = searchParams.getAll('to').flatMap((list) => list.split(','));
  if (to.length === 0) throw wrong('names no address (to=)');
  const from = searchParams.get('from') ?? to[0] ?? '';
  if (![from, ...to].every((address) => ADDRESS.test(address))) throw wrong('has an address that is none');
  const written = decode(url.password);
  const password = written === '' ? (env[PASSWORD_VARIABLE] ?? '') : written;
  const login = username === '' ? null : { user: decode(username), password };
  const host = hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port,
    tls: tlsOf(scheme, searchParams.get('tls'), login !== null && !isLoopback(host), wrong),
    login,
    from,
    to,
  };
}

/** With a password TLS must be used, unless the server is on this machine. */
function tlsOf(scheme: string, asked: string | null, isSecret: boolean, wrong: Wrong): MailSettings['tls'] {
  if (scheme === 'smtps') {
    if (asked !== null) throw wrong('smtps takes no tls=');
    return 'implicit';
  }
  if (asked === null) return isSecret ? 'required' : 'offered';
  if (asked === 'required' || asked === 'offered' || asked === 'off') return asked;
  throw wrong('tls= must be required, offered or off');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
