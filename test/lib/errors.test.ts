import { connect } from 'node:net';
import { once } from 'node:events';
import { messageOf } from '../../src/lib/errors';
import { freePort } from '../support/free-port';
import { nameHosts } from '../support/names';

it('an error of several addresses names each', async () => {
  const port = await freePort();
  const restore = nameHosts({ 'two.test': ['::1', '127.0.0.1'] });
  const [error] = (await once(connect({ host: 'two.test', port, autoSelectFamily: true }), 'connect').catch(
    (thrown: unknown) => [thrown],
  )) as unknown[];
  restore();
  expect(messageOf(error)).toBe(`connect ECONNREFUSED ::1:${port}, connect ECONNREFUSED 127.0.0.1:${port}`);
});

it.each<[string, unknown, string]>([
  ['a message', new Error('no'), 'no'],
  ['a code alone', Object.assign(new Error(''), { code: 'EPIPE' }), 'EPIPE'],
  ['a cause alone', new Error('', { cause: new Error('deep') }), 'deep'],
  ['nothing at all', new TypeError(''), 'TypeError'],
  ['a message and several errors', new AggregateError([new Error('a'), new Error('b')], 'all'), 'all: a, b'],
  ['the same error twice', new AggregateError([new Error('a'), new Error('a')]), 'a'],
  [
    'errors within errors',
    new AggregateError([new AggregateError([new Error('a')]), new Error('b')]),
    'a, b',
  ],
  ['no errors in it', new AggregateError([]), 'AggregateError'],
  [
    'an option of Node.js 24 in it',
    new Error(
      'self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
    ),
    'self-signed certificate',
  ],
  ['a string', 'text', 'text'],
  ['an empty string', '', 'unknown error'],
])('messageOf of an error that has %s', (_, error, message) => {
  expect(messageOf(error)).toBe(message);
});

it('messageOf names eight errors at most', () => {
  const errors = Array.from({ length: 1_000 }, (_, i) => new Error(`e${i}`));
  expect(messageOf(new AggregateError(errors))).toBe('e0, e1, e2, e3, e4, e5, e6, e7 and 992 more');
});
