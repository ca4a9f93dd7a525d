import type { QueryScheduler } from '../../query/query-scheduler';
import { nowNs } from '../../query/time';
import { answerWhy } from '../../why/answer-why';
import type { LiveWhyAnswers } from '../../why/live-why';
import { parseSubject } from '../../why/subject';
import type { Handler } from '../exchange';
import { readParams } from '../params';
import { sendJson } from '../reply';

export interface WhyHandlerModules {
  readonly scheduler: QueryScheduler;
  /** What the running node remembers; undefined for a store alone. */
  readonly why?: LiveWhyAnswers | undefined;
  /** Milliseconds that its queries may take. */
  readonly queryMs: number;
}

/** `GET /api/why?id=…`: everything that is known of a transaction, a block or a peer. */
export function whyHandler({ scheduler, why, queryMs }: WhyHandlerModules): Handler {
  return async ({ request, response, params, left }) => {
    const { id = '' } = readParams(params, ['id']);
    parseSubject(id);
    const answer = await scheduler.ask({ kind: 'query', timeoutMs: queryMs, left }, (asked) =>
      answerWhy(id, {
        live: async (text) => (await why?.answer(text)) ?? null,
        run: (query) => asked.run(query),
        nowNs: nowNs(),
      }),
    );
    await sendJson(request, response, answer);
  };
}
