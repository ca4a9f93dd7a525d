// Bundles the page of the browser to dist/web/assets: a script, a style sheet and an icon whose names carry a
// hash of what is in them, so that a browser may keep them for ever, and the HTML that names them.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);

/** @param root folder of the package */
export async function buildPage(root) {
  const page = path.join(root, 'src/web/page');
  const assets = path.join(root, 'dist/web/assets');
  const { metafile } = await build({
    entryPoints: {
      page: path.join(page, 'main.ts'),
      style: path.join(page, 'style.css'),
      icon: path.join(page, 'icon.svg'),
    },
    outdir: assets,
    entryNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['es2022', 'chrome123', 'firefox124', 'safari17.5'],
    tsconfig: path.join(page, 'tsconfig.json'),
    banner: notice(),
    metafile: true,
    logLevel: 'warning',
  });
  const built = Object.keys(metafile.outputs).map((file) => path.basename(file));
  const fileOf = (name) => `/assets/${built.find((file) => file.startsWith(`${name}-`))}`;
  for (const name of ['index.html', 'login.html']) {
    const html = readFileSync(path.join(page, name), 'utf8')
      .replaceAll('{{script}}', fileOf('page'))
      .replaceAll('{{style}}', fileOf('style'))
      .replaceAll('{{icon}}', fileOf('icon'));
    writeFileSync(path.join(assets, name), html);
  }
}

/** The licence of what is bundled asks that its text goes along. */
function notice() {
  const folder = path.dirname(require.resolve('uplot/package.json'));
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const text = `/*! With uPlot ${version}:\n${readFileSync(path.join(folder, 'LICENSE'), 'utf8')}\n*/`;
  return { js: text, css: text };
}
