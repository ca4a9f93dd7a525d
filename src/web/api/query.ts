import { isRecord, readQuestion } from '../../query/server-request';
import type { QueryScheduler } from '../../query/query-scheduler';
import { kindOf } from '../../query/answer-parts';
import { gatherJson, readFormat, sendCsv, sendGathered } from '../send-answer';
import { readBody } from '../body';
import type { Handler } from '../exchange';
import { HttpError } from '../http-error';
import { DOWNLOAD_MS, type AnswerMemory, MAX_QUESTION_BYTES } from '../limits';

/** What a handler needs to answer queries. */
export interface Answering {
  readonly scheduler: QueryScheduler;
  readonly held: AnswerMemory;
  /** Milliseconds that a query may take whose answer is shown. */
  readonly queryMs: number;
}

/** `POST /api/query`: any query or read-only statement, as JSON or as CSV. */
export function queryHandler({ scheduler, held, queryMs }: Answering): Handler {
  return async (exchange) => {
    const { request, left } = exchange;
    const { text } = await readBody(request, { types: ['application/json'], maxBytes: MAX_QUESTION_BYTES });
    const started = performance.now();
    const body = parse(text);
    const question = readQuestion(body);
    const kind = kindOf(question);
    const format = readFormat(isRecord(body) ? (body['format'] ?? 'json') : 'json');
    if (format !== 'json') {
      const name =
        'query' in question && /^\w+$/.test(question.query.series) ? question.query.series : 'query';
      await scheduler.ask({ kind, timeoutMs: DOWNLOAD_MS, left }, async (asked) =>
        sendCsv(exchange, await asked.answer(question), { name, format, signal: asked.signal }),
      );
      return;
    }
    const gathered = await scheduler.ask({ kind, timeoutMs: queryMs, left }, async (asked) =>
      gatherJson(await asked.answer(question), () => ({ tookMs: Math.round(performance.now() - started) })),
    );
    await sendGathered(exchange, gathered, held);
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, 'the request is not JSON');
  }
}
