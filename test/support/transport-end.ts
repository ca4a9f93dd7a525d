import type { Socket } from 'node:net';
import type { OverheadKind, TransportSink } from '../../src/p2p/transport/transport';
import { EncryptedTransport } from '../../src/p2p/transport/v2';
import { NETWORKS } from '../../src/wire/networks';
import type { ReceivedMessage } from './fake-peer';

const always = (): boolean => true;

interface TransportEndOptions {
  readonly isInitiator: boolean;
  /** The garbage that follows our key. */
  readonly garbage: Buffer;
}

/** One end of a connection on mainnet: our encrypted transport on an open socket, and nothing above. */
export class TransportEnd implements TransportSink {
  readonly got: ReceivedMessage[] = [];
  /** Bytes that came, by what they are, and bytes that were sent. */
  readonly in = { total: 0, handshake: 0, decoys: 0, messages: 0 };
  written = 0;
  /** Settles when messages can be sent, or the connection has ended. */
  readonly isReady: Promise<void>;
  private readonly transport: EncryptedTransport;
  private waiting: (() => void)[] = [];
  private succeed: () => void = () => undefined;
  private error: Error | null = null;

  constructor(
    private readonly socket: Socket,
    { isInitiator, garbage }: TransportEndOptions,
  ) {
    const { magic } = NETWORKS.mainnet;
    this.transport = new EncryptedTransport(
      { isInitiator, garbage, magic, monotonicMs: () => performance.now() },
      this,
    );
    this.isReady = new Promise((resolve) => (this.succeed = resolve));
    socket.setNoDelay(true);
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the other side hung up')));
    socket.on('data', (chunk) => {
      this.in.total += chunk.length;
      this.transport.add(chunk);
      this.transport.run(always);
    });
    this.transport.open();
  }

  /** The session's id in hexadecimal. */
  get session(): string {
    return this.transport.sessionId?.toString('hex') ?? '';
  }

  send(command: string, payload: Buffer): void {
    this.write(this.transport.encode(command, payload));
  }

  /** Waits for so many messages. */
  async receive(count: number): Promise<readonly ReceivedMessage[]> {
    while (this.got.length < count) {
      if (this.error !== null) throw this.error;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    return this.got;
  }

  /** Hangs up. */
  end(): void {
    this.socket.end();
  }

  arrived(_: string, bytes: number): void {
    this.in.messages += bytes;
  }

  message(command: string, payload: Buffer): void {
    this.got.push({ command, payload });
    this.wake();
  }

  overhead(kind: OverheadKind, bytes: number): void {
    this.in[kind === 'decoy' ? 'decoys' : kind] += bytes;
  }

  write(bytes: Buffer): void {
    this.written += bytes.length;
    this.socket.write(bytes);
  }

  ready(): void {
    this.succeed();
  }

  violation(reason: string): void {
    this.fail(new Error(reason));
    this.socket.destroy();
  }

  private fail(error: Error): void {
    this.error ??= error;
    this.succeed();
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
