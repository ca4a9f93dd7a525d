import { asciiLine } from '../lib/ascii-line';
import type { Clock } from '../lib/clock';
import { BtcdmonError, messageOf } from '../lib/errors';
import { MissingFile } from '../lib/named-file';
import type { Timer } from '../lib/timer';
import {
  type AnswerBody,
  MAX_ENTRIES_BYTES,
  MAX_WHOLE_BYTES,
  type RpcAnswer,
  entriesBody,
  wholeBody,
} from './answer-body';
import { connectionProblem, NO_ANSWER } from './connection-problem';
import type { TakeEntry } from './entry-splitter';
import { isListening } from './is-listening';
import { type Login, basicAuthorization, refusedLogin } from './login';
import { type NodePlace, describePlace } from './node-place';
import { type FailureKind, RpcFailure } from './rpc-failure';
import { AnswerTooLong, CallTimeout, RpcConnections, type RpcResponse } from './rpc-request';
import { TrustedCertificate } from './trusted-certificate';

/** The reason if an answer is not JSON-RPC. */
const NO_JSON_RPC = 'answers with something else than JSON-RPC; is it the RPC of a node?';

/** How a call went, for those who count. */
export interface CallReport {
  readonly method: string;
  /**
   * From the sending of the request to the last byte of the answer; with TLS's handshake, if there was
   * one.
   */
  readonly ms: number;
  /** Bytes of the answer; 0 where the call failed. */
  readonly bytes: number;
  /** Null where the node answered. */
  readonly failure: FailureKind | null;
}

export interface RpcClientModules {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timer: Timer;
  readonly onCall?: (report: CallReport) => void;
}

export interface CallOptions {
  /** Default 30 s; 2 minutes where entries are taken. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

const TIMEOUT_MS = 30_000;
const ENTRIES_TIMEOUT_MS = 120_000;

/** The limit of calls that wait for their turn. */
const MAX_WAITING = 64;

/** A call that waits for its turn or runs. */
interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly makeBody: () => AnswerBody;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Where a node's JSON-RPC is asked, one call at a time. */
export class RpcClient {
  private readonly certificate: TrustedCertificate;
  private connections: RpcConnections | undefined;
  private readonly waiting: Call[] = [];
  private isRunning = false;
  private isClosed = false;
  private lastId = 0;
  /** Whether the node has answered a call. */
  private hasAnswered = false;

  constructor(
    readonly place: NodePlace,
    private readonly modules: RpcClientModules,
  ) {
    this.certificate = new TrustedCertificate(place.certificateFile);
  }

  /**
   * Calls a method and returns its `result`, which is the node's and may have any form.
   * @throws RpcFailure
   */
  call(method: string, params: readonly unknown[] = [], options: CallOptions = {}): Promise<unknown> {
    const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_WHOLE_BYTES } = options;
    return this.queue({ method, params, timeoutMs, maxBytes, makeBody: wholeBody });
  }

  /**
   * Calls a method whose `result` is a long list or object, and gives its entries as they come: key and
   * value; the key is null in a list. The entries are valid only if the call succeeds. `begin` is called
   * before each attempt, because a call is repeated with a new login, certificate or connection.
   * @throws RpcFailure
   */
  async callEach(
    method: string,
    params: readonly unknown[],
    begin: () => TakeEntry,
    options: CallOptions = {},
  ): Promise<void> {
    const { timeoutMs = ENTRIES_TIMEOUT_MS, maxBytes = MAX_ENTRIES_BYTES } = options;
    await this.queue({ method, params, timeoutMs, maxBytes, makeBody: () => entriesBody(begin()) });
  }

  /** A failure of this node: its name, the method and the reason in one line. */
  failure(kind: FailureKind, method: string, reason: string, code?: number): RpcFailure {
    return new RpcFailure(kind, `${describePlace(this.place)}: ${method}: ${reason}`, code);
  }

  /** Rejects the calls that wait and the one that runs. */
  close(): void {
    this.isClosed = true;
    for (const { method, reject } of this.waiting.splice(0)) reject(this.closed(method));
    this.connections?.close();
  }

  private queue(call: Omit<Call, 'resolve' | 'reject'>): Promise<unknown> {
    if (this.isClosed) return Promise.reject(this.closed(call.method));
    if (this.waiting.length >= MAX_WAITING) {
      const reason = `${MAX_WAITING} calls wait for their turn already`;
      return Promise.reject(this.unsent('queue-full', call.method, reason));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ ...call, resolve, reject });
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (let call = this.waiting.shift(); call !== undefined; call = this.waiting.shift())
      await this.answer(call).then(call.resolve, call.reject);
    this.isRunning = false;
  }

  /** Calls once, and again where the login or the certificate has changed meanwhile. */
  private async answer(call: Call): Promise<unknown> {
    let login = await this.readLogin(call);
    let isNewLogin = false;
    let isNewCertificate = false;
    for (;;)
      try {
        return await this.attempt(call, login);
      } catch (error) {
        const { kind } = error as RpcFailure;
        if (kind === 'unauthorized' && !isNewLogin) {
          isNewLogin = true;
          const fresh = await this.readLogin(call);
          if (fresh.user === login.user && fresh.password === login.password) throw error;
          login = fresh;
        } else if (kind === 'certificate' && !isNewCertificate && (await this.rereadCertificate(call)))
          isNewCertificate = true;
        else throw error;
      }
  }

  private async readLogin({ method }: Call): Promise<Login> {
    const { login } = this.place;
    try {
      return await login.read();
    } catch (error) {
      throw await this.unreadable('unauthorized', method, error, login.isOfNode === true);
    }
  }

  /** Whether the file holds another certificate now. If so, the next attempt trusts that one. */
  private async rereadCertificate({ method }: Call): Promise<boolean> {
    try {
      if (!(await this.certificate.reread())) return false;
    } catch (error) {
      throw await this.unreadable('certificate', method, error);
    }
    this.connections?.close();
    this.connections = undefined;
    return true;
  }

  private async attempt(call: Call, login: Login): Promise<unknown> {
    const connections = await this.connect(call);
    const { clock, onCall } = this.modules;
    const { method, params, timeoutMs, maxBytes, makeBody } = call;
    this.lastId += 1;
    const payload = JSON.stringify({ jsonrpc: '1.0', id: this.lastId, method, params });
    const authorization = basicAuthorization(login);
    const beganMs = clock.monotonicMs();
    let bytes = 0;
    let failure: FailureKind | null = null;
    try {
      const response = await connections.post({ authorization, payload, timeoutMs, maxBytes, makeBody });
      ({ bytes } = response);
      const result = this.resultOf(call, response);
      this.hasAnswered = true;
      return result;
    } catch (error) {
      const failed = error instanceof RpcFailure ? error : this.explained(call, error);
      failure = failed.kind;
      throw failed;
    } finally {
      onCall?.({ method, ms: clock.monotonicMs() - beganMs, bytes, failure });
    }
  }

  private async connect({ method }: Call): Promise<RpcConnections> {
    if (this.isClosed) throw this.closed(method);
    if (this.connections !== undefined) return this.connections;
    try {
      const trust = await this.certificate.options();
      this.connections = new RpcConnections(this.place, trust, this.modules.timer);
      return this.connections;
    } catch (error) {
      throw await this.unreadable('certificate', method, error);
    }
  }

  /**
   * The failure where the file of a login or of a certificate can't be read. A node writes its cookie at each
   * start, and its certificate at the first one: where the file is missing and nobody listens, the node does
   * not run yet.
   */
  private async unreadable(
    kind: FailureKind,
    method: string,
    error: unknown,
    isOfNode = true,
  ): Promise<RpcFailure> {
    if (!isOfNode || !(error instanceof MissingFile) || (await isListening(this.place)))
      return this.unsent(kind, method, messageOf(error));
    const reason = 'is not there, and nobody listens at the address; does the node run?';
    return this.unsent('refused', method, `${error.what}: ${reason}`);
  }

  /** The failure of a call that was not sent. It is reported as any other. */
  private unsent(kind: FailureKind, method: string, reason: string): RpcFailure {
    this.modules.onCall?.({ method, ms: 0, bytes: 0, failure: kind });
    return this.failure(kind, method, reason);
  }

  private closed(method: string): RpcFailure {
    return this.failure('closed', method, 'is not asked any more');
  }

  private explained({ method, timeoutMs, maxBytes }: Call, error: unknown): RpcFailure {
    if (this.isClosed) return this.closed(method);
    if (error instanceof CallTimeout)
      return this.failure('timeout', method, `no whole answer within ${timeoutMs / 1_000} s`);
    if (error instanceof AnswerTooLong || error instanceof RangeError)
      return this.failure('too-long', method, `answers with more than the ${maxBytes} bytes that are read`);
    if (error instanceof SyntaxError) return this.failure('not-json', method, NO_JSON_RPC);
    if (error instanceof BtcdmonError) return this.failure('unreachable', method, error.message);
    const { kind, reason } = connectionProblem(error, this.place, this.hasAnswered);
    return this.failure(kind, method, reason);
  }

  /** The result in a response, or the failure that its status or error means. */
  private resultOf({ method }: Call, { status, answer, text }: RpcResponse): unknown {
    if (answer !== undefined) return this.resultIn(method, answer);
    switch (status) {
      case 200:
        // btcd answers with nothing if a call comes while it stops (btcd v0.26 `rpcserver.go` jsonRPCRead).
        if (this.hasAnswered) return this.fail(NO_ANSWER.kind, method, NO_ANSWER.reason);
        return this.fail('not-json', method, NO_JSON_RPC);
      case 401:
        return this.fail('unauthorized', method, refusedLogin(this.place.login));
      case 403:
        return this.fail(
          'forbidden',
          method,
          'the node lets this address not ask (rpcallowip), or this user not call the method (rpcwhitelist)',
        );
      case 503:
      case 429:
        return this.fail('busy', method, `the node has too many clients (HTTP status ${status})`);
      case 400:
        if (!/HTTP request.*HTTPS/i.test(text)) break;
        return this.fail('tls', method, 'speaks TLS; write https instead of http');
      default:
    }
    const said = asciiLine(text, 80);
    const reason = `HTTP status ${status}${said === '' ? '' : `: ${said}`}; is it the RPC of a node?`;
    return this.fail('not-json', method, reason);
  }

  private resultIn(method: string, { result, error }: RpcAnswer): unknown {
    if (error === null || error === undefined) return result;
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    const said = typeof message === 'string' ? asciiLine(message) : 'an error without a message';
    const number = typeof code === 'number' ? code : undefined;
    return this.fail(kindOfError(number, said), method, `${said} (code ${number ?? 'missing'})`, number);
  }

  private fail(kind: FailureKind, method: string, reason: string, code?: number): never {
    throw this.failure(kind, method, reason, code);
  }
}

/** Sources of the codes: Bitcoin Core 31 `src/rpc/protocol.h`; btcd v0.26 `btcjson/jsonrpcerr.go`. */
function kindOfError(code: number | undefined, message: string): FailureKind {
  if (code === -28) return 'warming-up';
  if (code === -32_601) return 'unknown-method';
  // btcd has no codes of its own for these two.
  if (/command unimplemented/i.test(message)) return 'unknown-method';
  if (/limited user not authorized/i.test(message)) return 'not-permitted';
  return 'rpc';
}
