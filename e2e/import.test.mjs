// The register comes from the workbook that staff already have: what cannot be taken is shown and said before anything is
// written, goes back as a workbook, is mended there and sent in again.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, look } from './support/look.mjs';
import { rows, workbook } from './support/office.mjs';
import { signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

const headings = ['序号', '小区', '楼号', '单元', '房号', '户主', '与户主关系', '姓名', '身份证号码', '手机号', '人员类别', '备注'];
// A house that the demo community does not have. The county 141199 is not assigned, so nobody has these numbers.
const register = [
  ['居民信息登记表（二○二六年）', ...Array(11).fill('')],
  headings,
  ['1', '河湾小区', '３号楼', '1单元', '101', '冀春生', '户主', '冀春生', identity('19580307', 1), '13900000001', '独居老人', ''],
  ['2', '河湾小区', '3号楼', '1单元', '102', '苗兰英', '户主', '苗兰英', '1.41199E+17', '13900000002', '', ''],
  ['3', '同上', '同上', '同上', '同上', '同上', '子', '吉小军', identity('20150612', 3), '', '儿童', ''],
  ['4', '河湾小区', '3号楼', '1单元', '201', '段建业', '户主', '段建业', identity('19800921', 5), '1390000', '', '电话记不全'],
];

test('a workbook is checked, written, and what came back is mended', async (t) => {
  const page = await desktop(t, stage);
  await signIn(page, 'shegong');
  await page.getByRole('link', { name: '导入登记表' }).click();

  await upload(page, 'names.csv', Buffer.from('姓名,房号\n冀春生,101\n'));
  await page.getByText('这不是 Excel 工作簿').first().waitFor();
  await glance(page, 'import-no-workbook');
  const template = await downloaded(page, '下载空白登记表');
  assert((await rows(template))[0].includes('姓名'));
  await upload(page, '空白.xlsx', template);
  await page.getByText('表头下面没有一行人').first().waitFor();

  await upload(page, '河湾小区.xlsx', await workbook(register));
  await page.getByRole('heading', { name: '退回的 2 行' }).waitFor();
  await page.getByText('这是核对结果，还没有写入').waitFor();
  await look(page, 'import-checked');
  assert.equal(await figure(page, '人新增'), '2');
  await page.getByRole('button', { name: '确认导入' }).click();
  await page.getByText('已写入 2 行').waitFor();
  await look(page, 'import-applied');

  const returned = await rows(await downloaded(page, '下载退回表'));
  const [columns, first, second] = returned;
  assert.equal(returned.length, 3);
  assert.match(first[columns.indexOf('原因')], /科学计数/);
  assert.equal(first[columns.indexOf('身份证号码')], '1.41199E+17');
  first[columns.indexOf('身份证号码')] = identity('19600101', 2);
  second[columns.indexOf('手机号')] = '13900000004';
  await page.getByRole('link', { name: '导入登记表' }).click();
  await look(page, 'import-list');
  await upload(page, '河湾小区 退回.xlsx', await workbook(returned));
  await page.getByText('这是核对结果，还没有写入').waitFor();
  assert.equal(await figure(page, '行退回'), '0');
  await page.getByRole('button', { name: '确认导入' }).click();
  await page.getByText('已写入 2 行').waitFor();
});

test('whoever was imported is found and looked up', async (t) => {
  const page = await phone(t, stage);
  await signIn(page, 'shegong');
  await page.getByRole('link', { name: '居民' }).click();
  await search(page, 'jcs');
  await page.getByRole('link', { name: '冀春生' }).waitFor();
  await glance(page, 'residents-by-initials');
  await search(page, '没有这个人');
  await page.getByRole('heading', { name: '没有找到' }).waitFor();
  await glance(page, 'residents-none');
  await search(page, '13900000002');
  await page.getByRole('link', { name: '苗兰英' }).click();
  await page.getByText('139****0002').waitFor();
  assert(!(await page.content()).includes('13900000002'));
  await look(page, 'household');

  await page.getByText('苗兰英的登记内容').click();
  await page.getByLabel('看哪一项').first().selectOption('电话');
  await page.getByLabel('为什么要看').first().fill('办理诉求，需要联系本人');
  await page.getByRole('button', { name: '查看一次' }).first().click();
  await page.getByRole('link', { name: '拨打' }).waitFor();
  assert.equal(await page.getByRole('link', { name: '拨打' }).getAttribute('href'), 'tel:13900000002');
  await glance(page, 'resident-revealed');
});

/** An identity number with its check digit. */
function identity(birth, sequence) {
  const body = `141199${birth}${String(sequence).padStart(3, '0')}`;
  const sum = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2].reduce((sum, weight, i) => sum + weight * body[i], 0);
  return body + '10X98765432'[sum % 11];
}

async function upload(page, name, buffer) {
  await page.getByLabel('Excel 文件').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  await page.getByRole('button', { name: '上传并核对' }).click();
}

async function downloaded(page, link) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: link }).click()]);
  return readFile(await download.path());
}

/** The number above these words. */
const figure = (page, words) => page.locator('.figure').filter({ hasText: words }).locator('b').innerText();

async function search(page, words) {
  await page.getByLabel('找居民').fill(words);
  await page.getByRole('button', { name: '查找' }).click();
}
