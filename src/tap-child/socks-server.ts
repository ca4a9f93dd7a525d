import { lookup } from 'node:dns/promises';
import { type Socket, isIP } from 'node:net';
import { messageOf } from '../lib/errors';
import { Throttle } from '../lib/throttle';
import { type Endpoint, formatEndpoint, isHostName } from '../p2p/endpoint';
import { hostOf, parseIp } from '../p2p/join/ip';
import { isLoopback } from '../p2p/join/reachability';
import type { TapRefusal } from '../tap/control';
import { dial, dialCode } from './dial';
import { endAfter } from './end-socket';
import { type Listening, listen, localEnd } from './listen';
import type { Passage } from './loops';
import type { TapParts } from './parts';
import { Relay } from './relay';
import { SocksHandshake, type SocksRequest } from './socks-handshake';
import { type SocksReply, encodeReply, replyOf } from './socks-protocol';
import { type UpstreamAnswer, askUpstream } from './socks-upstream';

/** Names that the DNS never has (RFC 7686). A DNS query would show others which node is dialled. */
const ONION = /\.onion\.?$/i;

const NOTHING = Buffer.alloc(0);

/** A client that asked for something. */
interface Client {
  readonly socket: Socket;
  readonly request: SocksRequest;
  /** The bytes that the client sent after its request. */
  readonly early: Buffer;
  readonly passage: Passage;
}

/** The SOCKS5 server for the node's outbound dials: CONNECT, and Tor's RESOLVE. */
export class SocksServer {
  private readonly option: string;
  private readonly garbageSaid = new Throttle(() => performance.now());
  private readonly fullSaid = new Throttle(() => performance.now());
  private readonly upstreamSaid = new Throttle(() => performance.now());
  private hasLooped = false;
  private clients = 0;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly parts: TapParts,
  ) {
    this.option = `--socks ${formatEndpoint(endpoint)}`;
  }

  /** @throws FailureError of one line where its port can't be listened on */
  start(): Promise<Listening> {
    const ip = parseIp(this.endpoint.host);
    if (ip !== null && !isLoopback(ip))
      this.parts.warn(`${this.option}: everyone who reaches this port can connect to anything through it`);
    return listen(this.endpoint, this.option, (socket) => this.taken(socket), this.parts.warn);
  }

  private taken(socket: Socket): void {
    const { loops, settings, warn } = this.parts;
    const { maxOutbound } = settings.limits;
    if (this.clients >= maxOutbound) {
      if (this.fullSaid.allows())
        warn(`${this.option}: there are ${maxOutbound} connections, so a further one is closed`);
      this.refuse('socks-full', socket, NOTHING);
      return;
    }
    this.clients++;
    const passage: Passage = { way: this, destroy: () => socket.destroy() };
    socket.once('close', () => {
      this.clients--;
      loops.ended(passage);
    });
    if (settings.upstreamProxy !== null && loops.arrived(passage, socket)) this.looped(passage);
    else this.shakeHands(socket, passage);
  }

  private shakeHands(socket: Socket, passage: Passage): void {
    const { settings, warn } = this.parts;
    const handshake = new SocksHandshake((bytes) => socket.write(bytes));
    const timer = setTimeout(() => this.refuse('socks-timeout', socket, NOTHING), settings.limits.requestMs);
    const stop = (): void => {
      clearTimeout(timer);
      socket.off('data', read).off('end', over).off('close', stop);
    };
    const over = (): void => {
      stop();
      socket.destroy();
    };
    const read = (chunk: Buffer): void => {
      const step = handshake.push(chunk);
      if (step.kind === 'more') return;
      stop();
      if (step.kind === 'request') {
        socket.pause();
        void this.serve({ socket, request: step.request, early: step.rest, passage });
        return;
      }
      if (step.why === 'garbage' && this.garbageSaid.allows())
        warn(`${this.option}: a client does not speak SOCKS5 and is closed`);
      this.refuse(step.why === 'garbage' ? 'socks-garbage' : 'socks-unsupported', socket, step.answer);
    };
    socket.on('data', read).once('end', over).once('close', stop);
    socket.resume();
  }

  private async serve(client: Client): Promise<void> {
    const { request, socket } = client;
    const { upstreamProxy } = this.parts.settings;
    try {
      if (isIP(request.host) === 0 && !isHostName(request.host)) this.fail(socket, 'host-unreachable');
      else if (upstreamProxy !== null) await this.byUpstream(client, upstreamProxy);
      else if (ONION.test(request.host)) this.fail(socket, 'host-unreachable');
      else if (request.command === 'resolve') await this.resolve(client);
      else await this.connect(client);
    } catch (error) {
      this.fail(socket, replyOf(dialCode(error)));
    }
  }

  private async connect(client: Client): Promise<void> {
    const { host, port } = client.request;
    const peer = await dial({ host, port }, this.parts.settings.limits.dialMs);
    const { localAddress = '', localPort = 0, remoteAddress = host } = peer;
    const reply = encodeReply('granted', { host: hostOf(localAddress), port: localPort });
    this.relay(client, hostOf(remoteAddress), { socket: peer, reply, early: NOTHING });
  }

  private async resolve({ request, socket }: Client): Promise<void> {
    // btcd takes IPv4 alone, as Tor answers with it first.
    const { address } = await lookup(request.host, { order: 'ipv4first' });
    endAfter(socket, encodeReply('granted', { host: address, port: 0 }));
  }

  private async byUpstream(client: Client, proxy: Endpoint): Promise<void> {
    const { loops, settings, warn } = this.parts;
    const { passage, request, socket } = client;
    let answer: UpstreamAnswer;
    try {
      answer = await askUpstream(proxy, request, settings.limits.dialMs, (dialled) => {
        if (loops.dialled(passage, dialled)) this.looped(passage);
      });
    } catch (error) {
      if (this.upstreamSaid.allows())
        warn(
          `--upstream-proxy ${formatEndpoint(proxy)}: ${messageOf(error)}, so the node can't dial through it`,
        );
      this.fail(socket, 'failed');
      return;
    }
    if (answer.isGranted && request.command === 'connect') {
      this.relay(client, request.host, answer);
      return;
    }
    answer.socket.destroy();
    if (answer.isGranted) endAfter(socket, answer.reply);
    else this.refuse('socks-unreachable', socket, answer.reply);
  }

  private relay(
    { early, request, socket: node }: Client,
    host: string,
    answer: Pick<UpstreamAnswer, 'socket' | 'reply' | 'early'>,
  ): void {
    const { copies, relays, settings } = this.parts;
    const { socket: peer } = answer;
    if (node.destroyed) {
      peer.destroy();
      return;
    }
    node.write(answer.reply);
    const copy = copies.opened({ outbound: true, host, port: request.port, seenAs: localEnd(node) });
    const relay = new Relay({ peer, node }, settings.limits.halfClosedMs, {
      passed: (direction, chunk) => copies.data(copy, direction, chunk),
      closed: (reason) => {
        relays.delete(relay);
        copies.closed(copy, reason);
      },
    });
    relays.add(relay);
    relay.start({ peer: answer.early, node: early });
  }

  private fail(socket: Socket, reply: SocksReply): void {
    this.refuse('socks-unreachable', socket, encodeReply(reply));
  }

  private refuse(reason: TapRefusal, socket: Socket, answer: Buffer): void {
    this.parts.refusals.add(reason);
    if (answer.length > 0) endAfter(socket, answer);
    else socket.destroy();
  }

  private looped(passage: Passage): void {
    const { loops, refusals, settings, warn } = this.parts;
    refusals.add('loop');
    if (!this.hasLooped && settings.upstreamProxy !== null)
      warn(
        `--upstream-proxy ${formatEndpoint(settings.upstreamProxy)}: leads back to ${this.option}, ` +
          'so connections by it are closed; give the port of the other proxy',
      );
    this.hasLooped = true;
    for (const { destroy } of [passage, ...loops.before(passage)]) destroy();
  }
}
