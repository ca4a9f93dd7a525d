import {
  AUTH_VERSION,
  CONNECT,
  NO_AUTH,
  NO_METHOD,
  RESOLVE,
  SOCKS_VERSION,
  USER_PASSWORD,
  encodeReply,
  readAddress,
} from './socks-protocol';

/** What a client of the SOCKS server asks for. */
export interface SocksRequest {
  readonly command: 'connect' | 'resolve';
  readonly host: string;
  readonly port: number;
  /** The bytes of the request: version, command, reserved, address, port. */
  readonly bytes: Buffer;
  readonly login: SocksLogin;
}

/** A login of a client. The upstream proxy gets it, because Tor isolates streams by it. */
interface SocksLogin {
  /** The methods that it offered, of those without a login and with a user name. */
  readonly methods: readonly number[];
  /** The message with its user name and password as it came (RFC 1929); null without. */
  readonly message: Buffer | null;
}

/** How far a handshake is. */
export type HandshakeStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'request'; readonly request: SocksRequest; readonly rest: Buffer }
  /** `answer` is to be sent before the client is closed. */
  | { readonly kind: 'failed'; readonly why: 'garbage' | 'unsupported'; readonly answer: Buffer };

const MORE = { kind: 'more' } as const;
const NOTHING = Buffer.alloc(0);

/**
 * The server's side of a SOCKS5 handshake, up to the request (RFC 1928, RFC 1929). It accepts any user name
 * and password, and asks for them if the client offers a login, as Tor does. A message has at most 513 bytes,
 * and no byte is read twice, so a client costs little.
 */
export class SocksHandshake {
  private bytes: Buffer = NOTHING;
  private stage: 'greeting' | 'login' | 'request' = 'greeting';
  private methods: readonly number[] = [];
  private login: Buffer | null = null;

  /** @param answer sends bytes to the client */
  constructor(private readonly answer: (bytes: Buffer) => void) {}

  push(chunk: Buffer): HandshakeStep {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    if (this.stage === 'greeting') {
      const step = this.readGreeting();
      if (step !== null) return step;
    }
    if (this.stage === 'login') {
      const step = this.readLogin();
      if (step !== null) return step;
    }
    return this.readRequest();
  }

  private readGreeting(): HandshakeStep | null {
    const { bytes } = this;
    const [version, count = 0] = bytes;
    if (version !== SOCKS_VERSION || (bytes.length > 1 && count === 0)) return garbage();
    if (bytes.length < 2 || bytes.length < 2 + count) return MORE;
    const methods = [...this.take(2 + count).subarray(2)];
    this.methods = [NO_AUTH, USER_PASSWORD].filter((method) => methods.includes(method));
    if (this.methods.length === 0)
      return { kind: 'failed', why: 'unsupported', answer: Buffer.from([SOCKS_VERSION, NO_METHOD]) };
    const hasLogin = this.methods.includes(USER_PASSWORD);
    this.answer(Buffer.from([SOCKS_VERSION, hasLogin ? USER_PASSWORD : NO_AUTH]));
    this.stage = hasLogin ? 'login' : 'request';
    return null;
  }

  private readLogin(): HandshakeStep | null {
    const { bytes } = this;
    const [version, userLength = 0] = bytes;
    if (bytes.length > 0 && version !== AUTH_VERSION) return garbage();
    const passwordLength = bytes[2 + userLength];
    if (bytes.length < 2 || passwordLength === undefined) return MORE;
    const length = 3 + userLength + passwordLength;
    if (bytes.length < length) return MORE;
    this.login = Buffer.from(this.take(length));
    this.answer(Buffer.from([AUTH_VERSION, 0]));
    this.stage = 'request';
    return null;
  }

  private readRequest(): HandshakeStep {
    const { bytes } = this;
    const [version, command] = bytes;
    if (bytes.length > 0 && version !== SOCKS_VERSION) return garbage();
    if (bytes.length < 4) return MORE;
    if (command !== CONNECT && command !== RESOLVE)
      return { kind: 'failed', why: 'unsupported', answer: encodeReply('unknown-command') };
    const address = readAddress(bytes.subarray(3));
    if (address === undefined) return MORE;
    if (address === null)
      return { kind: 'failed', why: 'unsupported', answer: encodeReply('unknown-address') };
    const { host, port, length } = address;
    const request = {
      command: command === CONNECT ? ('connect' as const) : ('resolve' as const),
      host,
      port,
      bytes: Buffer.from(this.take(3 + length)),
      login: { methods: this.methods, message: this.login },
    };
    return { kind: 'request', request, rest: this.bytes };
  }

  private take(length: number): Buffer {
    const { bytes } = this;
    this.bytes = bytes.subarray(length);
    return bytes.subarray(0, length);
  }
}

function garbage(): HandshakeStep {
  return { kind: 'failed', why: 'garbage', answer: NOTHING };
}
