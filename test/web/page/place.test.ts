import { findLink, panelLink, readPlace, whyLink } from '../../../src/web/page/place';

const places = {
  tabs: new Set(['now', 'chain', 'peers', 'query', 'why']),
  tabOf: new Map([
    ['block-size', 'chain'],
    ['peers', 'peers'],
  ]),
};

it.each([
  ['#chain', { tab: 'chain', panel: null, isAlone: false, find: null }],
  ['#peers', { tab: 'peers', panel: null, isAlone: false, find: null }],
  [panelLink('block-size'), { tab: 'chain', panel: 'block-size', isAlone: false, find: null }],
  [panelLink('peers', true), { tab: 'peers', panel: 'peers', isAlone: true, find: null }],
  [findLink('[::1]:8333'), { tab: 'query', panel: null, isAlone: false, find: '[::1]:8333' }],
  [whyLink('[::1]:8333'), { tab: 'why', panel: null, isAlone: false, find: '[::1]:8333' }],
  ['#why', { tab: 'why', panel: null, isAlone: false, find: null }],
  ['#find-%ff', { tab: 'query', panel: null, isAlone: false, find: '%ff' }],
])('reads the place of %s', (hash, place) => {
  expect(readPlace(hash, places)).toEqual(place);
});

it.each(['', '#', '#main', '#panel-', '#panel-nothing', '#alone-chain', '#toString', '#%ff'])(
  'knows no place %s',
  (hash) => expect(readPlace(hash, places)).toBeNull(),
);
