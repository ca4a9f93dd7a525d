import { hostname } from 'node:os';
import type { ArgumentsCamelCase } from 'yargs';
import type { CollectConfig } from '../app/collect-app';
import { formatListenAddress, isLocalAddress, parseListenAddress } from '../collect/listen-address';
import { FailureError, UsageError } from '../lib/errors';
import { TOKEN } from '../export/collect-protocol';
import { readCertificates, readSecretFile, readSecretText } from '../lib/secret';
import type { CollectArguments } from './arguments';
import { COLLECT_OPTIONS } from './options';
import { defaultNode, readFrom, readGroup, readNode } from './values';

/** The default address, which is also that of Telegraf's socket listener. */
const DEFAULT_PLACE = 'tcp://127.0.0.1:8094';

/**
 * Checks the collector's options and returns the settings.
 * @throws UsageError naming the option, its value and what would be right; FailureError where a file can't be
 *   used
 */
export async function collectSettings(
  args: ArgumentsCamelCase<CollectArguments>,
): Promise<Omit<CollectConfig, 'exports' | 'spools'> & { readonly spoolBytes: number }> {
  const from = (args.from ?? []).map(readFrom);
  const listen = (args.listen ?? (from.length === 0 ? [DEFAULT_PLACE] : [])).map(parseListenAddress);
  const { tlsCert, tlsKey, tokenFile } = args;
  const isOpen = listen.find((place) => !isLocalAddress(place));
  if (isOpen !== undefined && tokenFile === undefined)
    throw new UsageError(
      `--listen ${formatListenAddress(isOpen)}: everyone who can reach it could write into your store; give --token-file`,
    );
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new UsageError(
      tlsKey === undefined
        ? `--tls-cert ${tlsCert ?? ''}: needs --tls-key as well`
        : `--tls-key ${tlsKey}: needs --tls-cert as well`,
    );
  return {
    node: readNode(args.node ?? defaultNode(hostname(), '-collect')),
    listen,
    from,
    group: readGroup(args.group),
    tls:
      tlsCert === undefined || tlsKey === undefined
        ? null
        : {
            cert: await readCertificates(tlsCert, `--tls-cert ${tlsCert}`),
            // The file must be private: everyone who has the key can pose as this collector.
            key: await readSecretText(tlsKey, `--tls-key ${tlsKey}`, 'a PEM file of a private key'),
          },
    token: tokenFile === undefined ? null : await readToken(tokenFile),
    maxConnections: COLLECT_OPTIONS['max-connections'].read(args.maxConnections),
    intervalMs: COLLECT_OPTIONS.interval.read(args.interval),
    spoolBytes: COLLECT_OPTIONS['spool-size'].read(args.spoolSize) * 1_000_000,
  };
}

async function readToken(file: string): Promise<string> {
  const token = await readSecretFile(file, `--token-file ${file}`);
  if (TOKEN.test(token)) return token;
  throw new FailureError(
    `--token-file ${file}: a token has 1 to 256 printable ASCII characters and no space; openssl rand -hex 32 makes one`,
  );
}
