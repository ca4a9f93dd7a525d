import {
  type IncomingMessage,
  type RequestOptions,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Timer } from '../lib/timer';
import type { AnswerBody, RpcAnswer } from './answer-body';
import type { NodePlace } from './node-place';
import type { TrustOptions } from './trusted-certificate';

/** The most bytes that are read of a response that is no answer: it holds an error message. */
const MAX_ERROR_BYTES = 65_536;

/** Bytes that are read before other work of the program gets its turn: some milliseconds of parsing. */
const BYTES_PER_TURN = 262_144;

/** A response: an answer of JSON-RPC, or the text of an error status, or nothing. */
export interface RpcResponse {
  readonly status: number;
  readonly answer: RpcAnswer | undefined;
  readonly text: string;
  /** Bytes of the body. */
  readonly bytes: number;
}

/** The time is over. */
export class CallTimeout extends Error {
  override readonly name = 'CallTimeout';
}

/** The response is longer than it may be. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}

/** One call. */
export interface RpcRequest {
  readonly authorization: string;
  readonly payload: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly makeBody: () => AnswerBody;
}

/** The connections to a node, which are kept open where it lets them: Core does, btcd closes each. */
export class RpcConnections {
  private readonly agent: PlainAgent | TlsAgent;

  constructor(
    private readonly place: Pick<NodePlace, 'host' | 'port' | 'isSecure'>,
    trust: TrustOptions,
    private readonly timer: Timer,
  ) {
    const keeping = { keepAlive: true, maxSockets: 1 };
    this.agent = place.isSecure ? new TlsAgent({ ...keeping, ...trust }) : new PlainAgent(keeping);
  }

  /**
   * Sends a call and reads the response to its end.
   * @throws CallTimeout, AnswerTooLong, SyntaxError where it is no JSON, or the error of the connection
   */
  async post(call: RpcRequest): Promise<RpcResponse> {
    const reused = { isReused: false };
    try {
      return await this.tryPost(call, reused);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      // The node had closed a connection that was kept, and the client did not know that yet.
      if (!reused.isReused || !['ECONNRESET', 'EPIPE'].includes(code)) throw error;
      return this.tryPost(call, reused);
    }
  }

  /** Ends the running call and closes the connections. */
  close(): void {
    this.agent.destroy();
  }

  private tryPost(call: RpcRequest, reused: { isReused: boolean }): Promise<RpcResponse> {
    const { host, port, isSecure } = this.place;
    const payload = Buffer.from(call.payload);
    const options: RequestOptions = {
      host,
      port,
      path: '/',
      method: 'POST',
      agent: this.agent,
      headers: {
        Authorization: call.authorization,
        'Content-Type': 'application/json',
        'Content-Length': payload.length,
      },
    };
    return new Promise((resolve, reject) => {
      const request = (isSecure ? tlsRequest : plainRequest)(options);
      const cancel = this.timer(call.timeoutMs, () => request.destroy(new CallTimeout()));
      const fail = (error: Error): void => {
        cancel();
        reject(error);
        request.destroy();
      };
      request.on('error', fail);
      request.on('socket', () => (reused.isReused = request.reusedSocket));
      let hasResponse = false;
      // A connection can end without an error and without a response.
      request.on('close', () => {
        if (!hasResponse) fail(ended());
      });
      request.on('response', (response) => {
        hasResponse = true;
        readResponse(response, call).then((read) => {
          cancel();
          resolve(read);
        }, fail);
      });
      request.end(payload);
    });
  }
}

function ended(): Error {
  return Object.assign(new Error('the connection ended'), { code: 'ECONNRESET' });
}

/** Reads a response. With a status other than 200 it may be an answer or a text. */
function readResponse(response: IncomingMessage, { maxBytes, makeBody }: RpcRequest): Promise<RpcResponse> {
  const { statusCode: status = 0 } = response;
  const isAnswer = status === 200;
  const body = isAnswer ? makeBody() : undefined;
  const beginning: Buffer[] = [];
  let bytes = 0;
  let turnBytes = 0;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(error);
      response.destroy();
    };
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > (isAnswer ? maxBytes : MAX_ERROR_BYTES)) {
        fail(new AnswerTooLong());
        return;
      }
      try {
        if (body === undefined) beginning.push(chunk);
        else body.push(chunk);
        turnBytes += chunk.length;
        if (turnBytes < BYTES_PER_TURN) return;
        turnBytes = 0;
        response.pause();
        setImmediate(() => response.resume());
      } catch (error) {
        fail(error as Error);
      }
    });
    response.on('error', reject);
    response.on('close', () => {
      if (!response.complete) reject(ended());
    });
    response.on('end', () => {
      try {
        const text = Buffer.concat(beginning).toString('utf8');
        const answer = body === undefined ? answerIn(text) : bytes === 0 ? undefined : body.end();
        resolve({ status, answer, text, bytes });
      } catch (error) {
        fail(error as Error);
      }
    });
  });
}

/**
 * The answer in a response with another status than 200: Core sends errors in this way. Undefined if it has
 * none.
 */
function answerIn(text: string): RpcAnswer | undefined {
  try {
    const answer = JSON.parse(text) as RpcAnswer | null;
    return typeof answer === 'object' && answer?.error != null ? answer : undefined;
  } catch {
    return undefined;
  }
}
