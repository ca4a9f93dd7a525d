import yargs, { type Argv, type CommandModule } from 'yargs';
import { waitForSlowAddresses } from '../lib/address-attempts';
import { BtcdmonError, UsageError, errorDetail } from '../lib/errors';
import { VERSION } from '../lib/version';
import { alertsCommand } from './alerts';
import { auditCommand } from './audit';
import { backupCommand } from './backup';
import { collectCommand } from './collect';
import { crawlCommand } from './crawl';
import { demoCommand } from './demo';
import { spellBooleans, withOptions } from './flags';
import { framesCommand } from './frames';
import { BOOLEANS, KNOWN } from './known-options';
import { listenCommand } from './listen';
import { endWithOutputs, guardOutputs } from './outputs';
import { GLOBAL_OPTIONS } from './options';
import { overview } from './overview';
import { peersCommand } from './peers';
import { queriesCommand } from './queries';
import { queryCommand } from './query';
import { replayCommand } from './replay';
import { seriesCommand } from './series';
import { serveCommand } from './serve';
import { Settings } from './settings';
import { setupCommand } from './setup';
import { wasSignalled } from './signals';
import { checkSpelling, explainUnknown } from './spelling';
import { withTypedName } from './store-option';
import { tapCommand } from './tap';
import { topCommand } from './top';
import { whyCommand } from './why';

/** All commands. Each has its own type of arguments, which the list does not need. */
function commands(settings: Settings): CommandModule[] {
  return [
    listenCommand(settings),
    collectCommand(settings),
    tapCommand(settings),
    crawlCommand(settings),
    serveCommand(settings),
    demoCommand(settings),
    topCommand,
    peersCommand,
    whyCommand,
    queryCommand,
    queriesCommand,
    auditCommand,
    backupCommand,
    alertsCommand,
    seriesCommand,
    framesCommand,
    replayCommand,
    setupCommand,
  ] as unknown as CommandModule[];
}

/** Options that give the listener peers. */
const PEER_OPTIONS = ['connect', 'join', 'listen'];

/**
 * Runs the command line. An error that a person can act on becomes one line on stderr and an exit status: 2
 * for a wrong call, 1 for a failure. Any other error is a fault of the program and is shown with its stack.
 */
export async function main(args: readonly string[]): Promise<void> {
  let settings: Settings | undefined;
  try {
    checkSpelling(args);
    const spelt = spellBooleans(args, BOOLEANS);
    settings = Settings.load(process.env, configFlag(spelt), KNOWN);
    settings.flagsIn(spelt);
    for (const warning of settings.warnings) process.stderr.write(`btcdmon-node: ${warning}\n`);
    // The listener then refuses the call in a line of its own, which a service's log shows.
    if (args.length === 0 && !PEER_OPTIONS.some((name) => settings?.has(name) === true))
      process.stdout.write(overview(commands(settings)));
    await parser(spelt, settings).parseAsync();
  } catch (error) {
    process.exitCode = error instanceof BtcdmonError ? error.exitCode : 1;
    const text =
      error instanceof BtcdmonError
        ? oneLine(withTypedName(error.message, args), settings)
        : errorDetail(error);
    process.stderr.write(`btcdmon-node: ${text}\n`);
  }
}

/** Runs the command line as the whole process, and ends the process after it. */
export async function run(args: readonly string[]): Promise<void> {
  guardOutputs();
  // Files are readable for this user alone, also those that DuckDB makes beside its own.
  process.umask(0o077);
  waitForSlowAddresses();
  await main(args);
  endWithOutputs(wasSignalled());
}

/** The message of an error in one line, with the variable or file that its value came from. */
function oneLine(message: string, settings: Settings | undefined): string {
  return (settings?.named(message) ?? message).replace(/\s*[\r\n]+\s*/g, ' ');
}

function parser(args: readonly string[], settings: Settings): Argv {
  return withOptions(yargs([...args]), GLOBAL_OPTIONS, settings, true)
    .scriptName('btcdmon-node')
    .parserConfiguration({ 'dot-notation': false })
    .command(commands(settings))
    .strict()
    .recommendCommands()
    .version(VERSION)
    .alias('h', 'help')
    .alias('v', 'version')
    .epilogue(
      'Each option of the node, of collect and of the page can also be a variable of the environment or a key of\n' +
        'the file of --config. The variable of --log-level is BTCDMON_LOG_LEVEL; lists are separated by commas. A\n' +
        'flag wins over a variable, a variable over the file.',
    )
    .wrap(Math.min(110, process.stdout.columns || 110))
    .exitProcess(false)
    .fail((message: string, error: Error | undefined) => {
      // Without an error, or with one of yargs, the arguments are wrong. Any other error is a command's.
      throw error === undefined || error.name === 'YError' ? new UsageError(explain(message, args)) : error;
    });
}

/** The value of --config. A second one is refused later, like every option that is given twice. */
function configFlag(args: readonly string[]): string | undefined {
  const { config } = yargs([...args])
    .help(false)
    .version(false)
    .option('config', { type: 'string' })
    .fail(false)
    .exitProcess(false)
    .parseSync();
  return typeof config === 'string' && config !== '' ? config : undefined;
}

/** Turns a message of yargs into one line that names what is wrong and what would be right. */
function explain(message: string, args: readonly string[]): string {
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(message)?.[1];
  if (unknown !== undefined) return explainUnknown(unknown, args);
  const bare = /^Not enough arguments following: (.*)/.exec(message)?.[1];
  if (bare !== undefined) return `--${bare}: a value must follow`;
  return message.split('\n').join(' ');
}
