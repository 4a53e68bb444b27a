// LibreOffice, which writes and reads workbooks as the people in an office do.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

// Commas, double quotes, UTF-8; what is quoted is text, so that an identity number stays what it is.
const csv = ':44,34,76,1,,0,true';

/** The bytes of a workbook with these rows of text. */
export const workbook = (rows) =>
  convert(
    rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n'),
    'csv',
    'xlsx',
    `--infilter=CSV${csv}`,
  );

/** The rows of text on the first sheet of a workbook. Cells must not hold line breaks. */
export async function rows(workbook) {
  const text = (await convert(workbook, 'xlsx', `csv:Text - txt - csv (StarCalc)${csv}`)).toString('utf8');
  const cells = (line) => [...`${line},`.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*)),/g)];
  const words = ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain;
  return text.trimEnd().split(/\r?\n/).map((line) => cells(line).map(words));
}

async function convert(content, from, to, ...options) {
  const folder = await mkdtemp(join(tmpdir(), 'doorstep-office-'));
  try {
    await writeFile(join(folder, `file.${from}`), content);
    // A profile of its own, so that a running LibreOffice does not take the work over.
    const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`;
    const run = [profile, '--headless', ...options, '--convert-to', to, '--outdir', folder, `file.${from}`];
    await promisify(execFile)('soffice', run, { cwd: folder, timeout: 60_000 });
    return await readFile(join(folder, `file.${to.split(':')[0]}`));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
