// What a file of journeys plays on.
import { after, before } from 'node:test';
import { openBrowser } from './browser.mjs';
import { startServer } from './server.mjs';

/**
 * A server with a demo community of its own and a browser, there from before the first test of a file to after its last.
 *
 * @param {string[]} [options] more options for `doorstep demo`
 * @param {(stage) => void} [prepare] what else has to be there
 * @returns {{server: Awaited<ReturnType<typeof startServer>>, browser: import('playwright-core').Browser}}
 */
export function setStage(options, prepare = () => {}) {
  const stage = {};
  before(async () => {
    const [server, browser] = await Promise.all([startServer(options), openBrowser()]);
    Object.assign(stage, { server, browser });
    prepare(stage);
  });
  after(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  return stage;
}
