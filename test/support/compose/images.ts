import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Bind } from './container';

const ROOT = path.join(__dirname, '..', '..', '..');

/** The content of an image: programs of this machine stand in for its own. */
export interface Image {
  readonly entrypoint: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly binds?: readonly Bind[];
  readonly links?: Readonly<Record<string, string>>;
  /** Whether its program asks the network's name server itself, and not through the C library. */
  readonly asksNameServer?: boolean;
}

/** Images based on Alpine or busybox have busybox's wget. */
export const BUSYBOX = { '/usr/local/bin/wget': '/usr/bin/busybox' };

/** The image of our Dockerfile: its ENV, ENTRYPOINT, WORKDIR and links, with a build in `app`. */
export function programImage(app = ROOT): Image {
  const text = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8');
  const last = text.slice(text.lastIndexOf('\nFROM '));
  const instruction = (name: string): string =>
    new RegExp(`^${name} (.*)$`, 'm').exec(last.replaceAll('\\\n', ''))?.[1] ?? '';
  const [, to = '', link = ''] = /ln -s (\S+) (\S+)/.exec(instruction('RUN')) ?? [];
  const workdir = instruction('WORKDIR');
  return {
    entrypoint: JSON.parse(instruction('ENTRYPOINT')) as string[],
    env: Object.fromEntries(
      instruction('ENV')
        .split(' ')
        .map((pair) => pair.split('=') as [string, string]),
    ),
    binds: ['bin', 'dist', 'node_modules', 'package.json'].map((name) => ({
      source: path.join(app, name),
      target: `${workdir}/${name}`,
      readOnly: true,
    })),
    // The path of this Node.js, which replaces the image's.
    links: { [link]: to, '/usr/local/bin/node': process.execPath },
  };
}
