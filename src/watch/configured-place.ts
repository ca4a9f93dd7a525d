import { existsSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../lib/errors';
import { NETWORK_NAMES, type NetworkName } from '../wire/networks';
import { type ConfFile, isOn, parseConf, readConf } from './conf-file';
import { type Machine, CORE_NETWORKS, networkOfChain } from './data-folders';
import { confLogin, cookieLogin, loginIn } from './login';
import type { NodePlace } from './node-place';
import { RPC_PORTS } from './rpc-ports';

/** The machine, and the network that the node is wanted for. */
interface Wanted {
  readonly network: NetworkName;
  readonly machine: Machine;
}

/** The configuration of a node. */
export interface Configured {
  /** Undefined where the node can't be asked. */
  readonly place: NodePlace | undefined;
  /** The certificate of btcd, which it generates beside its configuration. */
  readonly certificateFile: string | undefined;
  /** What was looked at and what was found there, for the message where nothing is found. */
  readonly notes: readonly string[];
}

const nothing = (note: string): Configured => ({
  place: undefined,
  certificateFile: undefined,
  notes: [note],
});

/** The settings that choose another network than mainnet: btcd v0.26 `config.go`. */
const BTCD_NETWORKS: readonly (readonly [setting: string, network: NetworkName])[] = [
  ['testnet', 'testnet3'],
  ['testnet4', 'testnet4'],
  ['signet', 'signet'],
  ['simnet', 'simnet'],
  ['regtest', 'regtest'],
];

/** Addresses that stand for all addresses of this machine. */
const WILDCARDS = new Set(['', '*', '0.0.0.0', '::']);

/** Reads a `btcd.conf`: where btcd listens for RPC, its login, its certificate. */
export async function btcdPlace(file: string, { network, machine }: Wanted): Promise<Configured> {
  if (!existsSync(file)) return nothing(`${file} (is not there)`);
  let conf: ConfFile;
  try {
    conf = await readConf(file, file, false);
  } catch (error) {
    return nothing(messageOf(error));
  }
  const expand = (given: string): string =>
    path.resolve(path.dirname(file), given.replace(/^~(?=$|[/\\])/, machine.home));
  const isSecure = !conf.isOn('notls');
  const certificateFile = isSecure
    ? expand(conf.last('rpccert') ?? path.join(path.dirname(file), 'rpc.cert'))
    : undefined;
  const partly = (note: string): Configured => ({ ...nothing(`${file} (${note})`), certificateFile });
  // Flags of btcd's command line may choose another network than its configuration.
  const other = BTCD_NETWORKS.find(([setting]) => conf.isOn(setting))?.[1] ?? network;
  if (other !== network) return partly(`is of ${other}, not of ${network}`);
  if (conf.isOn('norpc')) return partly('has norpc=1');
  if (loginIn(conf, 'btcd', '') === undefined) return partly('has no rpcuser and rpcpass');
  const port = RPC_PORTS.btcd[network];
  const listens = addressIn(conf.last('rpclisten') ?? '', port);
  if (listens === undefined) return partly('has an rpclisten that names no port');
  const place = { name: 'btcd', ...listens, isSecure, login: confLogin(file, 'btcd', ''), certificateFile };
  return { place, certificateFile, notes: [file] };
}

/** Looks into a data folder of Core: `bitcoin.conf` and the cookie of the network. */
export async function corePlace(folder: string, { network, machine }: Wanted): Promise<Configured> {
  const known = CORE_NETWORKS[network];
  const port = RPC_PORTS.core[network];
  if (known === undefined || port === undefined) return nothing(`${folder} (Core has no ${network})`);
  const file = path.join(folder, 'bitcoin.conf');
  let conf = parseConf('', true);
  if (existsSync(file))
    try {
      conf = await readConf(file, file, true);
    } catch (error) {
      return nothing(messageOf(error));
    }
  const chosen = chosenNetwork(conf);
  if (chosen !== undefined && chosen !== network)
    return nothing(`${file} (is of ${chosen}, not of ${network})`);
  // Core ignores the port before all sections on every network but mainnet (`src/common/args.cpp`).
  const isMain = network === 'mainnet';
  const given = Number(conf.first('rpcport', known.chain, isMain) ?? port);
  const base = { name: 'core', host: '127.0.0.1', port: given, isSecure: false, certificateFile: undefined };
  if (loginIn(conf, 'core', known.chain) !== undefined)
    return {
      place: { ...base, login: confLogin(file, 'core', known.chain) },
      certificateFile: undefined,
      notes: [file],
    };
  const data = conf.first('datadir', known.chain, isMain)?.replace(/^~(?=$|[/\\])/, machine.home) ?? folder;
  const cookie = path.resolve(
    data,
    known.folder,
    conf.first('rpccookiefile', known.chain, isMain) ?? '.cookie',
  );
  // Core writes its cookie at each start and removes it at the end. So a Core that has run here before may
  // start later.
  const hasRun = existsSync(path.resolve(data, known.folder, 'chainstate'));
  if (!existsSync(cookie) && !hasRun) return nothing(`${cookie} (is not there)`);
  return { place: { ...base, login: cookieLogin(cookie) }, certificateFile: undefined, notes: [cookie] };
}

/** The network that a `bitcoin.conf` chooses; undefined if it chooses none. */
function chosenNetwork(conf: ConfFile): NetworkName | undefined {
  const chain = conf.first('chain', '');
  if (chain !== undefined) return networkOfChain(chain);
  if (isOn(conf.first('testnet', ''))) return 'testnet3';
  return NETWORK_NAMES.find((name) => isOn(conf.first(name, '')));
}

/** The address of an `rpclisten`: `host`, `host:port`, `[IPv6]:port` or `:port`. */
function addressIn(
  text: string,
  defaultPort: number | undefined,
): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain = '', given] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? (text.split(':').length > 2 ? text : plain);
  const port = given === undefined ? defaultPort : Number(given);
  if (port === undefined || port < 1) return undefined;
  return { host: WILDCARDS.has(host) ? '127.0.0.1' : host, port };
}
