import path from 'node:path';

/** How this process was called. */
export interface Invocation {
  /** Path of the executable script, from `process.argv[1]`. */
  readonly script: string;
  /** The working directory of the user's shell. */
  readonly folder: string;
  /** The variable PATH. */
  readonly path: string;
}

/**
 * The call of this process. npm runs scripts in the folder of the package, and has the user's folder in
 * INIT_CWD.
 */
export function invocationOf({ argv, env, cwd }: Pick<NodeJS.Process, 'argv' | 'env' | 'cwd'>): Invocation {
  return { script: argv[1] ?? '', folder: env['INIT_CWD'] ?? cwd(), path: env['PATH'] ?? '' };
}

/**
 * A command line that asks the store at `file` for the number of outputs of each type, ready to be pasted
 * into a shell.
 */
export function nextQuery(invocation: Invocation, file: string): string {
  return `${program(invocation)} query tx_outputs --agg count --by script_type --store ${shellWord(`duckdb:${file}`)}`;
}

/** The program as the user called it: by name if it is installed, otherwise by its path. */
function program({ script, folder, path: searched }: Invocation): string {
  const home = path.dirname(script);
  if (home.endsWith(path.join('node_modules', '.bin'))) return 'npx btcdmon-node';
  if (searched.split(path.delimiter).includes(home)) return path.basename(script);
  const relative = path.relative(folder, script);
  return `node ${shellWord(relative.startsWith('..') ? script : relative)}`;
}

/** Quotes a word for a POSIX shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
