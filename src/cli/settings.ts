import { UsageError } from '../lib/errors';
import { nearest, suggestion } from '../lib/nearest';
import type * as ConfigFile from './config-file';
import { type OptionSpec, type OptionTable, readValue, variableOf } from './option';

/** A value of an option as yargs takes it. */
export type SettingValue = string | boolean | readonly string[];

/**
 * Variables with secrets. No flag and no file sets these, because other users of the machine could read them
 * there.
 */
export const SECRET_VARIABLES = [
  'BTCDMON_COLLECT_TOKEN',
  'BTCDMON_HTTP_TOKEN',
  'BTCDMON_INFLUX_ADMIN_PASSWORD',
  'BTCDMON_INFLUX_PASSWORD',
  'BTCDMON_INFLUX_READER_PASSWORD',
  'BTCDMON_INFLUX_TOKEN',
  'BTCDMON_INFLUX_WRITER_PASSWORD',
  'BTCDMON_NATS_PASSWORD',
  'BTCDMON_NATS_TOKEN',
  'BTCDMON_PROXY_PASSWORD',
  'BTCDMON_SMTP_PASSWORD',
  'BTCDMON_TOR_PASSWORD',
  'BTCDMON_WATCH_PASSWORD',
] as const;

/**
 * Variables that Kubernetes sets in every container for a service whose name begins with `btcdmon`.
 */
const OF_KUBERNETES = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/**
 * Text from a variable or a file, and the words that name this place. Errors have these words in place of
 * `--name`.
 */
interface GivenValue {
  readonly isList: boolean;
  readonly where: string;
  readonly texts: readonly { readonly text: string; readonly where: string }[];
}

/** All options, by who may set them. */
export interface KnownOptions {
  /** Names that variables and files may set. */
  readonly settable: readonly string[];
  /** Options that can be repeated in any command. */
  readonly repeated: readonly string[];
  /** Further names that only flags set. */
  readonly flags: readonly string[];
}

/**
 * Options that the environment and the file set. They are read later, because one name may be different
 * options in different commands, as `listen` is. Remembers where each value came from, so that an error names
 * that place.
 */
export class Settings {
  /** Where the value that is used came from; a value from a flag has no entry. */
  private readonly origins = new Map<string, { readonly given: GivenValue; readonly value: SettingValue }>();

  /** Options that the command line names. */
  private readonly flags = new Set<string>();

  private constructor(
    private readonly environment: ReadonlyMap<string, GivenValue>,
    private readonly file: ReadonlyMap<string, GivenValue>,
    /** A line for each variable that begins with BTCDMON_ and is not known, and resembles no option. */
    readonly warnings: readonly string[],
  ) {}

  /**
   * Reads the environment, and the file that the flag or BTCDMON_CONFIG names.
   * @throws UsageError that names the variable, or the file with its line, and what would be right
   */
  static load(env: NodeJS.ProcessEnv, configFlag: string | undefined, known: KnownOptions): Settings {
    const { environment, warnings } = readEnvironment(env, known);
    const file = configFlag ?? environment.get('config')?.texts[0]?.text;
    if (file === undefined) return new Settings(environment, new Map(), warnings);
    try {
      return new Settings(environment, fileSettings(file, known), warnings);
    } catch (error) {
      if (configFlag !== undefined || !(error instanceof UsageError)) throw error;
      throw new UsageError(error.message.replace(/^--config/, variableOf('config')));
    }
  }

  /**
   * The settings of the options of a table, checked.
   * @throws UsageError naming the place of a wrong value
   */
  of(table: OptionTable): Record<string, SettingValue> {
    const values: Record<string, SettingValue> = {};
    for (const [name, spec] of Object.entries(table))
      for (const given of [this.file.get(name), this.environment.get(name)]) {
        if (given === undefined) continue;
        const value = valueOf(name, spec, given);
        values[name] = value;
        this.origins.set(name, { given, value });
      }
    return values;
  }

  /** Whether a variable or the file gives an option. */
  has(name: string): boolean {
    return this.environment.has(name) || this.file.has(name);
  }

  /**
   * Notes the value that is used for an option. If it differs from that of the variable or file, a flag set
   * it.
   */
  counts(name: string, value: unknown): void {
    const origin = this.origins.get(name);
    if (origin !== undefined && JSON.stringify(origin.value) !== JSON.stringify(value))
      this.origins.delete(name);
  }

  /**
   * Notes the options that the command line names: their values come from there.
   */
  flagsIn(args: readonly string[]): void {
    for (const arg of args) {
      if (arg === '--') return;
      const name = /^--([a-z-]+)(?:=|$)/.exec(arg)?.[1];
      if (name !== undefined) this.flags.add(name);
    }
  }

  /**
   * Returns a message that begins with `--name` with the variable or the place in the file instead, where the
   * value came from there.
   */
  named(message: string): string {
    const name = /^--([a-z-]+)(?=[ :])/.exec(message)?.[1];
    const given = name === undefined || this.flags.has(name) ? undefined : this.origins.get(name)?.given;
    if (name === undefined || given === undefined) return message;
    const meant = given.texts.find(({ text }) => message.includes(text)) ?? given;
    return meant.where + message.slice(`--${name}`.length);
  }
}

function valueOf(name: string, spec: OptionSpec, given: GivenValue): SettingValue {
  const values: (string | boolean)[] = [];
  for (const { text, where } of given.texts)
    try {
      values.push(readValue(name, spec, text));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(error.message.replace(`--${name}`, () => where));
    }
  if (spec.array === true) {
    if (values.length === 0) throw new UsageError(`${given.where}: the list is empty; leave it out`);
    return values as string[];
  }
  const [value] = values;
  if (given.isList || value === undefined)
    throw new UsageError(`${given.where}: takes one value, not a list`);
  return value;
}

/**
 * Reads options from the environment: `BTCDMON_LOG_LEVEL` sets `--log-level`. Options that can be repeated
 * take a list with commas between. An empty variable counts as not set.
 */
function readEnvironment(
  env: NodeJS.ProcessEnv,
  { settable, repeated, flags }: KnownOptions,
): { environment: Map<string, GivenValue>; warnings: string[] } {
  const names = new Map(settable.map((name) => [variableOf(name), name]));
  const known = [...names.keys(), ...SECRET_VARIABLES].map((name) => name.slice('BTCDMON_'.length));
  const environment = new Map<string, GivenValue>();
  const warnings: string[] = [];
  for (const [variable, text = ''] of Object.entries(env)) {
    if (!/^BTCDMON_/i.test(variable) || text === '') continue;
    const name = names.get(variable);
    if (name !== undefined) {
      const texts = repeated.includes(name) ? text.split(',').map((item) => item.trim()) : [text];
      environment.set(name, {
        isList: texts.length > 1,
        where: variable,
        texts: texts.map((item) => ({ text: item, where: variable })),
      });
      continue;
    }
    if (SECRET_VARIABLES.some((secret) => secret === variable) || OF_KUBERNETES.test(variable)) continue;
    const flag = flags.find((each) => variableOf(each) === variable);
    if (flag !== undefined)
      throw new UsageError(`${variable}: no variable sets --${flag}; give it on the command line`);
    // The value is never shown: it may be a secret under a wrong name.
    const near = nearest(variable.slice('BTCDMON_'.length).toUpperCase(), known);
    const exact = known.find((each) => `BTCDMON_${each}` === variable.toUpperCase());
    if (near === null && exact === undefined)
      warnings.push(`${variable}: no option has this name, so it has no effect; see btcdmon-node --help`);
    else
      throw new UsageError(
        `${variable}: no option has this name; did you mean BTCDMON_${exact ?? near ?? ''}?`,
      );
  }
  return { environment, warnings };
}

function fileSettings(file: string, { settable, flags }: KnownOptions): Map<string, GivenValue> {
  // Loaded only where there is a file, because the parser of YAML takes memory.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { readConfigFile } = require('./config-file') as typeof ConfigFile;
  const settings = new Map<string, GivenValue>();
  for (const { key, line, isList, texts } of readConfigFile(file)) {
    const where = `${file}:${line}: ${key}`;
    if (key === 'config')
      throw new UsageError(`${where}: a file can't name another one; put the options here`);
    if (flags.includes(key))
      throw new UsageError(`${where}: no file sets --${key}; give it on the command line`);
    if (!settable.includes(key))
      throw new UsageError(
        `${file}:${line}: no option is named ${JSON.stringify(key)}${suggestion(key, settable)}`,
      );
    settings.set(key, {
      isList,
      where,
      texts: texts.map((each) => ({ text: each.text, where: `${file}:${each.line}: ${key}` })),
    });
  }
  return settings;
}
