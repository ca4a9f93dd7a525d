import type { CommandModule } from 'yargs';
import { VERSION } from '../lib/version';
import { DEFAULT_HTTP } from './http-settings';

/** Ways to start, and what each does. */
const WAYS = [
  ['btcdmon-node demo', 'a small Bitcoin network in this process, to try the program; needs nothing else'],
  [
    'btcdmon-node -c 127.0.0.1',
    'listen to the btcd or Core of this machine; -n names a network other than mainnet',
  ],
  ['btcdmon-node -c 127.0.0.1 --watch auto', 'also ask that node about itself, by its RPC'],
  ['btcdmon-node --join', 'find peers of mainnet, without a node of your own'],
] as const;

/** The text of a call without arguments: how to start, and the commands. */
export function overview(commands: readonly Pick<CommandModule, 'command' | 'describe'>[]): string {
  const listed = commands.flatMap(({ command, describe }) =>
    typeof command === 'string' && typeof describe === 'string' && command !== '$0'
      ? [[command, describe] as const]
      : [],
  );
  return (
    `btcdmon-node ${VERSION} monitors the Bitcoin P2P network as one node sees it.\n\n` +
    `To start:\n${table(WAYS)}\n` +
    `While it runs, its page is at http://${DEFAULT_HTTP}/.\n\n` +
    `Commands:\n${table(listed)}\n` +
    'All options of the node: btcdmon-node --help. Those of a command: btcdmon-node COMMAND --help.\n'
  );
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`).join('');
}
