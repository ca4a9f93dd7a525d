import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..');

/** Files that tell a reader or a machine to run something: all that are kept beside the code. */
const FILES = /(^|\/)(\.ci\/run|Dockerfile|[^/]+\.(md|sh|ya?ml|ts|html))$/;

it('each npm script that a file names is one of package.json', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  const named = files
    .filter((file) => FILES.test(file))
    .flatMap((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      const names = text.matchAll(/\bnpm run (?:--?[a-z-]+ )*([a-z][\w:-]*)/g);
      return [...names].map(([, name = '']) => ({ file, name }));
    });
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ name }) => !(name in scripts))).toEqual([]);
});

it('each file that a script of package.json starts is there', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const started = Object.values(scripts).flatMap((line) =>
    [...line.matchAll(/\bnode (?:-r tsx\/cjs )?((?:scripts|bench|bin|test)\/\S+)/g)].map(
      ([, file = '']) => file,
    ),
  );
  expect(started.length).toBeGreaterThan(8);
  for (const file of started) expect(() => readFileSync(path.join(ROOT, file))).not.toThrow();
});

it('each script and each bench that a file names is there', () => {
  const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  const named = files
    .filter((file) => FILES.test(file) && file !== 'CHANGELOG.md')
    .flatMap((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      return [...text.matchAll(/\b(?:scripts|bench)\/[\w/-]+\.\w+/g)].map(([name]) => ({ file, name }));
    });
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(({ name }) => !existsSync(path.join(ROOT, name)))).toEqual([]);
});
