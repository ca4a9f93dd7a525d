import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { takesGzip } from './reply';

const compress = promisify(gzip);

/** Where the build writes the page. */
export const ASSETS = path.join(__dirname, 'assets');

/** Content types by file extension; other files are not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Names with a hash, as esbuild writes them. Such a file never changes. */
const HASHED = /[-.][A-Z0-9]{8}\.[a-z]+$/;

const YEAR_S = 31_536_000;

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly packed: Buffer;
  readonly etag: string;
  readonly caching: string;
}

/** Reads the files of the page, by name. They are served from memory, so no request can reach a path. */
export async function readAssets(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  // A build without the page has no such folder.
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const type = TYPES[path.extname(name)];
    if (type !== undefined)
      assets.set(name, await assetOf(name, type, await readFile(path.join(folder, name))));
  }
  return assets;
}

/** Makes an asset from its bytes. */
async function assetOf(name: string, type: string, body: Buffer): Promise<Asset> {
  return {
    ...{ type, body },
    packed: await compress(body, { level: 9 }),
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    caching: HASHED.test(name) ? `public, max-age=${YEAR_S}, immutable` : 'no-cache',
  };
}

/** Sends a file, or 304 if the client already has it. */
export function sendAsset(request: IncomingMessage, response: ServerResponse, asset: Asset): void {
  const headers = { etag: asset.etag, 'cache-control': asset.caching, vary: 'accept-encoding' };
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(asset.etag) === true) {
    response.writeHead(304, headers).end();
    return;
  }
  const packed = takesGzip(request) && asset.packed.length < asset.body.length;
  const body = packed ? asset.packed : asset.body;
  response.writeHead(200, {
    ...headers,
    'content-type': asset.type,
    'content-length': body.length,
    ...(packed ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(body);
}
