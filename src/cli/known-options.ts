import { AUDIT_OPTIONS } from './audit';
import { DEMO_OPTIONS } from './demo';
import type { OptionSpec, OptionTable } from './option';
import { COLLECT_OPTIONS, GLOBAL_OPTIONS, LISTEN_OPTIONS } from './options';
import { QUERY_OPTIONS } from './query';
import { SERVE_OPTIONS } from './serve';
import type { KnownOptions } from './settings';
import { SETUP_OPTIONS } from './setup';
import { TOP_OPTIONS } from './top';

/** Tables whose options variables and the file may set. */
export const SETTABLE: readonly OptionTable[] = [GLOBAL_OPTIONS, LISTEN_OPTIONS, COLLECT_OPTIONS];

/** Tables of commands that only ask, or do something once: of them a flag alone is meant. */
export const FLAG_ONLY: readonly OptionTable[] = [
  SERVE_OPTIONS,
  DEMO_OPTIONS,
  TOP_OPTIONS,
  QUERY_OPTIONS,
  AUDIT_OPTIONS,
  SETUP_OPTIONS,
];

const SETTABLE_NAMES = namesOf(SETTABLE);

/** The options that there are. */
export const KNOWN: KnownOptions = {
  settable: SETTABLE_NAMES,
  repeated: namesOf(SETTABLE, ({ array }) => array === true),
  flags: namesOf(FLAG_ONLY).filter((name) => !SETTABLE_NAMES.includes(name)),
};

/** Options that are true or false, of whatever command. */
export const BOOLEANS = namesOf([...SETTABLE, ...FLAG_ONLY], ({ type }) => type === 'boolean');

function namesOf(
  tables: readonly OptionTable[],
  wanted: (spec: OptionSpec) => boolean = () => true,
): string[] {
  const entries = tables.flatMap((table) => Object.entries(table));
  return [...new Set(entries.filter(([, spec]) => wanted(spec)).map(([name]) => name))];
}
