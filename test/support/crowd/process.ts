import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { CrowdCommand, CrowdOrder, CrowdPlace, CrowdReport } from './news';

/** The process of a simulated network. */
export class CrowdProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly place: CrowdPlace,
  ) {}

  /** @param file the script `crowd-child`, which `env` and `execArgv` can run */
  static async start(
    order: CrowdOrder,
    { file, env, execArgv = [] }: { file: string; env?: NodeJS.ProcessEnv; execArgv?: readonly string[] },
  ): Promise<CrowdProcess> {
    const child = fork(file, { env: env ?? process.env, execArgv: [...execArgv] });
    child.send(order);
    const [place] = (await once(child, 'message')) as [CrowdPlace];
    return new CrowdProcess(child, place);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  order(command: Exclude<CrowdCommand, 'report'>): void {
    this.child.send(command);
  }

  async report(): Promise<CrowdReport> {
    const answer = once(this.child, 'message');
    this.child.send('report' satisfies CrowdCommand);
    const [report] = (await answer) as [CrowdReport];
    return report;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}
