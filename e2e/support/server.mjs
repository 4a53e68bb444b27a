// The program under test: the built binary, serving its demo community from a directory of its own.
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { randomInt } from 'node:crypto';
import { createServer, request } from 'node:http';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const binary = resolve(process.env.DOORSTEP_BIN ?? 'target/debug/doorstep');
const output = resolve('test-output');
const template = process.env.DOORSTEP_DEMO_TEMPLATE;

/** The password of every demo account. */
export const password = 'journeys-of-2026';

/**
 * Starts the program and waits for the address that it prints. Its data are a copy of the demo community that DOORSTEP_DEMO_TEMPLATE
 * names (see template.mjs), or made anew where it names none.
 *
 * @param {string[]} [options] more options for `doorstep demo`
 * @returns {Promise<{url: string, data: string, stop: () => Promise<void>, kill: () => Promise<void>, again: () => Promise<void>}>}
 *   its address without a slash at the end, the directory of its data, and how to end it, which fails if it does not end in
 *   good order; how to kill it, and how to start it again with the same data at the same address. Its log stays in test-output.
 */
export async function startServer(options = []) {
  const data = await mkdtemp(join(tmpdir(), 'doorstep-journey-'));
  await mkdir(output, { recursive: true });
  const log = createWriteStream(join(output, `server-${process.pid}.log`), { flags: 'a' });
  const cleanUp = async () => {
    running?.child.kill('SIGKILL');
    await rm(data, { recursive: true, force: true });
    log.end();
    await once(log, 'close');
  };
  let running;
  /** Tries until the port is free: another program on this machine may have it for a moment. */
  const serve = async (address) => {
    const deadline = Date.now() + 60_000;
    do {
      const started = await run(data, address(), options, log).catch((error) => error);
      if (!(started instanceof Error)) return started;
      if (!started.message.includes('Address already in use') || Date.now() > deadline) throw started;
    } while (true);
  };
  try {
    if (template) await cp(template, data, { recursive: true });
    running = await serve(() => `127.0.0.1:${aPort()}`);
  } catch (error) {
    await cleanUp();
    throw error;
  }
  const { url } = running;
  const kill = async () => {
    running.child.kill('SIGKILL');
    await running.ended;
  };
  const again = async () => {
    running = await serve(() => new URL(url).host);
  };
  const stop = async () => {
    running.child.kill('SIGTERM');
    try {
      const how = await within(20, running.ended, 'doorstep still runs 20 s after SIGTERM');
      if (how !== 'exit code 0') throw new Error(`doorstep ended with ${how}`);
    } finally {
      await cleanUp();
    }
  };
  return { url, data, stop, kill, again };
}

/** Below the ports that a system gives to whoever asks for any: nobody is given it while the server is down and has to come again. */
const aPort = () => randomInt(11_000, 30_000);

/** One process of the program, when it has said where it listens. */
export async function run(data, listen, options, log) {
  // Nothing that the caller has set up for a program of their own may reach this one.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DOORSTEP_'));
  const env = { ...Object.fromEntries(inherited), DOORSTEP_DEMO_PASSWORD: password };
  const child = spawn(binary, ['demo', '--listen', listen, '--data', data, ...options], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const ended = new Promise((end) => {
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  ended.then(() => process.removeListener('exit', killAtExit));

  let said = '';
  const address = new Promise((found) => {
    const listen = (text) => {
      if (!log.writableEnded) log.write(text);
      if (said === null) return;
      said += text;
      const match = said.match(/(http:\/\/127\.0\.0\.1:\d+)\D/);
      if (match) {
        said = null;
        found(match[1]);
      }
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', listen);
  });
  const early = ended.then((how) => Promise.reject(new Error(`doorstep ended with ${how}\n${said}`)));
  try {
    return { url: await within(180, Promise.race([address, early]), 'doorstep printed no address'), child, ended };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/**
 * The same server as a release that can be followed by the next: a proxy in front of it that, once told, gives the app on the
 * phone another version, as a new build of the program does, or one of which a part is missing. Closed when test `t` ends.
 */
export async function release(t, server) {
  let suffix = '';
  let isBroken = false;
  const target = new URL(server.url);
  const proxy = createServer((asked, answer) => {
    const headers = { ...asked.headers, 'accept-encoding': 'identity' };
    const path = { host: target.hostname, port: target.port, path: asked.url, method: asked.method, headers };
    const onward = request(path, async (said) => {
      const parts = [];
      for await (const part of said) parts.push(part);
      let body = Buffer.concat(parts);
      if (asked.url === '/doors/worker.js') {
        const words = body.toString().replace(/(const VERSION = "\w+)/, `$1${suffix}`);
        body = Buffer.from(isBroken ? words.replace('const SHELL = [', '$&"/assets/missing.js",') : words);
      }
      answer.writeHead(said.statusCode, { ...said.headers, 'content-length': body.length }).end(body);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => proxy.close());
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    next() {
      suffix += 'n';
    },
    breakOff() {
      isBroken = true;
    },
  };
}

/** What the program says when it is called with these arguments for the same data, while it serves. */
export function call(server, ...args) {
  return execFileSync(binary, [...args, '--data', server.data], { encoding: 'utf8' });
}

/** The promise, or an error with this message when it takes longer. */
async function within(seconds, promise, message) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(message)), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
