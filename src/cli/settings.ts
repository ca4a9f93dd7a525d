import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Options } from 'yargs';
import { messageOf, UsageError } from '../errors';
import { suggestion } from '../nearest';

/** Values of options by their long names, as a file or the environment gives them. */
export type Settings = Record<string, unknown>;

/**
 * Settings of a configuration file, YAML or JSON: an object whose keys are long option names.
 * @throws UsageError naming the file and the key that is wrong
 */
export function readConfigFile(file: string, known: readonly string[]): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--config ${file}: can't be read: ${messageOf(error)}`);
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new UsageError(`--config ${file}: not YAML or JSON: ${messageOf(error).split('\n')[0] ?? ''}`);
  }
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new UsageError(`--config ${file}: not an object of option names and values`);
  for (const key of Object.keys(value))
    if (!known.includes(key))
      throw new UsageError(`--config ${file}: no option is named "${key}"${suggestion(key, known)}`);
  return value as Settings;
}

/**
 * Settings of the environment: `BTCDMON_LOG_LEVEL` for `--log-level`. Options that can be repeated take a list with
 * commas between. An empty variable counts as not set.
 */
export function readEnvironment(
  env: NodeJS.ProcessEnv,
  options: Readonly<Record<string, Options>>,
): Settings {
  const settings: Settings = {};
  for (const [name, { type, array }] of Object.entries(options)) {
    const text = env[`BTCDMON_${name.replaceAll('-', '_').toUpperCase()}`];
    if (text === undefined || text === '') continue;
    if (array === true) settings[name] = text.split(',').map((item) => item.trim());
    else if (type === 'boolean') settings[name] = readFlag(name, text);
    else settings[name] = text;
  }
  return settings;
}

function readFlag(name: string, text: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw new UsageError(`--${name} ${text}: give true or false`);
}
