import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A mail that was handed in. */
interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Its head and its text. */
  readonly text: string;
}

/** A mail server on loopback that keeps its mails. */
export interface SmtpServer {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  stop(): Promise<void>;
}

/** Starts one. Without `tls` it offers none; with `login` it takes mail only after it. */
export async function startSmtpServer({
  tls,
  login,
}: {
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly login?: { readonly user: string; readonly password: string };
}): Promise<SmtpServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    ...(tls ?? {}),
    disabledCommands: [...(tls === undefined ? ['STARTTLS'] : []), ...(login === undefined ? ['AUTH'] : [])],
    allowInsecureAuth: true,
    authOptional: login === undefined,
    onAuth: ({ username, password }, _, done) => {
      const isRight = username === login?.user && password === login?.password;
      done(isRight ? null : new Error(`no such login: ${username ?? ''} ${password ?? ''}`), {
        user: username,
      });
    },
    onData: (stream, { envelope }, done) => {
      let text = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => (text += chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        mails.push({ from, to: rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
