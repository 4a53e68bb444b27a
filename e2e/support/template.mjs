// Makes the demo community once, in a directory that every journey then copies:
//
//   node e2e/support/template.mjs DIRECTORY
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { run } from './server.mjs';

const log = new PassThrough().resume();
const { child, ended } = await run(process.argv[2], '127.0.0.1:0', [], log);
child.kill('SIGTERM');
assert.equal(await ended, 'exit code 0');
