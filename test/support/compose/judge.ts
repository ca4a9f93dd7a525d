import { execFileSync } from 'node:child_process';
import path from 'node:path';

const SOURCE = path.join(__dirname, '..', 'compose-judge');
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** The project as Compose's own loader reads it: everything merged, filled in and in its long form. */
export interface Project {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[] | null;
  readonly user: string;
  readonly read_only?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly network_mode?: string;
  readonly tmpfs?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>;
  readonly ports?: readonly { readonly host_ip?: string; readonly target: number }[];
  readonly volumes?: readonly Mount[];
  readonly secrets?: readonly { readonly source: string; readonly target: string }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required: boolean }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly volume?: { readonly nocopy?: boolean };
}

/**
 * Compiles the judge, which uses the packages of Docker's own programs, and returns its path. It takes 40
 * seconds the first time.
 */
export function buildComposeJudge(goProgram: string, folder: string): string {
  const judge = path.join(folder, 'compose-judge');
  execFileSync(goProgram, ['build', '-buildvcs=false', '-o', judge, '.'], {
    cwd: SOURCE,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return judge;
}

/**
 * Loads a folder's docker-compose.yml.
 * @throws Error with Compose's complaint
 */
export function loadProject(
  judge: string,
  folder: string,
  { env = '.env', profiles = [] as readonly string[], file = 'docker-compose.yml' } = {},
): Project {
  return JSON.parse(runJudge(judge, folder, ['compose', file, env, ...profiles])) as Project;
}

/** The files of a folder that its .dockerignore allows in a build. */
export function buildContext(judge: string, folder: string): readonly string[] {
  return linesOf(runJudge(judge, folder, ['context', folder]));
}

/**
 * The warnings of `docker build --check` for a Dockerfile, a line each.
 * @throws Error where it can't be built at all
 */
export function checkDockerfile(judge: string, file: string): readonly string[] {
  return linesOf(runJudge(judge, path.dirname(file), ['dockerfile', file]));
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

function runJudge(judge: string, cwd: string, args: readonly string[]): string {
  // The environment of the test run does not belong to the project.
  const env = { PATH: process.env['PATH'] };
  return execFileSync(judge, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
