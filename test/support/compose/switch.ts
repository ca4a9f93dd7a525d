import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { findProgram, requirement } from '../requires';
import { hasEnded, killAtExit } from './at-exit';

/**
 * Declares that a test file needs its own namespaces of networks, mounts and processes, as containers have
 * them.
 */
export const namespaces = requirement(
  'namespaces',
  () =>
    process.getuid?.() === 0 && findProgram('ip', ['/usr/sbin']) !== null ? findProgram('unshare') : null,
  'run the tests as root on Linux, with iproute2 and util-linux (Debian: apt-get install iproute2 util-linux)',
);

/** A process that only keeps its namespaces, which others enter. */
export class Keeper {
  private constructor(private readonly child: ChildProcess) {}

  /** Starts a keeper with new namespaces of the kinds in `flags`, such as `--net`. */
  static async start(flags: readonly string[]): Promise<Keeper> {
    const script = 'ip link set lo up && echo ready && exec sleep infinity';
    const child = spawn('unshare', [...flags, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const keeper = new Keeper(child);
    killAtExit(keeper.kill);
    const [first] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown];
    if (!String(first).includes('ready')) throw new Error(`unshare ${flags.join(' ')} failed`);
    return keeper;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  private readonly kill = (): void => {
    this.child.kill('SIGKILL');
  };

  async stop(): Promise<void> {
    hasEnded(this.kill);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.kill();
    await exited;
  }
}

/** Networks of containers without a way to other networks: bridges in a namespace of their own. */
export class Switch {
  private readonly bridges = new Map<string, { readonly device: string; readonly prefix: string }>();
  private links = 0;

  private constructor(private readonly keeper: Keeper) {}

  static async start(networks: readonly string[]): Promise<Switch> {
    const made = new Switch(await Keeper.start(['--net']));
    for (const [index, network] of networks.entries()) {
      const device = `br${index}`;
      made.ip(`link add ${device} type bridge`);
      made.ip(`link set ${device} up`);
      made.bridges.set(network, { device, prefix: `10.88.${index}` });
    }
    return made;
  }

  /** The address of the container with this number in a network. */
  addressOf(network: string, number: number): string {
    return `${this.bridgeOf(network).prefix}.${number + 10}`;
  }

  /** Puts the namespace of a keeper into a network. */
  connect(keeper: Keeper, network: string, number: number): void {
    const { device } = this.bridgeOf(network);
    const [ours, theirs] = [`v${this.links}`, `eth${this.links}`];
    this.links += 1;
    this.ip(`link add ${ours} type veth peer name ${theirs} netns ${keeper.pid}`);
    this.ip(`link set ${ours} master ${device} up`);
    inNetwork(keeper, `addr add ${this.addressOf(network, number)}/24 dev ${theirs}`);
    inNetwork(keeper, `link set ${theirs} up`);
  }

  stop(): Promise<void> {
    return this.keeper.stop();
  }

  private bridgeOf(network: string): { readonly device: string; readonly prefix: string } {
    const bridge = this.bridges.get(network);
    if (bridge === undefined) throw new Error(`there is no network ${network}`);
    return bridge;
  }

  private ip(command: string): void {
    inNetwork(this.keeper, command);
  }
}

function inNetwork(keeper: Keeper, command: string): void {
  execFileSync('nsenter', ['--net', '-t', String(keeper.pid), 'ip', ...command.split(' ')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 60_000,
  });
}
