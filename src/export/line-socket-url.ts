import path from 'node:path';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import type * as LineSocket from './line-socket';
import { type OptionUrl, numberOption, parseOptions, parseOptionUrl } from '../lib/option-url';
import { MAX_SOCKET_PATH } from '../lib/max-socket-path';

/** Port of Telegraf's socket listener and of `btcdmon-node collect`. */
const DEFAULT_PORT = 8094;

const OPTIONS = ['ack', 'token-file', 'timeout'];

interface Modules {
  readonly env: NodeJS.ProcessEnv;
}

/** The exporter of `line+tcp://…`. */
export function lineTcp(rest: string, modules: Modules): LineSocket.LineSocketExporter {
  const form = 'line+tcp://host[:8094][?ack=on]';
  const target = parseOptionUrl(rest, {
    form,
    scheme: 'line+tcp',
    defaultPort: DEFAULT_PORT,
    options: OPTIONS,
    mayHaveZone: true,
  });
  return exporterOf({ name: 'line+tcp', ...addressed(target, form), ...common(target) }, modules);
}

/** The exporter of `line+tls://…`. */
export function lineTls(rest: string, modules: Modules): LineSocket.LineSocketExporter {
  const form = 'line+tls://host[:8094][?ca-file=PATH][&ack=on]';
  const options = [...OPTIONS, 'ca-file'];
  const target = parseOptionUrl(rest, {
    form,
    scheme: 'line+tls',
    defaultPort: DEFAULT_PORT,
    options,
    mayHaveZone: true,
  });
  const caFile = target.options.get('ca-file');
  return exporterOf({ name: 'line+tls', ...addressed(target, form), ...common(target), caFile }, modules);
}

/** The exporter of `line+unix:PATH`. */
export function lineUnix(rest: string, modules: Modules): LineSocket.LineSocketExporter {
  const form = 'line+unix:PATH[?ack=on]';
  const shown = `--export line+unix:${rest}`;
  const wrong = (reason: string): UsageError => new UsageError(`${shown}: ${reason}; use ${form}`);
  const [given = '', query = ''] = rest.split(/\?(.*)/s, 2);
  if (given === '' || given.endsWith('/') || given.startsWith('//')) throw wrong('names no socket');
  const address = { path: path.resolve(expandHome(given)) };
  if (Buffer.byteLength(address.path) > MAX_SOCKET_PATH)
    throw wrong(`the path of a socket has ${MAX_SOCKET_PATH} bytes at most`);
  const options = parseOptions(new URLSearchParams(query), OPTIONS, wrong);
  return exporterOf(
    { name: 'line+unix', address, destination: address.path, ...common({ options, shown }) },
    modules,
  );
}

/** Makes the exporter. It is loaded only where one is named. */
function exporterOf(options: LineSocket.LineSocketOptions, modules: Modules): LineSocket.LineSocketExporter {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { LineSocketExporter } = require('./line-socket') as typeof LineSocket;
  return new LineSocketExporter(options, modules);
}

function addressed(
  { host, port, path: behind, shown }: OptionUrl,
  form: string,
): Pick<LineSocket.LineSocketOptions, 'address' | 'destination'> {
  if (behind !== '') throw new UsageError(`${shown}: takes no path; use ${form}`);
  return {
    address: { host, port },
    destination: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
  };
}

function common(
  target: Pick<OptionUrl, 'options' | 'shown'>,
): Pick<LineSocket.LineSocketOptions, 'ack' | 'tokenFile' | 'timeoutMs'> {
  const { options, shown } = target;
  const ack = options.get('ack') ?? 'off';
  if (ack !== 'on' && ack !== 'off')
    throw new UsageError(`${shown}: ack=${ack}: give on, for btcdmon-node collect alone, or off`);
  if (ack === 'off' && options.has('token-file'))
    throw new UsageError(`${shown}: a token is for btcdmon-node collect, which takes it with ack=on`);
  // A collector that holds a sender back sends a sign of life every 10 seconds.
  const least = ack === 'on' ? 15 : 1;
  return {
    ack: ack === 'on',
    tokenFile: options.get('token-file'),
    timeoutMs: numberOption(target, 'timeout', { fallback: 30, least, most: 600 }) * 1_000,
  };
}
