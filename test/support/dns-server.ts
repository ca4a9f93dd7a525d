import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { parseIp } from '../../src/p2p/join/ip';

const HEADER_BYTES = 12;
const TYPE_A = 1;
const TYPE_AAAA = 28;
const CLASS_IN = 1;
/**
 * Flags of a response: an authoritative answer; where there is no address, the name does not exist (RFC
 * 1035).
 */
const ANSWER = 0x8580;
const NO_SUCH_NAME = 0x8583;

/** A DNS server (RFC 1035) on a UDP port of loopback that knows the given names. */
export class DnsServer {
  /** The names that it was asked for, in order. */
  readonly asked: string[] = [];

  private constructor(
    private readonly socket: Socket,
    /** The addresses of each name. They can be changed while the server runs. */
    readonly names: Map<string, readonly string[]>,
  ) {}

  static async start(
    names: Readonly<Record<string, readonly string[]>>,
    { address = '127.0.0.1', port = 0 } = {},
  ): Promise<DnsServer> {
    const socket = createSocket('udp4');
    const server = new DnsServer(socket, new Map(Object.entries(names)));
    socket.on('message', (query, from) => {
      socket.send(server.answer(query), from.port, from.address);
    });
    socket.bind(port, address);
    await once(socket, 'listening');
    return server;
  }

  /** `IP:port`, as `--dns` takes it. */
  get endpoint(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  async stop(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }

  private answer(query: Buffer): Buffer {
    const labels: string[] = [];
    let at = HEADER_BYTES;
    for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join('.').toLowerCase();
    const type = query.readUInt16BE(at + 1);
    const question = query.subarray(HEADER_BYTES, at + 5);
    if (type === TYPE_A) this.asked.push(name);
    const addresses = this.names.get(name);
    const length = type === TYPE_A ? 4 : type === TYPE_AAAA ? 16 : 0;
    const answers = (addresses ?? [])
      .map((text) => parseIp(text)?.address ?? Buffer.alloc(0))
      .filter((address) => address.length === length && length > 0)
      .map((address) => resource(type, address));
    const header = Buffer.alloc(HEADER_BYTES);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(addresses === undefined ? NO_SUCH_NAME : ANSWER, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    return Buffer.concat([header, question, ...answers]);
  }
}

/** A resource record whose name is that of the question. */
function resource(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(0xc000 + HEADER_BYTES, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(CLASS_IN, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
