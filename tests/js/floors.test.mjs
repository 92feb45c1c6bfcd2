// Checks every import of web/js against the table of web/README.md.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const WEB = join(dirname(fileURLToPath(import.meta.url)), '../../web');
const JS = join(WEB, 'js');

const [, table] = readFileSync(join(WEB, 'README.md'), 'utf8').split('|---|---|\n');
/** From the top. @type {string[][]} */
const FLOORS = table
  .split('\n\n')[0]
  .split('\n')
  .map((row) => [...row.matchAll(/`([\w./]+)`/g)].map(([, name]) => name));
const ENTRIES = FLOORS.flat();
const MODULES = readdirSync(JS, { recursive: true }).filter((name) => name.endsWith('.js'));

/** The longest entry of the table that contains the module. */
const entryOf = (name) =>
  ENTRIES.filter((entry) => name === entry || name.startsWith(`${entry}/`)).sort(
    (a, b) => b.length - a.length,
  )[0];
const heightOf = (entry) => FLOORS.findIndex((floor) => floor.includes(entry));

/** What the module's code imports; in comments, where types stand, it does not count. */
function importsOf(name) {
  const code = readFileSync(join(JS, name), 'utf8').replace(/\/\*[^]*?\*\//g, '');
  return [...code.matchAll(/(?:\bfrom |\bimport\()'(\.[^']+)'/g)].map(([, path]) =>
    normalize(join(dirname(name), path)),
  );
}

test('every entry of the table has modules, and every module an entry', () => {
  for (const entry of ENTRIES)
    assert.ok(
      MODULES.some((name) => entryOf(name) === entry),
      entry,
    );
  for (const name of MODULES) assert.ok(entryOf(name), name);
});

for (const name of MODULES) {
  test(`${name} imports from its folder and from below`, () => {
    for (const imported of importsOf(name)) {
      if (relative(JS, join(JS, imported)).startsWith('..')) continue; // vendor
      const [own, other] = [entryOf(name), entryOf(imported)];
      assert.ok(own === other || heightOf(other) > heightOf(own), `${name} imports ${imported}`);
    }
  });
}
