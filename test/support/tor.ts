import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './free-port';
import { findProgram, requirement } from './requires';
import { until } from './until';

/** Declares that a test file needs Tor, with the program that makes the keys of its authorities. */
export const tor = requirement(
  'tor',
  () => {
    const program = findProgram('tor', ['/usr/sbin']);
    return findProgram('tor-gencert', ['/usr/sbin']) === null ? null : program;
  },
  'install tor (Debian: apt-get install tor)',
);

/** The authorities are relays as well. Four are enough for the circuits of onion services. */
const AUTHORITIES = 4;

/** How the network of a test differs from Tor's: all on loopback, and a consensus each few seconds. */
const COMMON = `TestingTorNetwork 1
Address 127.0.0.1
AssumeReachable 1
PathsNeededToBuildCircuits 0.67
TestingDirAuthVoteExit *
TestingDirAuthVoteHSDir *
TestingDirAuthVoteGuard *
V3AuthNIntervalsValid 2
TestingServerDownloadInitialDelay 0
TestingClientDownloadInitialDelay 0
TestingServerConsensusDownloadInitialDelay 0
TestingClientConsensusDownloadInitialDelay 0
ConnLimit 60
ShutdownWaitLength 0
RunAsDaemon 0
SafeLogging 0
`;

const VOTING = `AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
TestingV3AuthInitialVotingInterval 20
TestingV3AuthInitialVoteDelay 4
TestingV3AuthInitialDistDelay 4
V3AuthVotingInterval 20
V3AuthVoteDelay 4
V3AuthDistDelay 4
TestingMinExitFlagThreshold 0
TestingMinFastFlagThreshold 0
ContactInfo none@invalid
`;

/** One Tor of the network. */
interface TorNode {
  readonly name: string;
  readonly folder: string;
  readonly orPort: number;
  readonly dirPort: number;
}

/** A private Tor network on loopback: authorities, which are relays, and one client. */
export class TorNetwork {
  private readonly children: ChildProcess[] = [];

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    readonly socksPort: number,
    readonly controlPort: number,
  ) {}

  /** The cookie of the client's control port. */
  get cookieFile(): string {
    return path.join(this.folder, 'client', 'control_auth_cookie');
  }

  /** The log of the client so far. */
  get log(): string {
    return readFileSync(path.join(this.folder, 'client', 'log'), 'utf8');
  }

  /** Starts the network in a folder, and waits until its client can make circuits. */
  static async start(program: string, folder: string): Promise<TorNetwork> {
    const network = new TorNetwork(program, folder, await freePort(), await freePort());
    try {
      await network.run();
    } catch (error) {
      await network.stop();
      throw error;
    }
    return network;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.children.splice(0).map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill('SIGINT');
        await exited;
      }),
    );
  }

  private async run(): Promise<void> {
    const authorities: TorNode[] = [];
    const lines: string[] = [];
    for (let i = 0; i < AUTHORITIES; i++) {
      const name = `authority${i}`;
      const node = { name, folder: this.folderOf(name), orPort: await freePort(), dirPort: await freePort() };
      authorities.push(node);
      lines.push(this.authorityLine(node));
    }
    const directory = `${lines.join('\n')}\n`;
    for (const node of authorities) this.spawn(node.name, `${directory}${VOTING}${relayLines(node)}`);
    const client = `SocksPort 127.0.0.1:${this.socksPort}\nControlPort 127.0.0.1:${this.controlPort}\n`;
    this.folderOf('client');
    this.spawn('client', `${directory}${client}CookieAuthentication 1\n`);
    const ended = (): string | undefined => {
      const gone = this.children.find(({ exitCode }) => exitCode !== null);
      return gone === undefined ? undefined : `${gone.spawnargs.join(' ')} ended: ${this.log.slice(-2_000)}`;
    };
    await until('the client of Tor', () => this.log.includes('Bootstrapped 100%'), {
      ms: 180_000,
      giveUp: ended,
    });
  }

  private folderOf(name: string): string {
    const folder = path.join(this.folder, name);
    mkdirSync(path.join(folder, 'keys'), { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Makes the keys of an authority, and returns the line by which others know it. */
  private authorityLine(node: TorNode): string {
    const { dirPort, folder, name, orPort } = node;
    const keys = path.join(folder, 'keys');
    execFileSync(
      'tor-gencert',
      [
        ...['--create-identity-key', '--passphrase-fd', '0', '-m', '12', '-a', `127.0.0.1:${dirPort}`],
        ...['-i', path.join(keys, 'authority_identity_key'), '-s', path.join(keys, 'authority_signing_key')],
        ...['-c', path.join(keys, 'authority_certificate')],
      ],
      { input: 'a passphrase of a test\n', stdio: ['pipe', 'ignore', 'ignore'] },
    );
    const certificate = readFileSync(path.join(keys, 'authority_certificate'), 'utf8');
    const identity = /^fingerprint ([0-9A-F]{40})$/m.exec(certificate)?.[1] ?? '';
    const options = path.join(folder, 'torrc-keys');
    writeFileSync(
      options,
      `${COMMON}DataDirectory ${folder}\nNickname ${name}\nORPort 127.0.0.1:${orPort}\nDirAuthority ${name} orport=${orPort} no-v2 v3ident=${identity} 127.0.0.1:${dirPort} ${'F'.repeat(40)}\n`,
    );
    const listed = execFileSync(this.program, ['-f', options, '--list-fingerprint', '--quiet'], {
      encoding: 'utf8',
    });
    const fingerprint = /([0-9A-F]{4} ?){10}\s*$/.exec(listed.trim())?.[0].replaceAll(' ', '').trim() ?? '';
    return `DirAuthority ${name} orport=${orPort} no-v2 v3ident=${identity} 127.0.0.1:${dirPort} ${fingerprint}`;
  }

  private spawn(name: string, options: string): void {
    const folder = path.join(this.folder, name);
    const file = path.join(folder, 'torrc');
    writeFileSync(
      file,
      `${COMMON}DataDirectory ${folder}\nLog notice file ${path.join(folder, 'log')}\n__OwningControllerProcess ${process.pid}\n${options}`,
    );
    writeFileSync(path.join(folder, 'log'), '');
    const child = spawn(this.program, ['-f', file, '--quiet'], { stdio: 'ignore' });
    process.once('exit', () => child.kill('SIGKILL'));
    this.children.push(child);
  }
}

function relayLines({ dirPort, name, orPort }: TorNode): string {
  return `Nickname ${name}
ORPort 127.0.0.1:${orPort}
DirPort 127.0.0.1:${dirPort}
SocksPort 0
ExitRelay 1
ExitPolicy accept 127.0.0.0/8:*
ExitPolicyRejectPrivate 0
`;
}
