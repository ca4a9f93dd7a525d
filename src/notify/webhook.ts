import { RetryLater } from '../lib/backoff';
import { messageOf } from '../lib/errors';
import type { Message } from './message';
import type { Receiver } from './receiver';

/** Forms of a body. `json` is the message itself. */
export type Shape = 'json' | 'slack' | 'discord' | 'ntfy';

/** Where messages are posted, and how. */
export interface WebhookSettings {
  readonly shape: Shape;
  /** Without user and password. */
  readonly url: URL;
  /** The value of the header `authorization`; null for none. */
  readonly authorization: string | null;
}

/** Most characters that Discord takes, and ntfy as a message without making it a file. */
const DISCORD_LENGTH = 2_000;
const NTFY_LENGTH = 3_000;

/** The statuses with which a server asks for a pause. */
const BUSY = [429, 503];

/** Posts messages to a URL. */
export function webhook({ shape, url, authorization }: WebhookSettings): Receiver {
  return {
    shown: `${shape} at ${url.host}`,
    send: async (message, signal) => {
      const { target, body } = REQUESTS[shape](url, message);
      let response: Response;
      try {
        response = await fetch(target, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'user-agent': 'btcdmon-node',
            ...(authorization === null ? {} : { authorization }),
          },
          body: JSON.stringify(body),
          // Another place might get the secret of this one.
          redirect: 'manual',
          signal,
        });
      } catch (error) {
        // The cause may have the URL.
        // eslint-disable-next-line preserve-caught-error
        throw new Error(reasonOf(error));
      }
      await response.body?.cancel();
      if (response.ok) return;
      const problem = `it answers with status ${response.status}`;
      const waitS = Number(response.headers.get('retry-after'));
      if (BUSY.includes(response.status) && waitS > 0) throw new RetryLater(problem, waitS * 1_000);
      throw new Error(problem);
    },
  };
}

interface Posted {
  readonly target: URL;
  readonly body: unknown;
}

const REQUESTS: Readonly<Record<Shape, (url: URL, message: Message) => Posted>> = {
  json: (target, message) => ({ target, body: { version: 1, ...message } }),
  slack: (target, { title, text, monitor }) => ({
    target,
    body: { text: `*${inert(title)}*\n${inert(text)}\n_${inert(monitor)}_` },
  }),
  // A mention in a text must wake nobody.
  discord: (target, { title, text, monitor }) => ({
    target,
    body: {
      content: cut(`**${title}**\n${text}\n${monitor}`, DISCORD_LENGTH),
      allowed_mentions: { parse: [] },
    },
  }),
  ntfy: (url, { title, text, monitor, severity }) => {
    const segments = url.pathname.split('/');
    const topic = decodeURIComponent(segments.pop() ?? '');
    const target = new URL(url);
    target.pathname = `${segments.join('/')}/`;
    const priority = severity === 'critical' ? 5 : severity === 'warning' ? 3 : 2;
    return {
      target,
      body: { topic, title, message: cut(`${text}\n\n${monitor}`, NTFY_LENGTH), priority },
    };
  },
};

/** Slack reads `<…>` as links and mentions. */
function inert(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/**
 * The reason why there was no answer. Node's own message only says that the fetch failed; its cause names no
 * path.
 */
function reasonOf(error: unknown): string {
  if (error instanceof DOMException || (error as Error).name === 'TimeoutError') return 'it does not answer';
  const { cause } = error as { readonly cause?: unknown };
  return cause === undefined ? 'the connection failed' : messageOf(cause);
}
