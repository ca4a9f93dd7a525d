import { chosenNode } from '../../src/panels/chosen-node';
import { PANELS, panelOf } from '../../src/panels/list';
import { networkFor, nodesFor } from '../../src/panels/nodes';
import { THEME_SCOPES } from '../../src/panels/panel';
import { panelQueries } from '../../src/panels/queries';
import type { StoreNode } from '../../src/query/store-nodes';
import { formatWhere } from '../../src/query/where';

const nodeOf = (node: string, network: string, isWatched = false): StoreNode => ({
  node,
  network,
  isWatched,
});
const ALONE = [nodeOf('host', 'mainnet')];
const WATCHING = [...ALONE, nodeOf('btcd', 'mainnet', true), nodeOf('core', 'mainnet', true)];
const FLEET = [nodeOf('central', ''), nodeOf('alpha', 'mainnet'), nodeOf('beta', 'testnet4')];

describe('the node of each scope', () => {
  it.each([
    ['a listener alone', ALONE, {}, { node: 'host', watched: '', monitor: 'host' }],
    ['an empty store', [], {}, { node: '', watched: '', monitor: '' }],
    [
      'a listener that watches',
      WATCHING,
      { own: 'host' },
      { node: 'btcd', watched: 'btcd', monitor: 'host' },
    ],
    ['the other one', WATCHING, { node: 'core' }, { node: 'core', watched: 'core', monitor: 'host' }],
    ['the listener', WATCHING, { node: 'host' }, { node: 'host', watched: 'btcd', monitor: 'host' }],
    ['a collector', FLEET, { own: 'central' }, { node: 'alpha', watched: '', monitor: 'central' }],
    ['one of a fleet', FLEET, { node: 'beta' }, { node: 'beta', watched: '', monitor: 'beta' }],
    ['a network', FLEET, { network: 'testnet4' }, { node: 'beta', watched: '', monitor: 'beta' }],
    ['nobody', ALONE, { node: 'x' }, { node: 'x', watched: '', monitor: 'host' }],
  ] as const)('of %s', (_, nodes, wish, expected) => {
    expect(nodesFor(nodes, wish)).toEqual(expected);
  });
});

it('shows one network of several, and never their sum', () => {
  expect(networkFor(ALONE, 'mainnet')).toBeUndefined();
  expect(networkFor(FLEET, 'testnet4')).toBe('testnet4');
  expect(networkFor(FLEET, null)).toBe('mainnet');
  expect(networkFor(ALONE, 'regtest')).toBe('regtest');
});

it('binds each query of each panel to one node', () => {
  const node = { node: 'a', watched: 'b', monitor: 'c' };
  for (const panel of PANELS) {
    const queries = panelQueries(panel, { since: 0n, until: 1n, bucketNs: null, node });
    for (const [index, { where }] of queries.entries()) {
      const text = where === null ? '' : formatWhere(where);
      const scope = panel.lines[index]?.of ?? THEME_SCOPES[panel.theme] ?? 'node';
      expect([panel.name, text.match(/\bnode = '\w+'/g)]).toEqual([panel.name, [`node = '${node[scope]}'`]]);
    }
  }
});

it('compares the height of a watched node with that of the listener', () => {
  const node = nodesFor(WATCHING, { own: 'host' });
  const queries = panelQueries(panelOf('node-height'), { since: 0n, until: 1n, bucketNs: null, node });
  expect(queries.map(({ series, where }) => [series, where === null ? '' : formatWhere(where)])).toEqual([
    ['node_status', "node = 'btcd'"],
    ['node_status', "node = 'btcd'"],
    ['blocks', "node = 'host'"],
  ]);
});

describe('a condition', () => {
  it.each([
    [undefined, { isOwn: false }],
    ["node = 'a'", { node: 'a', isOwn: false }],
    [
      "network = 'regtest' AND (node = 'a' AND num_tx > 1)",
      {
        ...{ node: 'a', network: 'regtest', where: 'num_tx > 1', isOwn: false },
      },
    ],
    ['num_tx > 1 AND num_tx < 9', { where: '(num_tx > 1) AND (num_tx < 9)', isOwn: false }],
    ["node != 'a'", { where: "node != 'a'", isOwn: true }],
    ["node = 'a' OR node = 'b'", { where: "(node = 'a') OR (node = 'b')", isOwn: true }],
    ["node = 'a' AND node = 'b'", { node: 'a', where: "node = 'b'", isOwn: true }],
  ] as const)('%s', (text, expected) => {
    expect(chosenNode('mempool', text)).toEqual(expected);
  });
});
