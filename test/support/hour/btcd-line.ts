import { Btcd } from '../btcd';
import type { Cleanup } from '../cleanup';
import { until } from '../until';

/** Three btcds in a line: first - middle - last. It can be cut between the first and the middle. */
export class BtcdLine {
  private constructor(
    readonly first: Btcd,
    readonly middle: Btcd,
    readonly last: Btcd,
  ) {}

  /** Starts three that relay non-standard transactions as well, and connects them. */
  static async start(program: string, miningAddress: string, cleanup: Cleanup): Promise<BtcdLine> {
    const options = { miningAddress, nonStandard: true };
    const start = async (): Promise<Btcd> =>
      cleanup.add(await Btcd.start(program, options), (node) => node.stop());
    const line = new BtcdLine(...(await Promise.all([start(), start(), start()])));
    await line.last.rpc('node', 'connect', `127.0.0.1:${line.middle.p2pPort}`, 'temp');
    await line.join();
    return line;
  }

  get nodes(): readonly Btcd[] {
    return [this.first, this.middle, this.last];
  }

  /** The nodes that a block or a transaction from this one reaches while the line is cut. */
  sideOf(node: Btcd): readonly Btcd[] {
    return node === this.first ? [node] : [this.middle, this.last];
  }

  /** Connects the first and the middle. */
  async join(): Promise<void> {
    await this.middle.rpc('node', 'connect', this.cutAt, 'temp');
    await until('the line to be joined', async () => await this.isJoined());
  }

  /** Disconnects the first from the middle. */
  async cut(): Promise<void> {
    await this.middle.rpc('node', 'disconnect', this.cutAt);
    await until('the line to be cut', async () => !(await this.isJoined()));
  }

  /** Waits until `ms` milliseconds pass without a byte. */
  async untilQuiet(ms: number): Promise<void> {
    await until('the network to be quiet', async () => {
      const quiet = await Promise.all(this.nodes.map((node) => node.isQuiet(ms)));
      return quiet.every(Boolean);
    });
  }

  private get cutAt(): string {
    return `127.0.0.1:${this.first.p2pPort}`;
  }

  private async isJoined(): Promise<boolean> {
    return (await this.middle.peers()).some(({ addr, inbound }) => !inbound && addr === this.cutAt);
  }
}
