import { once } from 'node:events';
import { type NetConnectOpts, type Socket, connect } from 'node:net';
import { until } from './until';

/** A sender of lines that a test controls. */
export class LineClient {
  private text = '';
  ended = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (chunk: string) => (this.text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.ended = true));
  }

  static async connect(place: NetConnectOpts): Promise<LineClient> {
    const socket = connect(place);
    const client = new LineClient(socket);
    await once(socket, 'connect');
    return client;
  }

  send(...lines: (string | Buffer)[]): void {
    for (const line of lines) {
      this.socket.write(line);
      this.socket.write('\n');
    }
  }

  /** The lines that the other side has sent. */
  get heard(): readonly string[] {
    return this.text.split('\n').slice(0, -1);
  }

  async hears(line: string): Promise<void> {
    await until(`${line}, after ${JSON.stringify(this.text)}`, () => this.heard.includes(line), {
      giveUp: () =>
        this.ended && !this.heard.includes(line) ? `it heard ${JSON.stringify(this.text)}` : undefined,
    });
  }

  async isClosed(): Promise<void> {
    await until('the end of the connection', () => this.ended);
  }

  /** Resets the connection, as when the process is killed or the line breaks. */
  reset(): void {
    // A Unix socket cannot be reset.
    if (this.socket.remoteAddress === undefined) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }
}
