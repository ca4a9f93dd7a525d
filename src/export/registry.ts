import path from 'node:path';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { INFLUX_FORM } from '../influx/influx-url';
import { suggestion } from '../lib/nearest';
import type { ExporterContext } from './context';
import type { Exporter } from './exporter';
import { INFLUX2_FORM, influx1Api, influx2Api } from './influx-api';
import type * as InfluxHttp from './influx-http';
import type * as InfluxUdp from './influx-udp';
import { INFLUX_UDP_FORM } from './influx-udp-form';
import type { LineExporter } from './line-exporter';
import { lineTcp, lineTls, lineUnix } from './line-socket-url';
import type * as Nats from './nats/exporter';
import type * as Parquet from './parquet/exporter';
import type * as Prometheus from './prometheus';
import { PROMETHEUS_FORM } from './prometheus/form';
import { StdoutExporter } from './stdout';
import { StoreExporter } from './store';

/** An exporter of points, or one of lines, whose queue has a spool. */
export type AnyExporter = Exporter | LineExporter;

interface Kind {
  /** Form of its URL, for help and errors. */
  readonly form: string;
  readonly help: string;
  /**
   * Makes the exporter; `rest` is the URL after the scheme and its colon. If it is malformed, returns null,
   * or throws a UsageError that says more.
   */
  readonly create: (rest: string, context: ExporterContext) => AnyExporter | null;
}

/** Every exporter by the scheme of its URL. */
const KINDS: Readonly<Record<string, Kind>> = {
  duckdb: { form: 'duckdb:PATH', help: 'the embedded store, a DuckDB file', create: duckdb },
  'influx+udp': {
    form: INFLUX_UDP_FORM,
    help: 'InfluxDB 1.x or Telegraf over UDP',
    create: influxUdp,
  },
  'influx+http': {
    form: INFLUX_FORM,
    help: 'InfluxDB 1.x or VictoriaMetrics over HTTP',
    create: influxHttp('influx+http', influx1Api),
  },
  'influx+https': {
    form: INFLUX_FORM,
    help: 'InfluxDB 1.x or VictoriaMetrics over HTTP',
    create: influxHttp('influx+https', influx1Api),
  },
  'influx2+http': {
    form: INFLUX2_FORM,
    help: 'InfluxDB 2 or 3 over HTTP',
    create: influxHttp('influx2+http', influx2Api),
  },
  'influx2+https': {
    form: INFLUX2_FORM,
    help: 'InfluxDB 2 or 3 over HTTP',
    create: influxHttp('influx2+https', influx2Api),
  },
  'line+tcp': {
    form: 'line+tcp://host[:8094]',
    help: 'Telegraf, VictoriaMetrics, QuestDB or btcdmon-node collect, line protocol over TCP',
    create: lineTcp,
  },
  'line+tls': {
    form: 'line+tls://host[:8094]',
    help: 'the same over TLS',
    create: lineTls,
  },
  'line+unix': {
    form: 'line+unix:PATH',
    help: 'the same over a Unix socket',
    create: lineUnix,
  },
  nats: {
    form: 'nats://[user@]host[:4222]/STREAM',
    help: 'a NATS JetStream stream, from which collectors share the work',
    create: nats,
  },
  prometheus: { form: PROMETHEUS_FORM, help: '/metrics for Prometheus to scrape', create: prometheus },
  parquet: {
    form: 'parquet:DIR',
    help: 'Parquet files by series and hour, in a folder',
    create: parquet,
  },
  stdout: { form: 'stdout:', help: 'line protocol on the standard output', create: stdout },
};

/** All exporters, for `--help` and the documentation. */
export const EXPORTER_KINDS: readonly Pick<Kind, 'form' | 'help'>[] = Object.values(KINDS).filter(
  ({ form }, i, all) => all.findIndex((other) => other.form === form) === i,
);

/**
 * Makes the exporter of an `--export` URL, not yet open.
 * @throws UsageError where the URL is malformed; the message never shows the part before an `@`
 */
export function createExporter(url: string, context: ExporterContext): AnyExporter {
  const colon = url.indexOf(':');
  const scheme = (colon < 0 ? url : url.slice(0, colon)).toLowerCase();
  const kind = Object.hasOwn(KINDS, scheme) ? KINDS[scheme] : undefined;
  const shown = withoutCredentials(url);
  if (kind === undefined) {
    const forms = EXPORTER_KINDS.map(({ form }) => form).join(', ');
    throw new UsageError(
      `--export ${shown}: no such exporter, there are ${forms}${suggestion(scheme, Object.keys(KINDS))}`,
    );
  }
  const exporter = colon < 0 ? null : kind.create(url.slice(colon + 1), context);
  if (exporter === null) throw new UsageError(`--export ${shown}: must be ${kind.form}`);
  return exporter;
}

function duckdb(rest: string, { warn }: ExporterContext): Exporter | null {
  // `duckdb://store.duckdb` would be a file in the folder `/`, which is a mistake.
  if (rest === '' || rest.endsWith('/') || /^\/\/(?!\/)/.test(rest)) return null;
  return new StoreExporter({ path: path.resolve(expandHome(rest)) }, { warn });
}

/* eslint-disable @typescript-eslint/no-require-imports -- they and their packages take memory, DuckDB alone 25 MB: they are loaded only when they are needed */
function parquet(rest: string, context: ExporterContext): Exporter | null {
  if (rest === '' || /^\/\/(?!\/)/.test(rest)) return null;
  const { ParquetExporter } = require('./parquet/exporter') as typeof Parquet;
  return new ParquetExporter({ directory: path.resolve(expandHome(rest)) }, context);
}

function nats(rest: string, context: ExporterContext): AnyExporter {
  const { nats: create } = require('./nats/exporter') as typeof Nats;
  return create(rest, context);
}

function prometheus(rest: string): Exporter {
  const { createPrometheus } = require('./prometheus') as typeof Prometheus;
  return createPrometheus(rest);
}

function influxUdp(rest: string, context: ExporterContext): Exporter {
  const { createInfluxUdp } = require('./influx-udp') as typeof InfluxUdp;
  return createInfluxUdp(rest, context);
}

function influxHttp(scheme: string, api: typeof influx1Api): Kind['create'] {
  return (rest, { warn, env }) => {
    const { InfluxHttpExporter } = require('./influx-http') as typeof InfluxHttp;
    return new InfluxHttpExporter(api(`${scheme}:${rest}`, env), { warn });
  };
}
/* eslint-enable @typescript-eslint/no-require-imports */

function stdout(rest: string): Exporter | null {
  return rest === '' ? new StdoutExporter({ output: process.stdout }) : null;
}

/** An `--export` URL for messages, without user and password. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([^/]*\/\/)?.*@/, '$1***@');
}
