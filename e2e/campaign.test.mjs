// 敲门行动 at the desk: several neighbours report the same kind of thing, so staff ask every home that it concerns. The doors
// are dealt out, a grid worker knocks with the plain pages, and what was said comes back as figures, as a list of homes and
// as an issue. The secretary of the branch joins, and the campaign ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

const title = '未成年人摸底';

test('from reports of a kind to doors, answers and an issue', async (t) => {
  const staff = await desktop(t, stage);
  await signIn(staff, 'shegong');
  for (const words of ['放学后孩子没人看，在院里乱跑', '双职工家里孩子中午没饭吃', '想有个地方给孩子写作业']) await report(staff, words);

  await staff.getByRole('link', { name: '敲门', exact: true }).click();
  await look(staff, 'campaign-list');
  await staff.getByRole('link', { name: /王府名苑小区 未成年人/ }).click();
  await staff.getByText(/起因：近 90 天 \d+ 件“未成年人”诉求/).waitFor();
  assert.equal(await staff.getByLabel('名称').inputValue(), title);
  assert.equal(await staff.getByLabel('标签').inputValue(), 'child');
  await look(staff, 'campaign-new');

  await staff.getByLabel('开场白').fill('您好，社区想办放学后的课堂，先问问各家的情况。');
  await staff.getByRole('checkbox', { name: '1号楼', exact: true }).check();
  await ask(staff, 1, '家里有放学后没人照看的孩子吗', '是或否');
  await staff.getByRole('heading', { name: '发起走访' }).scrollIntoViewIfNeeded();
  await illustrate(staff, 'staff-campaign-new');
  await ask(staff, 2, '几点以后有人接', '选一项');
  await staff.getByRole('button', { name: '下一步：看分派' }).click();
  await staff.getByRole('alert').getByText('请写 2 到 8 个选项').waitFor();
  await glance(staff, 'campaign-new-mistaken');
  assert(await staff.getByRole('checkbox', { name: '1号楼', exact: true }).isChecked());
  await question(staff, 2).getByLabel('选项').fill('五点、六点、更晚');
  await staff.getByRole('button', { name: '下一步：看分派' }).click();
  await told(staff, '已排好');
  const campaign = staff.url();
  await staff.getByRole('cell', { name: '景瑞芳' }).waitFor();
  const doors = Number(await figure(staff, '户').innerText());
  assert(doors > 1, 'several homes have children');
  await look(staff, 'campaign-draft');
  await staff.getByRole('button', { name: '开始走访' }).click();
  await told(staff, '已开始');

  // The plain pages, for a phone that cannot keep anything.
  const worker = await phone(t, stage);
  await signIn(worker, 'wangge');
  await worker.getByRole('link', { name: title }).waitFor();
  await worker.goto('/doors/list');
  await look(worker, 'campaign-doors');
  const mine = worker.locator('section').filter({ has: worker.getByRole('heading', { name: title }) }).getByRole('listitem');
  assert.equal(await mine.count(), doors);
  await mine.first().getByRole('link').click();
  await look(worker, 'campaign-door');
  await worker.getByText('社区想办放学后的课堂').waitFor();
  await worker.getByText('记一个问题').click();
  await worker.getByLabel('什么问题').fill('二楼拐角的灯不亮，孩子晚上害怕');
  await worker.getByRole('button', { name: '登记走访' }).click();
  await worker.getByRole('alert').waitFor();
  await glance(worker, 'campaign-door-mistaken');
  assert.equal(await worker.getByLabel('什么问题').inputValue(), '二楼拐角的灯不亮，孩子晚上害怕');
  await worker.getByText('在家', { exact: true }).click();
  await worker.getByRole('group', { name: '没人照看' }).getByText('是', { exact: true }).click();
  await worker.getByRole('group', { name: '几点以后' }).getByText('六点').click();
  await worker.getByLabel('哪一类').selectOption('公共照明');
  await worker.getByLabel('不留姓名').check();
  await worker.getByRole('button', { name: '登记走访' }).click();
  await told(worker, '走访已登记');
  assert.equal(await mine.count(), doors - 1);

  await staff.goto(campaign);
  assert.equal(await figure(staff, '户走完').innerText(), '1');
  assert.equal(await figure(staff, '件问题').innerText(), '1');
  await look(staff, 'campaign-progress');
  await illustrate(staff, 'staff-campaign-progress');
  await staff.getByRole('link', { name: /六点/ }).click();
  await staff.getByRole('heading', { name: '几点以后有人接：六点' }).waitFor();
  assert.equal(await staff.locator('main').getByRole('listitem').count(), 1);
  await look(staff, 'campaign-answers');
  await staff.goto(campaign);
  await staff.getByRole('link', { name: /^SSYS-/ }).click();
  await staff.getByText('二楼拐角的灯不亮，孩子晚上害怕').first().waitFor();

  // The branch sees the figures, joins, and gets its part of the doors, without the people behind them.
  const secretary = await phone(t, stage);
  await signIn(secretary, 'zhibu');
  await secretary.goto('/campaigns');
  await secretary.getByRole('link', { name: title }).click();
  assert.equal(await secretary.getByRole('link', { name: '看名单' }).count(), 0);
  await look(secretary, 'campaign-branch');
  await illustrate(secretary, 'branch-campaign');
  await secretary.getByRole('button', { name: '我也参加' }).click();
  await told(secretary, '您已参加');
  await staff.goto(campaign);
  await staff.getByRole('button', { name: '重新分派没走的门' }).click();
  await told(staff, '没走的门已重新分好');
  await secretary.goto('/doors/list');
  const theirs = secretary.getByRole('heading', { name: title }).locator('..').getByRole('listitem');
  assert((await theirs.count()) > 0, 'the secretary has doors too');
  await theirs.first().getByRole('link').click();
  await secretary.getByRole('button', { name: '登记走访' }).waitFor();
  assert.equal(await secretary.getByRole('heading', { name: '住在这里的' }).count(), 0);

  await staff.getByText('结束', { exact: true }).click();
  await staff.getByRole('button', { name: '结束走访' }).click();
  await told(staff, '已结束');
  await worker.goto('/doors/list');
  assert.equal(await worker.getByRole('heading', { name: title }).count(), 0);
});

/** Enters what somebody says at the window about the first building. */
async function report(page, words) {
  await page.goto('/issues/new');
  await page.getByLabel('从哪里反映来的').selectOption('党群服务站窗口');
  await page.getByLabel('什么事').fill(words);
  await page.getByLabel('哪一类').selectOption('未成年人');
  await page.getByLabel('哪栋楼').selectOption('王府名苑小区 1号楼');
  await page.getByRole('button', { name: '登记，打印回执' }).click();
  await page.getByText('回执码').first().waitFor();
}

/** The fields of a question on the form. */
const question = (page, number) => page.locator('details').filter({ hasText: `第 ${number} 问` });

async function ask(page, number, text, kind) {
  const fields = question(page, number);
  if ((await fields.getAttribute('open')) === null) await fields.locator('summary').click();
  await fields.getByLabel('问题').fill(text);
  await fields.getByLabel('怎么答').selectOption(kind);
  await fields.getByLabel('一定要答').check();
}

/** The number above these words. */
const figure = (page, words) => page.locator('.figure').filter({ hasText: new RegExp(`^\\d+\\s*${words}$`) }).locator('b');

/** Waits until a page says that something has been done. */
const told = (page, words) => page.getByRole('status').filter({ hasText: words }).waitFor();
