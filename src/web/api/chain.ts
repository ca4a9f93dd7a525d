import type { Live } from '../../live/live';
import type { Handler } from '../exchange';
import { HttpError } from '../http-error';
import { readParams } from '../params';
import { sendJson } from '../reply';

/** `GET /api/chain`: the best chain and its branches, as the running node knows them. */
export function chainHandler(live: Live | undefined): Handler {
  return async ({ request, response, params }) => {
    readParams(params, []);
    const chain = live?.chain() ?? null;
    if (chain === null) throw new HttpError(404, 'no node runs here that follows the chain');
    await sendJson(request, response, chain);
  };
}
