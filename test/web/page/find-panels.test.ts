import { PANELS } from '../../../src/panels/list';
import { columnName } from '../../../src/panels/panel-answer';
import { findPanels } from '../../../src/web/page/find-panels';

const panels = PANELS.map(({ lines, ...panel }) => ({ ...panel, labels: lines.map(columnName) }));
const names = (text: string): string[] => findPanels(panels, text).map(({ name }) => name);

it('finds a panel by words of its title, its name, its lines and its explanation', () => {
  expect(names('mempool size')[0]).toBe('mempool-size');
  expect(names('PING')[0]).toBe('ping');
  expect(names('loop-lag')[0]).toBe('loop-lag');
  expect(names('torv3')).toEqual(['address-relay']);
  expect(names('BIP152')).toContain('compact-blocks');
});

it('wants all words, and finds nothing without words', () => {
  expect(names('size block')[0]).toBe('block-size');
  expect(names('block zebra')).toEqual([]);
  expect(names('  ')).toEqual([]);
  expect(names('e')).toHaveLength(8);
});
