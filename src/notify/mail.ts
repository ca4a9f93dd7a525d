import type * as Nodemailer from 'nodemailer';
import { messageOf } from '../lib/errors';
import type { Receiver } from './receiver';

/** The mail server, and the recipients. */
export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** `implicit`: from the first byte; `required` or `offered`: by STARTTLS; `off`: never. */
  readonly tls: 'implicit' | 'required' | 'offered' | 'off';
  readonly login: { readonly user: string; readonly password: string } | null;
  readonly from: string;
  readonly to: readonly string[];
}

/** Time limit of each step with the server, in milliseconds. */
const STEP_MS = 15_000;

/** Sends messages by mail, through an SMTP server. */
export function mail({ host, port, tls, login, from, to }: MailSettings): Receiver {
  return {
    shown: `mail through ${host}:${port}`,
    send: async ({ title, text, monitor }, signal) => {
      signal.throwIfAborted();
      // The library takes memory, so it is loaded only where mail is sent.
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      const { createTransport } = require('nodemailer') as typeof Nodemailer;
      const transport = createTransport({
        ...{
          host,
          port,
          secure: tls === 'implicit',
          requireTLS: tls === 'required',
          ignoreTLS: tls === 'off',
        },
        ...(login === null ? {} : { auth: { user: login.user, pass: login.password } }),
        ...{ connectionTimeout: STEP_MS, greetingTimeout: STEP_MS, socketTimeout: STEP_MS },
        ...{ disableFileAccess: true, disableUrlAccess: true },
      });
      const end = (): void => transport.close();
      signal.addEventListener('abort', end, { once: true });
      try {
        await transport.sendMail({
          ...{ from, to: [...to], subject: `[btcdmon] ${title}` },
          text: `${text}\n\n-- \n${monitor}\n`,
        });
      } catch (error) {
        // The cause may have a secret.
        // eslint-disable-next-line preserve-caught-error
        throw new Error(withoutSecrets(messageOf(error), login));
      } finally {
        signal.removeEventListener('abort', end);
        transport.close();
      }
    },
  };
}

/** A server may repeat what it was sent. */
function withoutSecrets(text: string, login: MailSettings['login']): string {
  if (login === null) return text;
  const forms = [login.password, Buffer.from(login.password).toString('base64')];
  return forms.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}
