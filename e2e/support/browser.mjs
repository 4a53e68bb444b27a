// A real Chromium, and the two screens that people sit at. Whatever goes wrong in a page fails the journey.
import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** Starts Chromium: DOORSTEP_CHROMIUM, or the one on PATH. The caller closes it. */
export const openBrowser = () => chromium.launch(program());

function program() {
  const flags = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  const quiet = ['--disable-background-networking', '--disable-component-update'];
  return { executablePath: executable(), args: ['--headless=new', '--no-sandbox', ...flags, ...quiet] };
}

/**
 * A page on a phone that shows what a stage (`stage.mjs`) serves, with cookies of its own, closed when test `t` ends. `more` are options of Playwright's context;
 * `expected`, a pattern of troubles that the journey makes on purpose, such as a line that is down; and `profile`, a
 * directory for whatever the browser keeps, which otherwise lies in memory only.
 */
export const phone = (t, stage, more = {}) =>
  openPage(t, stage, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, ...more });

/** A page on a desktop, with cookies of its own, closed when test `t` ends. `more` are options of Playwright's context. */
export const desktop = (t, stage, more = {}) =>
  openPage(t, stage, { viewport: { width: 1280, height: 800 }, ...more });

async function openPage(t, { browser, server }, { expected, profile, ...options }) {
  const screen = {
    ...options,
    deviceScaleFactor: 1,
    baseURL: server.url,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
  };
  const context = profile
    ? await chromium.launchPersistentContext(profile, { ...program(), ...screen })
    : await browser.newContext(screen);
  context.setDefaultTimeout(30_000);
  const troubles = watch(context);
  t.after(async () => {
    await context.close();
    const unexpected = troubles.filter((trouble) => !expected?.test(trouble));
    assert.deepEqual(unexpected, [], 'the pages ran into trouble');
  });
  return context.newPage();
}

/**
 * Collects what no page may do: errors on the console (violations of the content security policy among them),
 * uncaught exceptions, parts of a page that cannot be loaded, answers of 500 and above. A page or fragment that says
 * 4xx is none: journeys go there on purpose.
 */
function watch(context) {
  const troubles = [];
  context.on('console', (message) => {
    const isAnswer = message.text().startsWith('Failed to load resource: the server responded');
    if (message.type() === 'error' && !isAnswer) troubles.push(`${message.page()?.url()}: ${message.text()}`);
  });
  context.on('weberror', (error) => troubles.push(`${error.page()?.url()}: ${error.error().stack}`));
  context.on('response', (response) => {
    const asked = ['document', 'xhr', 'fetch'].includes(response.request().resourceType());
    if (response.status() >= (asked ? 500 : 400)) troubles.push(`${response.url()}: ${response.status()}`);
  });
  return troubles;
}

function executable() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const places = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = [process.env.DOORSTEP_CHROMIUM ?? '', ...places].find(isExecutable);
  assert(found, 'no Chromium on PATH; script/test installs it, or set DOORSTEP_CHROMIUM');
  return found;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return path !== '';
  } catch {
    return false;
  }
}
