import { ALERTS_OPTIONS } from './alerts';
import { AUDIT_OPTIONS } from './audit';
import { BACKUP_OPTIONS } from './backup';
import { CRAWL_LIST_OPTIONS, CRAWL_OPTIONS } from './crawl-options';
import { DEMO_OPTIONS } from './demo';
import { FRAMES_OPTIONS } from './frames';
import type { OptionSpec, OptionTable } from './option';
import { COLLECT_OPTIONS, GLOBAL_OPTIONS, LISTEN_OPTIONS } from './options';
import { PEERS_OPTIONS } from './peers';
import { QUERY_OPTIONS } from './query';
import { REPLAY_OPTIONS } from './replay';
import { LIST_OPTIONS } from './series';
import { SERVE_OPTIONS } from './serve';
import { HTTP_OPTIONS } from './shared-options';
import type { KnownOptions } from './settings';
import { SETUP_OPTIONS } from './setup';
import { TOP_OPTIONS } from './top';
import { TAP_OPTIONS } from './watch-options';
import { WHY_OPTIONS } from './why';

/** Tables of options that variables and the file may set. */
export const SETTABLE: readonly OptionTable[] = [
  GLOBAL_OPTIONS,
  LISTEN_OPTIONS,
  COLLECT_OPTIONS,
  TAP_OPTIONS,
  CRAWL_OPTIONS,
];

/** Tables of options that only flags set. They belong to commands that ask, or that do something once. */
export const FLAG_ONLY: readonly OptionTable[] = [
  SERVE_OPTIONS,
  DEMO_OPTIONS,
  TOP_OPTIONS,
  PEERS_OPTIONS,
  WHY_OPTIONS,
  QUERY_OPTIONS,
  AUDIT_OPTIONS,
  BACKUP_OPTIONS,
  LIST_OPTIONS,
  ALERTS_OPTIONS,
  SETUP_OPTIONS,
  FRAMES_OPTIONS,
  REPLAY_OPTIONS,
  CRAWL_LIST_OPTIONS,
];

/** The options of each command by its name, without those of every command; '' is the listener. */
const OPTIONS_OF: Readonly<Record<string, readonly OptionTable[]>> = {
  '': [LISTEN_OPTIONS],
  collect: [COLLECT_OPTIONS],
  tap: [TAP_OPTIONS],
  serve: [SERVE_OPTIONS, HTTP_OPTIONS],
  demo: [DEMO_OPTIONS, HTTP_OPTIONS],
  top: [TOP_OPTIONS],
  query: [QUERY_OPTIONS],
  queries: [LIST_OPTIONS],
  alerts: [ALERTS_OPTIONS],
  audit: [AUDIT_OPTIONS],
  peers: [PEERS_OPTIONS],
  why: [WHY_OPTIONS],
  backup: [BACKUP_OPTIONS],
  series: [LIST_OPTIONS],
  frames: [FRAMES_OPTIONS],
  replay: [REPLAY_OPTIONS],
  setup: [SETUP_OPTIONS],
  crawl: [CRAWL_OPTIONS, CRAWL_LIST_OPTIONS],
};

/** The names of the commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(OPTIONS_OF).filter((name) => name !== '');

/** The names of the options of a command, those of every command last. */
export function optionsOf(command: string): readonly string[] {
  return namesOf([...(OPTIONS_OF[command] ?? []), GLOBAL_OPTIONS]);
}

const SETTABLE_NAMES = namesOf(SETTABLE);

/** All options, by who may set them. */
export const KNOWN: KnownOptions = {
  settable: SETTABLE_NAMES,
  repeated: namesOf(SETTABLE, ({ array }) => array === true),
  flags: namesOf(FLAG_ONLY).filter((name) => !SETTABLE_NAMES.includes(name)),
};

/** Boolean options of all commands. */
export const BOOLEANS = namesOf([...SETTABLE, ...FLAG_ONLY], ({ type }) => type === 'boolean');

function namesOf(
  tables: readonly OptionTable[],
  wanted: (spec: OptionSpec) => boolean = () => true,
): string[] {
  const entries = tables.flatMap((table) => Object.entries(table));
  // Former names of options are as good as they; letters are no names of variables and files.
  const names = entries
    .filter(([, spec]) => wanted(spec))
    .flatMap(([name, { alias = [] }]) => [name, ...[alias].flat().filter((other) => other.length > 1)]);
  return [...new Set(names)];
}
