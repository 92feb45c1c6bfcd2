// Bundles the page with esbuild: node bundle.mjs WEB OUT
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';

const [web, out] = process.argv.slice(2).map((path) => resolve(path));
const js = join(web, 'js');

const COMMON = {
  bundle: true,
  minify: true,
  target: 'es2022', // every browser that can play
  charset: 'utf8',
  logLevel: 'warning',
};

/**
 * An esbuild plugin that puts the modules of the main file into one chunk. By itself esbuild makes
 * a chunk for each set of modules that the same entries share, so the main file would wait for
 * several chunks. The plugin makes every late module import the main module. Then all entries share
 * all modules of the main file, and these become one chunk.
 */
function oneChunk(main) {
  const late = new Set();
  return {
    name: 'one chunk',
    setup(bundler) {
      bundler.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        if (kind === 'dynamic-import') late.add(join(resolveDir, path));
        return null;
      });
      bundler.onLoad({ filter: /\.js$/, namespace: 'file' }, async ({ path }) => {
        if (!late.has(path)) return null;
        return { contents: `${await readFile(path, 'utf8')}\nimport ${JSON.stringify(main)};\n` };
      });
    },
  };
}

/** Writes a page's bundle. @returns {Promise<string>} the name of its main file */
async function bundlePage(name) {
  const main = join(js, `${name}.js`);
  const { metafile, outputFiles } = await build({
    ...COMMON,
    entryPoints: [main],
    outdir: out,
    format: 'esm',
    splitting: true,
    chunkNames: '[name]-[hash]',
    metafile: true,
    write: false,
    plugins: [oneChunk(main)],
  });
  const [path, { imports, bytes }] = Object.entries(metafile.outputs).find(
    ([path]) => basename(path) === `${name}.js`,
  );
  const [chunk, ...others] = imports.filter(({ kind }) => kind === 'import-statement');
  if (others.length || (chunk && bytes > 100)) throw new Error(`${name}.js is more than one file`);
  for (const file of outputFiles)
    if (!chunk || basename(file.path) !== basename(path)) await writeFile(file.path, file.contents);
  return basename(chunk?.path ?? path);
}

/** Writes a script that needs no other file. */
async function bundleScript(module, name) {
  const outfile = join(out, name);
  await build({ ...COMMON, entryPoints: [join(js, module)], outfile, format: 'iife' });
  return outfile;
}

const mains = {};
const PAGES = ['feed', 'explore', 'studio', 'room', 'me', 'handle', 'tag', 'clip', 'replay'];
for (const page of [...PAGES, 'embed'])
  mains[page] = await bundlePage(page);
await bundleScript('watch/webcodecs/worker.js', 'worker.js');
await bundleScript('watch/webcodecs/sound_worklet.js', 'sound_worklet.js');
const boot = await bundleScript('boot/main.js', 'boot.js');
if (/<\/script|<!--/i.test(await readFile(boot, 'utf8')))
  throw new Error('the boot script cannot be inline in HTML');
await writeFile(join(out, 'mains.json'), JSON.stringify(mains));
