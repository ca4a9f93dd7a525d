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

/** A file or folder of this machine that a container sees. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ContainerOptions {
  /** Folder for its files while it exists. */
  readonly folder: string;
  readonly binds: readonly Bind[];
  /** Symbolic links in its root: each name and its target. */
  readonly links: Readonly<Record<string, string>>;
  /** `path:options`. */
  readonly tmpfs: readonly string[];
  readonly isReadOnly: boolean;
  /** Lines of /etc/hosts. */
  readonly hosts: readonly string[];
  readonly user: string;
  /** Capabilities that are kept, by Compose's names. */
  readonly capabilities: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Runs a service like Docker, without Docker: namespaces of network, mounts and processes; this machine's
 * root in place of the image's, read-only if the service asks for that, with its mounts over it; another
 * user, no capabilities, no new privileges.
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

  /** The output of the program so far. */
  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  private get logFile(): string {
    return path.join(this.options.folder, 'log');
  }

  /** Starts the program, as process 1. */
  start(command: readonly string[]): void {
    // The output is a file, since a program can open /dev/stderr if it is a file or, as in Docker, a pipe,
    // but not if it is a socket of Node's.
    const log = openSync(this.logFile, 'a', 0o666);
    chmodSync(this.logFile, 0o666);
    const child = spawn('nsenter', [...this.enter(), 'unshare', '--pid', '--fork', ...this.as(command)], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.child = child;
    killAtExit(this.kill);
  }

  /** Waits until the program has ended and returns its status. */
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
      timeout: 60_000,
    });
  }

  /** The same for a command that keeps running. */
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

  /** When process 1 ends, all others of its namespace end. */
  private readonly kill = (): void => {
    if (this.isRunning) process.kill(this.first(), 'SIGKILL');
  };

  /** The process id outside of the container's process 1: the child of unshare, which waits for it. */
  private first(): number {
    const pid = String(this.child?.pid);
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ', 1)[0]);
  }

  private enter(): readonly string[] {
    return ['--net', '--mount', '-t', String(this.keeper.pid)];
  }

  /** The command as it runs in the container's root, with its user and its environment. */
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
      // No layer of an overlay may be inside of another.
      `mkdir -p ${folder}/layers ${root} && mount -t tmpfs layers ${folder}/layers`,
      `mkdir ${folder}/layers/upper ${folder}/layers/work`,
      `mount -t overlay overlay -o lowerdir=/,upperdir=${folder}/layers/upper,workdir=${folder}/layers/work ${root}`,
      `mount --rbind /proc ${root}/proc && mount --rbind /dev ${root}/dev`,
      ...Object.entries(links).map(
        ([name, to]) => `mkdir -p ${root}${path.dirname(name)} && ln -sfn ${to} ${root}${name}`,
      ),
      // An image has none of this machine's configuration.
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
      timeout: 60_000,
    });
  }
}
