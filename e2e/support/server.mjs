// The program under test: the built binary, serving its demo community from a directory of its own.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const binary = resolve(process.env.DOORSTEP_BIN ?? 'target/debug/doorstep');
const output = resolve('test-output');

/** The password of every demo account. */
export const password = 'journeys-of-2026';

/**
 * Starts the program and waits for the address that it prints.
 *
 * @param {string[]} [options] more options for `doorstep demo`
 * @returns {Promise<{url: string, stop: () => Promise<void>}>} its address without a slash at the end, and how to end
 *   it, which fails if it does not end in good order. Its log stays in test-output.
 */
export async function startServer(options = []) {
  const data = await mkdtemp(join(tmpdir(), 'doorstep-journey-'));
  await mkdir(output, { recursive: true });
  const log = createWriteStream(join(output, `server-${process.pid}.log`), { flags: 'a' });

  // Nothing that the caller has set up for a program of their own may reach this one.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DOORSTEP_'));
  const env = { ...Object.fromEntries(inherited), DOORSTEP_DEMO_PASSWORD: password };
  const child = spawn(binary, ['demo', '--listen', '127.0.0.1:0', '--data', data, ...options], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((end) => {
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);

  let said = '';
  const address = new Promise((found) => {
    const listen = (text) => {
      log.write(text);
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

  const stop = async () => {
    child.kill('SIGTERM');
    try {
      const how = await within(20, ended, 'doorstep still runs 20 s after SIGTERM');
      if (how !== 'exit code 0') throw new Error(`doorstep ended with ${how}`);
    } finally {
      await cleanUp();
    }
  };
  const cleanUp = async () => {
    child.kill('SIGKILL');
    process.removeListener('exit', killAtExit);
    await rm(data, { recursive: true, force: true });
    log.end();
    await once(log, 'close');
  };

  try {
    const early = ended.then((how) => Promise.reject(new Error(`doorstep ended with ${how}\n${said}`)));
    return { url: await within(180, Promise.race([address, early]), 'doorstep printed no address'), stop };
  } catch (error) {
    await cleanUp();
    throw error;
  }
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
