// What has to hold on every page, whatever it is about: anyone can use it, it fits the screen, in every mode. And a
// picture of it for people to look at.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];
// All that the dark mode changes.
const colours = ['color-contrast', 'link-in-text-block'];

/**
 * All the checks in every mode, with pictures `NAME-normal`, `NAME-dark` and `NAME-elder`. The page is loaded again, so
 * it must be one that GET gives.
 */
export const look = (page, name) =>
  everyMode(page, (mode) => glance(page, `${name}-${mode}`, mode === 'dark' ? colours : rules));

/** The same checks of the page as it stands, such as the answer to a form, which cannot be loaded again. */
export async function glance(page, name, demands = rules) {
  await picture(page, name);
  await fits(page, name);
  await axe(page, name, demands);
}

/** Runs `check(mode)` on the page in 'normal', 'dark' and, loaded again, 'elder' (长辈版), and leaves it in the first. */
export async function everyMode(page, check) {
  const context = page.context();
  await check('normal');

  await page.emulateMedia({ colorScheme: 'dark' });
  await check('dark');
  await page.emulateMedia({ colorScheme: 'light' });

  await context.addCookies([{ name: 'mode', value: 'elder', url: new URL(page.url()).origin }]);
  await page.reload();
  await check('elder');
  await context.clearCookies({ name: 'mode' });
  await page.reload();
}

/** Fails on anything that axe calls serious or critical against WCAG 2.1 A and AA. */
export async function axe(page, label, demands = rules) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const { violations } = await page.evaluate(
    (runOnly) => window.axe.run(document, { runOnly, resultTypes: ['violations'] }),
    demands,
  );
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const list = grave.flatMap(({ id, impact, help, nodes }) => [
    `${impact} ${id}: ${help}`,
    ...nodes.flatMap(({ html, failureSummary }) => [`  ${html}`, `    ${failureSummary.replace(/\s+/g, ' ')}`]),
  ]);
  assert(grave.length === 0, `axe on ${label} (${page.url()})\n${list.join('\n')}`);
}

/** Fails if the page has to be pushed sideways, naming what sticks out. */
export async function fits(page, label) {
  const { width, wanted, outside } = await page.evaluate(() => {
    const root = document.documentElement;
    const width = root.clientWidth;
    const outside = [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .map((element) => element.outerHTML.slice(0, 120));
    return { width, wanted: root.scrollWidth, outside };
  });
  const list = outside.slice(0, 8).join('\n  ');
  assert(wanted <= width, `${label} (${page.url()}) is ${wanted} px wide on a screen of ${width} px:\n  ${list}`);
}

/** Saves the whole page as test-output/pictures/NAME.jpg, which takes a third less time than a .png. */
export async function picture(page, name) {
  const path = resolve('test-output/pictures', `${name}.jpg`);
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path, type: 'jpeg', quality: 80, fullPage: true, animations: 'disabled' });
}

/** Saves what is on the screen as test-output/guide/NAME.jpg: a picture for the user guide. */
export async function illustrate(page, name) {
  const path = resolve('test-output/guide', `${name}.jpg`);
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path, type: 'jpeg', quality: 70, animations: 'disabled' });
}
