import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { hasEnded, killAtExit } from './at-exit';
import { Keeper } from './switch';

/** One file or folder of this machine that a container sees. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ContainerOptions {
  /** Folder for what it needs while it is there. */
  readonly folder: string;
  readonly binds: readonly Bind[];
  /** Symbolic links in its root: the name and what it stands for. */
  readonly links: Readonly<Record<string, string>>;
  /** `path:options`. */
  readonly tmpfs: readonly string[];
  readonly isReadOnly: boolean;
  /** Lines of /etc/hosts. */
  readonly hosts: readonly string[];
  readonly user: string;
  /** Capabilities that are kept, as Compose calls them. */
  readonly capabilities: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What Docker makes of a service, by hand: namespaces of network, mounts and processes; this machine's root
 * in the place of the image's, read-only where that is asked for, with what is mounted over it; another user,
 * no capabilities, no new privileges.
 */
export class Container {
  private child: ChildProcess | undefined;
  private readonly root: string;

  private constructor(
    readonly keeper: Keeper,
    private readonly options: ContainerOptions,
  ) {
    this.root = path.join(options.folder, 'root');
  }

  static async make(options: ContainerOptions): Promise<Container> {
    mkdirSync(options.folder, { recursive: true });
    const keeper = await Keeper.start(['--net', '--mount', '--propagation', 'private']);
    const container = new Container(keeper, options);
    try {
      container.mount();
    } catch (error) {
      await container.stop();
      throw error;
    }
    return container;
  }

  /** What the program has written so far. */
  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  private get logFile(): string {
    return path.join(this.options.folder, 'log');
  }

  /** Starts the program, as process 1. */
  start(command: readonly string[]): void {
    // A file, since /dev/stderr can be opened where it is one, as where it is Docker's pipe, but not where it
    // is a socket of Node's.
    const log = openSync(this.logFile, 'a', 0o666);
    chmodSync(this.logFile, 0o666);
    const child = spawn('nsenter', [...this.enter(), 'unshare', '--pid', '--fork', ...this.as(command)], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.child = child;
    killAtExit(this.kill);
  }

  /** Waits for the program's end and returns its status. */
  async ended(): Promise<number | null> {
    const { child } = this;
    if (child === undefined) throw new Error('nothing was started');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    hasEnded(this.kill);
    return child.exitCode;
  }

  get isRunning(): boolean {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  /** Sends the program a signal, as `docker stop` does, and returns its status once it has ended. */
  async signal(signal: NodeJS.Signals): Promise<number | null> {
    process.kill(this.first(), signal);
    return this.ended();
  }

  /** Runs a further command in it, as `docker compose exec` does. */
  exec(command: readonly string[]): {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
  } {
    return spawnSync('nsenter', [...this.enter(), ...this.as(command)], {
      encoding: 'utf8',
      timeout: 20_000,
    });
  }

  /** The same for one that goes on. */
  spawn(command: readonly string[]): ChildProcess {
    return spawn('nsenter', [...this.enter(), ...this.as(command)], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async stop(): Promise<void> {
    if (this.isRunning) {
      this.kill();
      await this.ended();
    }
    await this.keeper.stop();
  }

  /** With process 1 every other of its namespace ends. */
  private readonly kill = (): void => {
    if (this.isRunning) process.kill(this.first(), 'SIGKILL');
  };

  /** What is process 1 in the container, as it is known outside: the child of unshare, which waits for it. */
  private first(): number {
    const pid = String(this.child?.pid);
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ', 1)[0]);
  }

  private enter(): readonly string[] {
    return ['--net', '--mount', '-t', String(this.keeper.pid)];
  }

  /** The command in the container's root, as its user and with its environment. */
  private as(command: readonly string[]): readonly string[] {
    const { user, capabilities, env } = this.options;
    const [uid = '', gid = ''] = user.split(':');
    const kept = capabilities.map((name) => `,+${name.toLowerCase()}`).join('');
    return [
      ...[
        'chroot',
        this.root,
        'setpriv',
        `--reuid=${uid}`,
        `--regid=${gid}`,
        '--clear-groups',
        '--no-new-privs',
      ],
      ...['--inh-caps=-all', `--bounding-set=-all${kept}`, 'env', '-i', '-C', '/', `PATH=${PATH}`],
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...command,
    ];
  }

  private mount(): void {
    const { folder, binds, links, tmpfs, isReadOnly, hosts } = this.options;
    const { root } = this;
    const hostsFile = path.join(folder, 'hosts');
    const resolver = path.join(folder, 'resolv.conf');
    writeFileSync(hostsFile, `127.0.0.1 localhost\n${hosts.join('\n')}\n`);
    writeFileSync(resolver, 'nameserver 127.0.0.11\n');
    const all = [
      ...binds,
      { source: hostsFile, target: '/etc/hosts', readOnly: true },
      { source: resolver, target: '/etc/resolv.conf', readOnly: true },
    ];
    const lines = [
      // Layers of an overlay must not be below one another.
      `mkdir -p ${folder}/layers ${root} && mount -t tmpfs layers ${folder}/layers`,
      `mkdir ${folder}/layers/upper ${folder}/layers/work`,
      `mount -t overlay overlay -o lowerdir=/,upperdir=${folder}/layers/upper,workdir=${folder}/layers/work ${root}`,
      `mount --rbind /proc ${root}/proc && mount --rbind /dev ${root}/dev`,
      ...Object.entries(links).map(
        ([name, to]) => `mkdir -p ${root}${path.dirname(name)} && ln -sfn ${to} ${root}${name}`,
      ),
      // An image has nothing of what this machine configures.
      ...['/etc/nginx/conf.d', '/etc/nginx/sites-enabled', '/var/lib/nginx'].map(
        (gone) => `rm -rf ${root}${gone}`,
      ),
      ...tmpfs.map((each) => {
        const [target = '', options = ''] = each.split(':');
        return `mount -t tmpfs -o mode=1777,${options} tmpfs ${root}${target}`;
      }),
      ...all.flatMap(({ source, target, readOnly }) => [
        statSync(source).isDirectory()
          ? `mkdir -p ${root}${target}`
          : `mkdir -p ${root}${path.dirname(target)} && touch ${root}${target}`,
        `mount --bind ${source} ${root}${target}`,
        ...(readOnly ? [`mount -o remount,bind,ro ${root}${target}`] : []),
      ]),
      ...(isReadOnly ? [`mount -o remount,bind,ro ${root}`] : []),
    ];
    for (const { source } of all) if (!existsSync(source)) throw new Error(`there is no ${source} to mount`);
    execFileSync('nsenter', [...this.enter(), 'sh', '-euc', lines.join('\n')], {
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: 10_000,
    });
  }
}
