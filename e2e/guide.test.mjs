// The user guide shows what there is: every picture that it names is there, and a journey takes it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const named = (folder, pattern) =>
  readdirSync(folder)
    .filter((file) => /\.(md|mjs)$/.test(file))
    .flatMap((file) => [...readFileSync(`${folder}/${file}`, 'utf8').matchAll(pattern)].map(([, name]) => name))
    .sort();

// A picture may be shown on two pages.
test('the pictures of the guide are those that the journeys take', () => {
  const shown = [...new Set(named('docs/guide', /\]\(pictures\/([\w-]+)\.jpg\)/g))];
  const taken = named('e2e', /await illustrate\(\w+, '([\w-]+)'\)/g);
  const kept = readdirSync('docs/guide/pictures').map((file) => file.replace('.jpg', '')).sort();
  assert.deepEqual(taken, shown);
  assert.deepEqual(kept, shown);
});
