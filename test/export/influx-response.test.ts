import { judgeResponse } from '../../src/export/influx-response';

const answer = (status: number, text: string, retryAfterMs?: number) =>
  judgeResponse({ status, text, retryAfterMs });
const json = (value: object): string => JSON.stringify(value);

// The texts are the servers' own: 1.x as 1.6.7 gives them, those of 2 and 3 as their documentation and issues
// show them.
describe('a response of InfluxDB', () => {
  it.each([
    [204, ''],
    [200, '{}'],
  ])('%i means that all is stored', (status, text) => {
    expect(answer(status, text)).toEqual({ kind: 'stored', refused: 0 });
  });

  it.each([
    [
      400,
      json({
        error:
          'partial write: field type conflict: input field "x" on measurement "m" is type float, already exists as type integer dropped=3',
      }),
      3,
      'input field "x" on measurement "m" is type float',
    ],
    [
      400,
      json({ error: 'partial write: points beyond retention policy dropped=24' }),
      24,
      'beyond retention policy',
    ],
    [
      422,
      json({
        code: 'unprocessable entity',
        message:
          'failure writing points to database: partial write: dropped 550 points outside retention policy of duration 8760h0m0s - oldest point a dropped because it violates a Retention Policy Lower Bound dropped=550 for database: 91040e1bf6671dfd for retention policy: autogen',
      }),
      550,
      'outside retention policy',
    ],
    [
      500,
      json({
        code: 'internal error',
        message:
          'unexpected error writing points to database: partial write: points beyond retention policy dropped=1',
      }),
      1,
      'beyond retention policy',
    ],
    [
      400,
      json({
        error: 'partial write of line protocol occurred',
        data: [
          { original_line: 'dquote"', line_number: 2, error_message: 'No fields were provided' },
          { original_line: 'x', line_number: 7, error_message: 'Other' },
        ],
      }),
      2,
      'partial write of line protocol occurred: No fields were provided',
    ],
  ])('%i %s: some are not stored', (status, text, refused, reason) => {
    expect(answer(status, text)).toEqual({
      kind: 'stored',
      refused,
      reason: expect.stringContaining(reason) as string,
    });
  });

  it.each([
    [413, json({ error: 'Request Entity Too Large' }), '413 Request Entity Too Large'],
    [413, '<html>\r\n<head><title>413', '413 <html> <head><title>413'],
    [
      400,
      json({
        error: `partial write: unable to parse 'm s="\n dropped=9 ': x= 1': missing field value dropped=0`,
      }),
      'partial write: unable to parse: missing field value dropped=0',
    ],
    [
      400,
      json({ error: `unable to parse 'm x= 1': missing\nunable to parse 'mm 3': invalid field format` }),
      'unable to parse: invalid field format',
    ],
    [
      400,
      json({
        code: 'invalid',
        line: 2,
        message: 'failed to parse line protocol: errors encountered on line(s): 2',
      }),
      'failed to parse line protocol: errors encountered on line(s): 2',
    ],
    [
      500,
      json({
        code: 'internal error',
        message: 'unexpected error writing points to database: field type conflict: x',
      }),
      'unexpected error writing points to database: field type conflict: x',
    ],
    [
      500,
      json({ error: 'partial write: field type conflict dropped=0' }),
      'partial write: field type conflict dropped=0',
    ],
    [
      500,
      json({ error: "invalid column type for column 'x', expected f64, got i64" }),
      "invalid column type for column 'x', expected f64, got i64",
    ],
    [409, json({ message: 'field type conflict' }), 'field type conflict'],
    [
      400,
      json({
        error: 'partial write of line protocol occurred',
        data: Array.from({ length: 100 }, (_, i) => ({ line_number: i, error_message: 'bad' })),
      }),
      'partial write of line protocol occurred: bad',
    ],
  ])('%i %s: which are bad is not told', (status, text, reason) => {
    expect(answer(status, text)).toEqual({ kind: 'divide', reason });
  });

  it.each([
    [
      400,
      'Client sent an HTTP request to an HTTPS server.',
      '400 Client sent an HTTP request to an HTTPS server.',
    ],
    [400, json({ error: 'database is required' }), '400 database is required'],
    [401, json({ error: 'authorization failed' }), '401 authorization failed'],
    [404, json({ error: 'database not found: "x"' }), '404 database not found: "x"'],
    [
      500,
      json({ error: 'engine: error writing WAL entry: no space left' }),
      '500 engine: error writing WAL entry: no space left',
    ],
    [502, '', '502'],
    [302, 'x'.repeat(500), `302 ${'x'.repeat(200)}...`],
    [503, 'a\x1b[31m\0ü\nb', '503 a?[31m?? b'],
    [503, json({ error: 'field type conflict' }), '503 field type conflict'],
    [200, '\n<!doctype html><title>Sign in', '200 <!doctype html><title>Sign in'],
    [200, json({ error: 'database not found' }), '200 database not found'],
  ])('%i %s: a later attempt may succeed', (status, text, reason) => {
    expect(answer(status, text)).toMatchObject({ kind: 'failed', reason, retryAfterMs: undefined });
  });

  it.each([
    [400, true],
    [409, true],
    [500, true],
    [200, false],
    [302, false],
    [401, false],
    [403, false],
    [404, false],
    [429, false],
    [502, false],
    [503, false],
    [504, false],
  ])('%i in unknown words may be due to the lines: %s', (status, mayBlameLines) => {
    expect(answer(status, '<words>')).toMatchObject({ kind: 'failed', mayBlameLines });
  });

  it('has the time of Retry-After', () => {
    expect(answer(429, '', 7_000)).toMatchObject({ kind: 'failed', retryAfterMs: 7_000 });
  });
});
