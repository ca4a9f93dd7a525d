import { readdirSync } from 'node:fs';
import path from 'node:path';
import { BEHAVIOURS } from './all-behaviours';

it('lists every behaviour of the folder, each under the name of its file', () => {
  const files = readdirSync(path.join(__dirname, 'behaviours')).map((file) => file.replace(/\.ts$/, ''));
  expect(BEHAVIOURS.map(({ name }) => name)).toEqual(files.sort());
  expect(BEHAVIOURS).toHaveLength(55);
});
