// Every page that anybody can reach, on a phone and on a desktop. Strangers and each role start at their first page and
// follow every link to a page of a kind that they have not seen, so a new page is looked at as soon as something leads to it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desktop, openBrowser, phone } from './support/browser.mjs';
import { glance, look } from './support/look.mjs';
import { signIn } from './support/people.mjs';
import { startServer } from './support/server.mjs';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const screens = { phone, desktop };
// The first who sees most of a kind of page looks at it in every mode.
const logins = ['shuji', 'wangge', 'anquan', 'shenji', 'shegong', 'zhibu', 'wuye', 'xitong'];

for (const [screen, open] of Object.entries(screens)) {
  const known = new Set();

  test(`a stranger’s pages on a ${screen}`, async (t) => {
    const page = await open(t, browser, server);
    const kinds = await walk(page, `${screen}-stranger`, known);
    for (const kind of ['/board/*', '/board/*/estates/*', '/board/*/publications/*', '/board/*/report', '/receipts', '/login']) {
      assert(kinds.has(kind), `nothing leads to ${kind}`);
    }
    await page.goto('/there/is/no/such/page');
    await look(page, `${screen}-stranger-not-found`);
  });

  for (const login of logins) {
    test(`the pages of ${login} on a ${screen}`, async (t) => {
      const page = await open(t, browser, server);
      await signIn(page, login);
      await walk(page, `${screen}-${login}`, known);
    });
  }
}

/** Follows links to one page of each kind, and returns the kinds. What `known` holds is looked at in one mode only. */
async function walk(page, label, known) {
  const kinds = new Set(['/']);
  const ahead = ['/'];
  while (ahead.length > 0) {
    await page.goto(ahead.shift());
    const kind = kindOf(page.url());
    const name = `${label}${kind.replaceAll('/*', '').replaceAll('/', '-')}`;
    if (known.has(kind)) await glance(page, name);
    else await look(page, name);
    known.add(kind);
    for (const url of await page.locator('a').evaluateAll((links) => links.map((link) => link.href))) {
      if (!url.startsWith(server.url) || kinds.has(kindOf(url)) || isFile(url)) continue;
      kinds.add(kindOf(url));
      ahead.push(url);
    }
  }
  return kinds;
}

/** The path of an address with a star for each identifier, place code or receipt code. */
const kindOf = (url) => new URL(url).pathname.replace(/\/(?=[^/]*\d)[\w-]{8,}(?=\/|$)/g, '/*');

const isFile = (url) => /\/photos\/|\/audit\/anchor$|\.xlsx$/.test(url);
