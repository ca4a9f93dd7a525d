import { checkOpenFiles } from '../../src/lib/open-files';

it('as many sockets as the limit allows, and some files, can be open', () => {
  expect(() => checkOpenFiles(800, '--peers 800', 1_000)).not.toThrow();
  expect(() => checkOpenFiles(801, '--peers 801', 1_000)).toThrow(
    '--peers 801: needs 1001 open files and sockets, and this process may have 1000; raise the limit ' +
      '(ulimit -n 1001; of systemd LimitNOFILE=1001; of Docker --ulimit nofile=1001), or ask for fewer',
  );
});

it('nothing is refused where the limit is not known', () => {
  expect(() => checkOpenFiles(1e9, '--peers', null)).not.toThrow();
});
