import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Follows a Dockerfile in folders instead of images: WORKDIR, COPY and RUN of each stage, as long as `RUN`
 * stays in the working directory.
 * @returns the folder of each stage's working directory, by its name; that of the last stage is `''`
 */
export function buildInFolders(
  dockerfile: string,
  {
    context,
    files,
    folder,
  }: { readonly context: string; readonly files: readonly string[]; readonly folder: string },
): ReadonlyMap<string, string> {
  const stages = new Map<string, { readonly root: string; workdir: string }>();
  let stage = { root: folder, workdir: '/' };
  for (const line of instructionsOf(dockerfile)) {
    const [instruction = '', ...words] = line.split(' ');
    if (instruction === 'FROM') {
      const name = words[1] === 'AS' ? (words[2] ?? '') : '';
      stage = { root: path.join(folder, `stage-${name}`), workdir: '/' };
      stages.set(name, stage);
    } else if (instruction === 'WORKDIR') {
      stage.workdir = words[0] ?? '';
      mkdirSync(path.join(stage.root, stage.workdir), { recursive: true });
    } else if (instruction === 'COPY') {
      const from = /^--from=(.*)$/.exec(words[0] ?? '')?.[1];
      const sources = words.slice(from === undefined ? 0 : 1, -1);
      const root = from === undefined ? context : (stages.get(from)?.root ?? '');
      const isIn = (file: string): boolean => {
        const name = path.relative(context, file);
        return from !== undefined || files.some((each) => each === name || each.startsWith(`${name}/`));
      };
      for (const source of sources)
        copy(path.join(root, source), path.join(stage.root, stage.workdir, words.at(-1) ?? ''), isIn);
    } else if (instruction === 'RUN') {
      const command = words.join(' ');
      // Everything outside of the working directory is the base image's. A container of the tests has its
      // own.
      if (/ \/(usr|data)/.test(command)) continue;
      execFileSync('sh', ['-c', command], {
        cwd: path.join(stage.root, stage.workdir),
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], npm_config_prefer_offline: 'true' },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
    }
  }
  return new Map([...stages].map(([name, { root, workdir }]) => [name, path.join(root, workdir)]));
}

/**
 * Copies the content of a folder, or a file under its own name.
 * @throws Error where the build would not find it
 */
function copy(source: string, target: string, isIn: (file: string) => boolean): void {
  if (!isIn(source)) throw new Error(`COPY ${source}: .dockerignore keeps it out, or it is not there`);
  if (statSync(source).isDirectory()) cpSync(source, target, { recursive: true, filter: isIn });
  else cpSync(source, path.join(target, path.basename(source)));
}

/** The instructions of a Dockerfile, each in one line. */
export function instructionsOf(dockerfile: string): readonly string[] {
  return readFileSync(dockerfile, 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '');
}
