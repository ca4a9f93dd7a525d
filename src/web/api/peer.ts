import type { Live } from '../../live/live';
import type { Handler } from '../exchange';
import { HttpError } from '../http-error';
import { readParams } from '../params';
import { sendJson } from '../reply';

/** `GET /api/peer?id=ID`: all that is known of an open connection, by the id that `/api/live` tells. */
export function peerHandler(live: Live | undefined): Handler {
  return async ({ request, response, params }) => {
    const { id: text = '' } = readParams(params, ['id']);
    if (!/^\d{1,15}$/.test(text))
      throw new HttpError(400, 'the parameter id is the number of a peer, such as id=7');
    const session = live?.session(Number(text)) ?? null;
    if (session === null) throw new HttpError(404, `peer ${text} is not connected`);
    await sendJson(request, response, session);
  };
}
