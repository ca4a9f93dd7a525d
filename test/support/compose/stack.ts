import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type ChildScript, childScript } from '../child';
import { until } from '../until';
import { killAtExit } from './at-exit';
import { Container } from './container';
import type { Image } from './images';
import type { Project, Service } from './judge';
import { Switch } from './switch';

export interface StackOptions {
  readonly project: Project;
  /** Folder for volumes and the containers' files. */
  readonly folder: string;
  /** Images by their name without its version. */
  readonly images: Readonly<Record<string, Image>>;
  /** Commands that replace a service's own, for services whose program this machine lacks. */
  readonly standIns?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Runs services of a Compose project like `docker compose up`, in namespaces, with this machine's programs in
 * place of images. Commands, environment, users, mounts, secrets, networks, health checks and order are the
 * project's.
 */
export class Stack {
  private readonly containers = new Map<string, Container>();
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly nameServers: ChildProcess[] = [];
  private readonly nameServer: ChildScript = childScript('support/compose/name-server.ts');

  private constructor(
    private readonly options: StackOptions,
    private readonly network: Switch,
  ) {
    this.numbers = new Map(Object.keys(options.project.services).map((name, index) => [name, index]));
  }

  static async make(options: StackOptions): Promise<Stack> {
    const stack = new Stack(options, await Switch.start(Object.keys(options.project.networks)));
    for (const volume of Object.keys(options.project.volumes))
      mkdirSync(stack.volume(volume), { recursive: true });
    return stack;
  }

  /** The folder that stands in for a volume. */
  volume(name: string): string {
    return path.join(this.options.folder, 'volumes', name);
  }

  container(name: string): Container {
    const container = this.containers.get(name);
    if (container === undefined) throw new Error(`${name} was not started`);
    return container;
  }

  /** Starts a service, and before it those that it depends on, as their conditions say. */
  async up(name: string): Promise<Container> {
    const there = this.containers.get(name);
    if (there !== undefined) return there;
    const service = this.serviceOf(name);
    for (const [other, { condition, required }] of Object.entries(service.depends_on ?? {})) {
      if (!required && !(other in this.options.project.services)) continue;
      const container = await this.up(other);
      if (condition === 'service_healthy') await this.healthy(other);
      else if (condition === 'service_completed_successfully') {
        const status = await container.ended();
        if (status !== 0) throw new Error(`${other} ended with ${String(status)}:\n${container.log()}`);
      }
    }
    const container = await this.make(name, service);
    this.containers.set(name, container);
    container.start(this.options.standIns?.[name] ?? this.commandOf(service));
    return container;
  }

  /** Stops a service as its image says, and starts it again in its container. Returns its exit status. */
  async restart(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const container = this.container(name);
    const status = await container.signal(signal);
    container.start(this.options.standIns?.[name] ?? this.commandOf(this.serviceOf(name)));
    return status;
  }

  /** Waits until the service's own health check succeeds. */
  async healthy(name: string): Promise<void> {
    const container = this.container(name);
    const [kind = '', ...rest] = this.serviceOf(name).healthcheck?.test ?? [];
    const command = kind === 'CMD-SHELL' ? ['sh', '-c', ...rest] : rest;
    await until(`${name} to be healthy`, () => container.exec(command).status === 0, {
      giveUp: () => (container.isRunning ? undefined : `it has ended:\n${container.log()}`),
    });
  }

  /** Kills all services, and removes their volumes. */
  async stop(): Promise<void> {
    for (const container of [...this.containers.values()].reverse()) await container.stop();
    for (const server of this.nameServers) server.kill('SIGKILL');
    this.nameServer.remove();
    this.containers.clear();
    await this.network.stop();
    rmSync(this.volume(''), { recursive: true, force: true });
  }

  private serviceOf(name: string): Service {
    const service = this.options.project.services[name];
    if (service === undefined) throw new Error(`the project has no service ${name}`);
    return service;
  }

  private imageOf({ image }: Service): Image {
    const found = this.options.images[image.replace(/:[^:/]*$/, '')];
    if (found === undefined) throw new Error(`nothing here is in the place of ${image}`);
    return found;
  }

  private commandOf(service: Service): readonly string[] {
    return [...(service.entrypoint ?? this.imageOf(service).entrypoint), ...(service.command ?? [])];
  }

  private async make(name: string, service: Service): Promise<Container> {
    const { links = {}, env = {}, binds = [], asksNameServer = false } = this.imageOf(service);
    const names = Object.fromEntries(this.namesOf(service));
    const { secrets } = this.options.project;
    const networks = service.network_mode === 'none' ? [] : Object.keys(service.networks ?? {});
    const container = await Container.make({
      folder: path.join(this.options.folder, 'containers', name),
      binds: [
        ...binds,
        ...(service.volumes ?? []).map(({ type, source, target, read_only = false }) => ({
          source: type === 'volume' ? this.volume(source) : source,
          target,
          readOnly: read_only,
        })),
        ...(service.secrets ?? []).map(({ source, target }) => ({
          source: secrets[source]?.file ?? '',
          target,
          readOnly: true,
        })),
      ],
      links,
      tmpfs: service.tmpfs ?? [],
      isReadOnly: service.read_only ?? false,
      hosts: Object.entries(names).map(([host, address]) => `${address} ${host}`),
      user: service.user,
      capabilities: service.cap_add ?? [],
      env: { ...env, ...service.environment },
    });
    for (const network of networks)
      this.network.connect(container.keeper, network, this.numbers.get(name) ?? 0);
    if (asksNameServer) await this.startNameServer(container, names);
    return container;
  }

  private async startNameServer(
    container: Container,
    names: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { file, env } = this.nameServer;
    const args = ['--net', '-t', String(container.keeper.pid), process.execPath, file, JSON.stringify(names)];
    const child = spawn('nsenter', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.nameServers.push(child);
    killAtExit(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
  }

  /**
   * The services that a service can reach, with their addresses in a network that both are in, and their
   * aliases there.
   */
  private namesOf({ networks: own = {} }: Service): readonly (readonly [string, string])[] {
    return Object.entries(this.options.project.services).flatMap(([name, { networks = {} }]) => {
      const shared = Object.keys(networks).filter((network) => network in own);
      const at = (network: string): string => this.network.addressOf(network, this.numbers.get(name) ?? 0);
      return [
        ...shared.slice(0, 1).map((network) => [name, at(network)] as const),
        ...shared.flatMap((network) =>
          (networks[network]?.aliases ?? []).map((alias) => [alias, at(network)] as const),
        ),
      ];
    });
  }
}
