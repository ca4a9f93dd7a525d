import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles the web page into the folder web/assets of a build: a script, a style sheet, an icon, and the HTML
 * files that refer to them. The names of the first three contain a hash of their content, so that a browser
 * may cache them for ever.
 * @param root folder of the package
 * @param dist folder of the build
 */
export async function buildPage(root: string, dist: string): Promise<void> {
  const page = path.join(root, 'src', 'web', 'page');
  const assets = path.join(dist, 'web', 'assets');
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
  const addressOf = (name: string): string => {
    const file = built.find((each) => each.startsWith(`${name}-`));
    if (file === undefined) throw new Error(`the bundle of the page has no ${name}`);
    return `/assets/${file}`;
  };
  for (const name of ['index.html', 'login.html']) {
    const html = readFileSync(path.join(page, name), 'utf8')
      .replaceAll('{{script}}', addressOf('page'))
      .replaceAll('{{style}}', addressOf('style'))
      .replaceAll('{{icon}}', addressOf('icon'));
    writeFileSync(path.join(assets, name), html);
  }
}

/** The license of uPlot as comments. The license demands that its text comes with the code. */
function notice(): { readonly js: string; readonly css: string } {
  const manifest = require.resolve('uplot/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string };
  const license = readFileSync(path.join(path.dirname(manifest), 'LICENSE'), 'utf8');
  const text = `/*! With uPlot ${version}:\n${license}\n*/`;
  return { js: text, css: text };
}
