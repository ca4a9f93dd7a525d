import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { familyOf } from '../support/proc';
import { outputOf, runProgram } from '../support/program';
import { findProgram, requirement } from '../support/requires';
import { ServingPeer } from '../support/serving-peer';
import { WRITES, failing } from '../support/strace';
import { until } from '../support/until';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** strace that may trace a process which is no child of its own. */
const attaching = requirement(
  'strace that may attach to a process',
  () => {
    const program = findProgram('strace');
    if (program === null) return null;
    const child = spawn('sleep', ['10']);
    const ended = spawnSync('timeout', ['-s', 'INT', '1', program, '-qq', '-p', String(child.pid)]);
    child.kill();
    return String(ended.stderr).includes('not permitted') ? null : program;
  },
  'install strace (Debian: apt-get install strace) and allow it to attach (/proc/sys/kernel/yama/ptrace_scope 0, or root)',
);

/** What each error asks a person to do. */
const REMEDIES = {
  EIO: 'the disk fails: look at the log of the system (dmesg)',
  EROFS: 'the disk is mounted read-only: mount it for writing',
  EDQUOT: 'the quota of this user is used up: make room, or raise it',
  ENOSPC: 'the disk is full: make room on it',
  ESTALE: 'the network disk has lost the file: mount it again, and start btcdmon-node again',
} as const;

attaching.describe('a disk that fails for a while under a running node', (strace) => {
  it.each(Object.entries(REMEDIES))(
    'with %s: the store and the spool say what to do, and get every point once it is back',
    async (code, remedy) => {
      const home = cleanup.add(mkdtempSync(path.join(os.tmpdir(), 'btcdmon-returns-')), (name) =>
        rmSync(name, { recursive: true }),
      );
      const peer = cleanup.add(await ServingPeer.start('regtest'), (it) => it.stop());
      const store = path.join(home, 'store.duckdb');
      const args = ['-n', 'regtest', '-c', peer.address, '--interval', '200ms', '--data-dir', home];
      const receiver = `line+tcp://127.0.0.1:${await freePort()}`;
      const exports = ['-e', `duckdb:${store}`, '-e', receiver];
      const node = cleanup.add(runProgram([...args, ...exports], home), (it) => it.kill());
      const { ended: giveUp } = node;
      await until('a handshake', () => node.log().includes('peer connected'), { giveUp });
      const segment = (): string | undefined =>
        readdirSync(home, { recursive: true })
          .map(String)
          .find((name) => name.endsWith('00000001.log'));
      const spool = path.join(home, await until('the spool', segment, { giveUp }));

      const pids = familyOf(node.pid).flatMap((pid) => ['-p', String(pid)]);
      const rules = failing([store, `${store}.wal`, spool], WRITES, code);
      const tracer = spawn(strace, [...rules, ...pids], { stdio: 'ignore' });
      const detached = once(tracer, 'exit');
      const told = (what: RegExp): boolean =>
        node
          .log()
          .split('\n')
          .some((line) => what.test(line) && line.includes(remedy));
      await until('the store to say so', () => told(/duckdb/), { giveUp });
      await until('the spool to say so', () => told(/the spool can't be written/), { giveUp });
      tracer.kill('SIGINT');
      await detached;
      expect(await node.stop()).toBe(0);
      expect(node.log()).not.toMatch(/\n\s+at /);
      expect(node.log()).not.toMatch(/dropped/);
      expect(await outputOf(['audit', '--store', `duckdb:${store}`], home)).toMatch(
        /the store holds every one\n$/,
      );
    },
  );
});
