import { type Asset, sendAsset } from './assets';
import { readBody } from './body';
import type { Handler, Route } from './exchange';
import type { TokenGuard } from './token-guard';
import { HttpError } from './http-error';
import { send } from './reply';
import { isRecord } from '../query/server-request';

const MAX_BYTES = 2_000;

/** Path of the login. */
export const LOGIN_PATH = '/login';

/** Placeholder in login.html for a message to the visitor. */
const MESSAGE = '<!--message-->';

/**
 * `/login` and `/logout`. If the token in a form is wrong, the login page comes back with a message. A script
 * sends JSON and gets a status.
 */
export function loginRoutes(guard: TokenGuard, page: Asset | undefined): ReadonlyMap<string, Route> {
  const show: Handler = ({ request, response }) => {
    if (guard.allows(request)) redirect(response, '/');
    else if (page === undefined)
      throw new HttpError(404, 'the page is not in this package; send the token as Bearer');
    else sendAsset(request, response, page);
  };
  const logIn: Handler = async ({ request, response }) => {
    const { type, text } = await readBody(request, {
      types: ['application/x-www-form-urlencoded', 'application/json'],
      maxBytes: MAX_BYTES,
    });
    const isForm = type !== 'application/json';
    const token = isForm ? new URLSearchParams(text).get('token') : tokenOf(text);
    try {
      response.setHeader('set-cookie', guard.logIn((token ?? '').trim(), request));
    } catch (error) {
      if (!(error instanceof HttpError) || !isForm || page === undefined) throw error;
      const body = page.body.toString().replace(MESSAGE, error.message);
      await send(request, response, { status: error.status, type: page.type, headers: error.headers, body });
      return;
    }
    if (isForm) redirect(response, '/');
    else response.writeHead(204).end();
  };
  const logOut: Handler = ({ request, response }) => {
    request.resume();
    response.setHeader('set-cookie', guard.logOut(request));
    redirect(response, LOGIN_PATH);
  };
  return new Map([
    [LOGIN_PATH, { access: 'all', GET: show, POST: logIn }],
    ['/logout', { access: 'all', POST: logOut }],
  ]);
}

/** Redirects a browser to another path, by GET. */
export function redirect(response: Parameters<Handler>[0]['response'], to: string): void {
  response.writeHead(303, { location: to, 'content-length': 0 }).end();
}

function tokenOf(text: string): string | null {
  try {
    const body: unknown = JSON.parse(text);
    if (isRecord(body) && typeof body['token'] === 'string') return body['token'];
  } catch {
    // Said below.
  }
  throw new HttpError(400, 'send {"token": "…"}');
}
