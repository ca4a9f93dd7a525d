import { Writing } from '../../../src/store/process/writing';

let files: string;
let isOnDisk: boolean;
let writing: Writing;
beforeEach(() => {
  files = 'a';
  isOnDisk = false;
  writing = new Writing({ marks: () => files, waitsForDisk: () => isOnDisk });
});

it('is not writing where nothing was begun', () => {
  isOnDisk = true;
  files = 'b';
  expect(writing.look()).toBe(false);
});

it.each(['commit', 'checkpoint'] as const)('a %s writes once the files change, until it ends', (work) => {
  writing.begins(work, files);
  isOnDisk = true;
  expect(writing.look()).toBe(false);
  files = 'b';
  expect(writing.look()).toBe(true);
  writing.ends(work);
  expect(writing.look()).toBe(false);
});

it('does not count a COMMIT that neither writes on nor waits for the disk', () => {
  writing.begins('commit', files);
  files = 'b';
  expect([writing.look(), writing.look(), writing.look()]).toEqual([true, false, false]);
  files = 'c';
  expect([writing.look(), writing.look()]).toEqual([true, false]);
  isOnDisk = true;
  expect([writing.look(), writing.look()]).toEqual([true, true]);
});

it('goes on with a checkpoint beside a COMMIT that has ended', () => {
  writing.begins('commit', files);
  writing.begins('checkpoint', files);
  files = 'b';
  writing.ends('commit');
  expect(writing.look()).toBe(true);
});
