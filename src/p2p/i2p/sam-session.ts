import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { decodeI2pBase64, destinationOf, encodeI2pBase64, nameOf, readDestination } from './destination';
import type { KeyFile } from './key-file';
import { parseSamReply, resultProblem, SamError, shown } from './sam-reply';
import { type SamBridge, SamSocket } from './sam-socket';

/** EdDSA_SHA512_Ed25519. Old versions of i2pd know it by its number alone. */
const SIGNATURE = 'SIGNATURE_TYPE=7';

/** Lease sets encrypted by ECIES-X25519, and by ElGamal for old routers; Core 31 `src/i2p.cpp`. */
const ENCRYPTION = 'i2cp.leaseSetEncType=4,0';

/** The number of tunnels each way, as in Core: more of them where others dial us. */
const TUNNELS = {
  lasting: 'inbound.quantity=3 outbound.quantity=3',
  transient: 'inbound.quantity=1 outbound.quantity=1',
} as const;

export interface SamSessionOptions {
  readonly bridge: SamBridge;
  /** The key of a destination that lasts; without it the router makes one for this session alone. */
  readonly key?: KeyFile | undefined;
  /** Further options of the session, as I2CP names them; tests set the length of tunnels. */
  readonly more?: string | undefined;
}

/** A session that the bridge has made. */
interface OpenSession {
  readonly id: string;
  /** Our own address. */
  readonly name: string;
  readonly control: SamSocket;
}

/** A stream that a peer opened to us. */
export interface AcceptedStream {
  readonly socket: Socket;
  /** The address of the peer. */
  readonly name: string;
}

/**
 * A session with an I2P router. It has a destination, which opens and accepts streams (Core 31 `src/i2p.cpp`
 * Session). It lives as long as its connection to the bridge. If that breaks, the next call makes a session
 * again, with the same destination if there is a key.
 */
export class SamSession {
  private session: Promise<OpenSession> | null = null;
  private readonly stopping = new AbortController();

  constructor(private readonly options: SamSessionOptions) {}

  /** Makes the session, unless there is one. Returns our own address. @throws SamError, FailureError */
  async open(): Promise<string> {
    return (await this.opened()).name;
  }

  /**
   * Opens a stream to an address. The next bytes to be read from it are the peer's.
   * @param signal gives up
   * @throws SamError, FailureError
   */
  async connect(name: string, signal: AbortSignal): Promise<Socket> {
    const { id } = await this.opened();
    const sam = await SamSocket.open(this.options.bridge, AbortSignal.any([signal, this.stopping.signal]));
    const { values } = await sam.request(`NAMING LOOKUP NAME=${name}`);
    const destination = readDestination(values.get('VALUE') ?? '');
    if (destination === null || nameOf(destination) !== name) {
      sam.close();
      throw sam.problem('NAMING LOOKUP', new SamError('answered another destination'));
    }
    await this.onSession(
      sam.request(`STREAM CONNECT ID=${id} DESTINATION=${encodeI2pBase64(destination)} SILENT=false`),
    );
    return sam.socket;
  }

  /**
   * Waits until a peer opens a stream to us. One call at a time, as in Core.
   * @throws SamError, FailureError
   */
  async accept(): Promise<AcceptedStream> {
    const { id } = await this.opened();
    const sam = await SamSocket.open(this.options.bridge, this.stopping.signal);
    await this.onSession(sam.request(`STREAM ACCEPT ID=${id} SILENT=false`));
    const line = await sam.readLine('STREAM ACCEPT');
    // SAM 3.2 writes ports after the destination.
    const destination = readDestination(line.split(' ', 1)[0] ?? '');
    if (destination !== null) return { socket: sam.socket, name: nameOf(destination) };
    sam.close();
    // The bridge may report here that it has closed the session.
    this.drop();
    const isStatus = line.startsWith('STREAM STATUS ');
    const reason = isStatus
      ? resultProblem(parseSamReply(line))
      : new SamError(`sent what is no destination: ${shown(line)}`);
    throw sam.problem('STREAM ACCEPT', reason);
  }

  /** Ends the session with all its streams, and what waits for it. */
  stop(): void {
    this.stopping.abort();
    this.drop();
  }

  private opened(): Promise<OpenSession> {
    if (this.session !== null) return this.session;
    const session = this.create();
    this.session = session;
    session.then(
      ({ control }) => control.onClose(() => this.forget(session)),
      () => this.forget(session),
    );
    return session;
  }

  private async create(): Promise<OpenSession> {
    const control = await SamSocket.open(this.options.bridge, this.stopping.signal);
    try {
      const id = randomBytes(5).toString('hex');
      const { key, more } = this.options;
      const lasting = key === undefined ? null : await keyOf(key, control);
      const words = [
        'SESSION CREATE STYLE=STREAM',
        `ID=${id}`,
        lasting === null ? `DESTINATION=TRANSIENT ${SIGNATURE}` : `DESTINATION=${encodeI2pBase64(lasting)}`,
        ENCRYPTION,
        TUNNELS[lasting === null ? 'transient' : 'lasting'],
        ...(more === undefined ? [] : [more]),
      ];
      const { values } = await control.request(words.join(' '));
      const used = lasting ?? decodeI2pBase64(values.get('DESTINATION') ?? '');
      const destination = used === null ? null : destinationOf(used);
      if (destination === null)
        throw control.problem('SESSION CREATE', new SamError('answered no destination'));
      return { id, name: nameOf(destination), control };
    } catch (error) {
      control.close();
      throw error;
    }
  }

  /** Waits for the reply to a request that names the session, which the bridge may have lost. */
  private async onSession(reply: Promise<unknown>): Promise<void> {
    try {
      await reply;
    } catch (error) {
      if (error instanceof SamError && error.result === 'INVALID_ID') this.drop();
      throw error;
    }
  }

  /** Ends the session, so that the next call makes another one. */
  private drop(): void {
    const { session } = this;
    this.session = null;
    void session?.then(
      ({ control }) => control.close(),
      () => undefined,
    );
  }

  private forget(session: Promise<OpenSession>): void {
    if (this.session === session) this.session = null;
  }
}

/** The key of the file, or a new one that the router makes and the file keeps. */
async function keyOf(file: KeyFile, control: SamSocket): Promise<Buffer> {
  const kept = await file.load();
  if (kept !== null) return kept;
  const { values } = await control.request(`DEST GENERATE ${SIGNATURE}`);
  const key = decodeI2pBase64(values.get('PRIV') ?? '');
  if (key === null || destinationOf(key) === null)
    throw control.problem('DEST GENERATE', new SamError('answered no key'));
  await file.save(key);
  return key;
}
