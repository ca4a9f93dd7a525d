import { execFileSync } from 'node:child_process';
import { invocationOf, nextQuery } from '../../src/demo/next-query';

const QUERY = 'query tx_outputs --agg count --by script_type --store';

describe('nextQuery', () => {
  it.each([
    ['in a clone', '/src/btcdmon/bin/btcdmon-node', '/src/btcdmon', 'node bin/btcdmon-node'],
    [
      'from a folder of a clone',
      '/src/btcdmon/bin/btcdmon-node',
      '/src/btcdmon/docs',
      'node /src/btcdmon/bin/btcdmon-node',
    ],
    ['installed globally', '/usr/local/bin/btcdmon-node', '/home/a', 'btcdmon-node'],
    ['by npx', '/home/a/.npm/_npx/12ab/node_modules/.bin/btcdmon-node', '/home/a', 'npx btcdmon-node'],
    ['in a folder with a blank', '/my src/bin/btcdmon-node', '/', "node 'my src/bin/btcdmon-node'"],
  ])('names the program as it was called: %s', (_case, script, folder, program) => {
    const invocation = {
      script,
      folder,
      path: '/usr/local/bin:/usr/bin:/home/a/.npm/_npx/12ab/node_modules/.bin',
    };
    expect(nextQuery(invocation, '/data/demo.duckdb')).toBe(`${program} ${QUERY} duckdb:/data/demo.duckdb`);
  });

  it.each(['/a b/demo.duckdb', "/it's/demo.duckdb", '/$HOME/`x`/demo.duckdb', '/ü/demo.duckdb'])(
    'survives a shell: %s',
    (file) => {
      const line = nextQuery({ script: '/bin/echo', folder: '/', path: '/bin' }, file);
      expect(execFileSync('sh', ['-c', line], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } })).toBe(
        `${QUERY} duckdb:${file}\n`,
      );
    },
  );
});

describe('invocationOf', () => {
  it('uses the folder of the user if npm runs the script in another', () => {
    const cwd = (): string => '/src/btcdmon';
    const argv = ['node', '/src/btcdmon/bin/btcdmon-node', 'demo'];
    expect(invocationOf({ argv, env: { INIT_CWD: '/src', PATH: '/bin' }, cwd })).toEqual({
      script: '/src/btcdmon/bin/btcdmon-node',
      folder: '/src',
      path: '/bin',
    });
    expect(invocationOf({ argv, env: {}, cwd }).folder).toBe('/src/btcdmon');
  });
});
