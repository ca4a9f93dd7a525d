import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';
import { until } from './until';

/** Declares that a test needs nginx. */
export const nginx = requirement(
  'nginx',
  () => findProgram('nginx', ['/usr/sbin']),
  'install nginx (Debian: apt-get install nginx-light)',
);

/** A running nginx. */
export interface Nginx {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts an nginx that passes every request on, with the headers of docs/operators.md and config/nginx. */
export async function startNginx(program: string, target: number): Promise<Nginx> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    path.join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
     events { worker_connections 64; }
     http {
       access_log off; ${temporary.join(' ')}
       server {
         listen 127.0.0.1:${port};
         location / {
           proxy_pass http://127.0.0.1:${target};
           proxy_set_header Host $host;
           proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
         }
       }
     }\n`,
  );
  const args = ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', 'stderr'];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const exited = once(child, 'exit');
  const answers = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  let isUp = false;
  const giveUp = (): string | undefined => (child.exitCode === null ? undefined : errors);
  await until('nginx', () => isUp || void answers().then((up) => (isUp ||= up)), { giveUp });
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}
