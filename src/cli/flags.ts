import type { Argv } from 'yargs';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { type OptionTable, readBoolean, readValue } from './option';
import type { Settings } from './settings';

/**
 * Gives yargs the options of a table, with their values from variables and the file, and checks flags by the
 * same rules.
 * @param settings left out where only flags set the options
 * @param isGlobal whether every command has the options
 */
export function withOptions<T>(
  yargs: Argv<T>,
  table: OptionTable,
  settings?: Settings,
  isGlobal = false,
): Argv<T> {
  yargs
    .options(asTexts(table))
    .config(settings?.of(table) ?? {})
    .check((argv) => checkFlags(argv, table, settings), isGlobal);
  return yargs;
}

/**
 * The options of a table as yargs gets them, all texts: it would turn values without a type into numbers, and
 * reject choices in other words than ours.
 */
function asTexts(table: OptionTable): OptionTable {
  return Object.fromEntries(
    Object.entries(table).map(([name, { choices, ...spec }]) => {
      if (spec.type === 'boolean') return [name, spec];
      const listed = choices === undefined ? '' : ` (${choices.join(', ')})`;
      return [
        name,
        {
          ...{ type: 'string', requiresArg: true, ...spec, describe: `${spec.describe ?? ''}${listed}` },
          ...(spec.isPath === true ? { coerce: expanded } : {}),
        },
      ];
    }),
  );
}

/** Expands the home in the path of a flag; what is no text is refused later. */
function expanded(value: unknown): unknown {
  return typeof value === 'string' ? expandHome(value) : value;
}

function checkFlags(argv: Record<string, unknown>, table: OptionTable, settings?: Settings): true {
  for (const [name, spec] of Object.entries(table)) {
    const value = argv[name];
    settings?.counts(name, value);
    if (value === undefined || value === spec.default) continue;
    if (Array.isArray(value) && spec.array !== true)
      throw new UsageError(`--${name} ${value.map(String).join(' and ')}: give it once`);
    if (spec.type === 'boolean') continue;
    for (const text of Array.isArray(value) ? (value as unknown[]) : [value]) {
      // yargs turns --no-NAME into false.
      if (typeof text !== 'string')
        throw new UsageError(`--no-${name}: is no option; --${name} takes a value, leave it out for none`);
      readValue(name, spec, text);
    }
  }
  return true;
}

/**
 * Rewrites boolean flags in the form that yargs reads: yargs would take `--join=yes` for false, and `--join
 * maybe` for a stray word.
 * @param names the boolean options, without dashes
 * @throws UsageError if the text after the = is neither true nor false
 */
export function spellBooleans(args: readonly string[], names: readonly string[]): string[] {
  const spelt: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') return [...spelt, ...args.slice(i)];
    const [, name = '', text] = /^--([A-Za-z-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (!names.includes(name)) {
      spelt.push(arg);
      continue;
    }
    const next = args[i + 1];
    let value = true;
    if (text !== undefined) value = readBoolean(name, text);
    else if (next !== undefined && /^(1|0|true|false|yes|no|on|off)$/i.test(next)) {
      value = readBoolean(name, next);
      i++;
    }
    spelt.push(value ? `--${name}` : `--no-${name}`);
  }
  return spelt;
}
