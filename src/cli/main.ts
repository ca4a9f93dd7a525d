import yargs, { type CommandModule, type Options } from 'yargs';
import { BtcdmonError, UsageError } from '../errors';
import { suggestion } from '../nearest';
import { VERSION } from '../version';
import { auditCommand } from './audit';
import { collectCommand } from './collect';
import { demoCommand } from './demo';
import { listenCommand } from './listen';
import { endWithOutputs, guardOutputs } from './outputs';
import { COLLECT_OPTIONS, GLOBAL_OPTIONS, HTTP_OPTIONS, LISTEN_OPTIONS } from './options';
import { queriesCommand } from './queries';
import { queryCommand } from './query';
import { seriesCommand } from './series';
import { serveCommand } from './serve';
import { readConfigFile, readEnvironment, type Settings } from './settings';
import { setupCommand } from './setup';
import { wasSignalled } from './signals';
import { topCommand } from './top';

/** Every command. Each checks the types of its own arguments; the list needs none of them. */
function commands(settings: Settings): CommandModule[] {
  return [
    listenCommand(pick(settings, LISTEN_OPTIONS)),
    collectCommand(pick(settings, COLLECT_OPTIONS)),
    serveCommand(pick(settings, HTTP_OPTIONS)),
    demoCommand(pick(settings, HTTP_OPTIONS)),
    topCommand,
    queryCommand,
    queriesCommand,
    auditCommand,
    seriesCommand,
    setupCommand,
  ] as unknown as CommandModule[];
}

const ALL_OPTIONS: Readonly<Record<string, Options>> = {
  ...GLOBAL_OPTIONS,
  ...LISTEN_OPTIONS,
  ...COLLECT_OPTIONS,
};

/**
 * Runs the command line. An error that a person can act on is one line on stderr and an exit status: 2 for a wrong call,
 * 1 for a failure. Any other is a fault of the program and keeps its stack.
 */
export async function main(args: readonly string[]): Promise<void> {
  guardOutputs();
  // Files that hold data are for this user alone, those that DuckDB makes beside its own included.
  process.umask(0o077);
  try {
    await parser(args).parseAsync();
  } catch (error) {
    process.exitCode = error instanceof BtcdmonError ? error.exitCode : 1;
    const text =
      error instanceof BtcdmonError ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`btcdmon-node: ${text ?? ''}\n`);
  }
  endWithOutputs(wasSignalled());
}

function parser(args: readonly string[]): ReturnType<typeof yargs> {
  const settings = loadSettings(args);
  return yargs([...args])
    .scriptName('btcdmon-node')
    .options(GLOBAL_OPTIONS)
    .config(pick(settings, GLOBAL_OPTIONS))
    .command(commands(settings))
    .strict()
    .check(givenOnce)
    .recommendCommands()
    .version(VERSION)
    .alias('h', 'help')
    .alias('v', 'version')
    .epilogue(
      'Each option can also be set in the environment (--log-level as BTCDMON_LOG_LEVEL, lists with commas) or in a\n' +
        'file (--config). A flag wins over the environment, the environment over the file.',
    )
    .wrap(Math.min(110, process.stdout.columns || 110))
    .exitProcess(false)
    .fail((message: string, error: Error | undefined) => {
      // Without an error, or with one of yargs' own, the arguments are wrong; any other came out of a command.
      throw error === undefined || error.name === 'YError' ? new UsageError(explain(message)) : error;
    });
}

/** What flags have precedence over: the environment, then the file that --config or BTCDMON_CONFIG names. */
function loadSettings(args: readonly string[]): Settings {
  const environment = readEnvironment(process.env, ALL_OPTIONS);
  const flags = yargs([...args])
    .help(false)
    .version(false)
    .option('config', GLOBAL_OPTIONS.config)
    .fail(false)
    .exitProcess(false)
    .parseSync();
  const file = flags.config ?? environment['config'];
  return {
    ...(typeof file === 'string' ? readConfigFile(file, Object.keys(ALL_OPTIONS)) : {}),
    ...environment,
  };
}

/** The settings that a command knows: a file or an environment may well hold those of others. */
function pick(settings: Settings, options: Readonly<Record<string, Options>>): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => Object.hasOwn(options, name)));
}

/** Refuses an option that takes one value and was given several, which yargs would make an array. */
function givenOnce(argv: Record<string, unknown>): true {
  for (const [name, option] of Object.entries(ALL_OPTIONS))
    if (option.array !== true && Array.isArray(argv[name]))
      throw new UsageError(`--${name} ${argv[name].join(' and ')}: give it once`);
  return true;
}

/** What yargs says, in one line that names what is wrong and what would be right. */
function explain(message: string): string {
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1];
  if (unknown !== undefined)
    return `unknown option or argument "${unknown}"${suggestion(unknown, Object.keys(ALL_OPTIONS))}; see btcdmon-node --help`;
  const choice = /Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message);
  if (choice !== null) {
    const [, name = '', given = '', choices = ''] = choice;
    return `--${name} ${given.replaceAll('"', '')}: give one of ${choices.replaceAll('"', '')}`;
  }
  const bare = /^Not enough arguments following: (.*)/.exec(message)?.[1];
  if (bare !== undefined) return `--${bare}: a value must follow`;
  return message.split('\n').join(' ');
}
