// Every page preloads exactly the modules that its main imports: one that is missing costs a round trip before the first picture.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('../../web', import.meta.url));

/** The static imports of a module, and theirs. */
function graph(module, seen = new Set()) {
  if (seen.has(module)) return seen;
  seen.add(module);
  const source = readFileSync(join(web, 'js', `${module}.js`), 'utf8');
  for (const [, path] of source.matchAll(/^import [^;]*?'(\.[^']+)\.js';/gm)) graph(normalize(join(dirname(module), path)), seen);
  return seen;
}

/** What a template preloads or loads, lists of a Jinja loop included. */
function loaded(template) {
  const html = readFileSync(join(web, template), 'utf8');
  const direct = [...html.matchAll(/(?:href|src)="\{\{ assets \}\}\/js\/([^"{]+)\.js"/g)].map(([, name]) => name);
  const looped = [...html.matchAll(/for module in \[([^\]]+)\]/g)].flatMap(([, list]) => [...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
  return new Set([...direct, ...looped]);
}

for (const [template, main] of [['index.html', 'feed'], ['live.html', 'studio'], ['room.html', 'room']]) {
  test(`${template} preloads the modules of ${main}.js`, () => {
    assert.deepEqual([...loaded(template)].sort(), [...graph(main)].sort());
  });
}
