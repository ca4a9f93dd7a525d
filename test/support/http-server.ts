import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A request that was received, with its body decompressed. */
export interface Received {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Length of the body as received. */
  readonly bytes: number;
}

/** The answer to a request; null leaves its sender waiting. */
export type Reply = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly text?: string;
} | null;

/** A web server on loopback that keeps its requests and answers as the test says. */
export interface HttpServer {
  readonly port: number;
  readonly received: Received[];
  /** Connections that were opened. */
  connections(): number;
  /** Closes those that are open. */
  closeConnections(): void;
  stop(): Promise<void>;
}

/** Starts a server, at a free port unless told otherwise; with `tls` it speaks TLS. */
export async function startHttpServer(
  reply: (request: Received) => Reply,
  tls?: { readonly cert: string; readonly key: string },
  port = 0,
): Promise<HttpServer> {
  const received: Received[] = [];
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  let connections = 0;
  server.on(tls === undefined ? 'connection' : 'secureConnection', () => connections++);
  server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      const { url = '', headers } = request;
      const one = { url, headers, body: body.toString(), bytes: bytes.length };
      received.push(one);
      const answer = reply(one);
      if (answer === null) return;
      response.writeHead(answer.status, answer.headers);
      response.end(answer.text ?? '');
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    connections: () => connections,
    closeConnections: () => server.closeAllConnections(),
    stop: async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
