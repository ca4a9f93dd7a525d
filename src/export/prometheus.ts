import { once } from 'node:events';
import { type Server, type ServerResponse, createServer } from 'node:http';
import { Registry } from 'prom-client';
import { FailureError, UsageError, messageOf } from '../lib/errors';
import { shareConnections } from '../lib/share-connections';
import type { Point } from '../metrics/point';
import { type WriteResult, unconfirmed } from '../metrics/write-result';
import { UNKNOWN_SERIES } from '../metrics/values';
import { takeEach } from '../metrics/take-each';
import type { Exporter } from './exporter';
import { PROMETHEUS_FORM } from './prometheus/form';
import { Instruments } from './prometheus/instruments';
import { parseOptionUrl } from '../lib/option-url';

const PORT = 9332;

/** Scrapers connect every few seconds, with one connection each. */
const MAX_CONNECTIONS = 32;

/** How long a scraper may leave its answer unread, in milliseconds. */
const SILENCE_MS = 60_000;

/** Address of `/metrics`. */
export interface PrometheusOptions {
  /** Address or name, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Serves `/metrics` for Prometheus to scrape: counters, gauges and histograms that follow from the schema
 * (`prometheus/names.ts`). A scrape sees states, not points: `sent` are points that the next scrape includes,
 * and nothing confirms that a scraper has read them.
 */
export class PrometheusExporter implements Exporter {
  readonly name = 'prometheus';
  private readonly registry = new Registry();
  private readonly instruments = new Instruments(this.registry);
  private readonly server: Server;

  constructor(private readonly options: PrometheusOptions) {
    this.server = createServer((request, response) => {
      const path = request.url?.split('?', 1)[0];
      if (request.method !== 'GET' && request.method !== 'HEAD')
        answer(response, 405, 'only GET is served here\n');
      else if (path !== '/metrics') answer(response, 404, 'metrics are at /metrics\n');
      else void this.scrape(response);
    });
    shareConnections(this.server, MAX_CONNECTIONS);
    this.server.headersTimeout = 10_000;
    this.server.requestTimeout = 10_000;
    this.server.timeout = SILENCE_MS;
  }

  /** The port on which it listens. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : this.options.port;
  }

  /** @throws FailureError where the address can't be listened on */
  async open(): Promise<void> {
    const { host, port } = this.options;
    try {
      this.server.listen(port, host);
      await once(this.server, 'listening');
    } catch (error) {
      throw new FailureError(
        `export ${this.name}: can't listen on ${host} port ${port}: ${messageOf(error)}`,
      );
    }
    // The server must not keep the program running.
    this.server.unref();
  }

  write(points: readonly Point[]): Promise<WriteResult> {
    const { taken, rejection } = takeEach(points, (point) =>
      this.instruments.take(point) ? null : UNKNOWN_SERIES,
    );
    return Promise.resolve(unconfirmed(taken, rejection));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async scrape(response: ServerResponse): Promise<void> {
    try {
      const text = await this.registry.metrics();
      answer(response, 200, text, this.registry.contentType);
    } catch (error) {
      answer(response, 500, `${messageOf(error)}\n`);
    }
  }
}

/**
 * Makes the exporter of a URL; `rest` is the URL after its scheme.
 * @throws UsageError
 */
export function createPrometheus(rest: string): PrometheusExporter {
  const target = parseOptionUrl(rest, {
    scheme: 'prometheus',
    form: PROMETHEUS_FORM,
    defaultPort: PORT,
    mayHaveZone: true,
  });
  const { host, port, path, shown } = target;
  if (path !== '') throw new UsageError(`${shown}: metrics are always at /metrics; use ${PROMETHEUS_FORM}`);
  return new PrometheusExporter({ host, port });
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}
