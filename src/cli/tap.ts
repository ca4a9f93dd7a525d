import path from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import type * as TapApp from '../app/tap-app';
import { UsageError } from '../lib/errors';
import { createLog } from '../lib/log';
import { alertSettings } from './alert-settings';
import type { TapArguments } from './arguments';
import { dataDirectory, defaultStore } from './data-directory';
import { withOptions } from './flags';
import { keepHeapSmall } from './heap';
import { captureSettings } from './capture-settings';
import { httpSettings } from './http-settings';
import { retentionOf } from './listen-settings';
import type { Settings } from './settings';
import { untilSignal } from './signals';
import { readNode } from './values';
import { TAP_OPTIONS } from './watch-options';
import { watchSettings } from './watch-settings';

/**
 * `btcdmon-node tap`: passes the connections of a node on and writes points about what passes. It is no peer
 * itself. Flags override `settings`.
 */
export const tapCommand = (settings: Settings): CommandModule<object, TapArguments> => ({
  command: 'tap',
  describe: 'Pass the connections of a node on and write points about them, or read a capture of them',
  builder: (yargs) =>
    withOptions(yargs, TAP_OPTIONS, settings)
      .example(
        '$0 tap --forward 0.0.0.0:8333=127.0.0.1:18333',
        'inbound peers of a btcd that listens on 18333',
      )
      .example('$0 tap --socks 9150', 'outbound peers of a btcd with --proxy=127.0.0.1:9150')
      .example('tcpdump -w - port 8333 | $0 tap --pcap -', 'what a capture contains') as Argv<TapArguments>,
  handler: async (args) => {
    keepHeapSmall();
    const watch = await watchSettings(args, process.env);
    const capture = captureSettings(args);
    if (capture !== undefined && (watch.tap !== undefined || watch.watch.length > 0))
      throw new UsageError(
        `${capture.name}: is read instead of watching; leave --watch, --forward and --socks out`,
      );
    if (capture === undefined && watch.tap === undefined && watch.watch.length === 0)
      throw new UsageError('nothing to watch: give --forward, --socks, --pcap or --watch');
    const folder = await dataDirectory(args.dataDir);
    const exports = args.export ?? [defaultStore(folder)];
    const maxBytes = TAP_OPTIONS['spool-size'].read(args.spoolSize) * 1_000_000;
    const http = await httpSettings(args, process.env, args.export);
    const alerts = alertSettings(args, process.env, {
      dataDir: folder,
      file: 'alerts-tap.json',
      urls: args.export,
    });
    // Other commands don't load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { startTapApp } = require('../app/tap-app') as typeof TapApp;
    const app = await startTapApp(
      {
        ...watch,
        capture,
        ...{ exports, http, alerts, spools: { directory: path.join(folder, 'spool'), maxBytes } },
        node: readNode(args.node),
        network: args.network,
        intervalMs: TAP_OPTIONS.interval.read(args.interval),
        policy: args.policy,
        maxUserAgents: TAP_OPTIONS['max-user-agents'].read(args.maxUserAgents),
        retentionMs: retentionOf(args.retention, args.export),
      },
      { log: createLog(args.logLevel) },
    );
    try {
      await untilSignal(app.ended, () => app.killed());
    } finally {
      await app.stop();
    }
  },
});
