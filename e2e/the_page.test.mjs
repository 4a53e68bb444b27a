// The page of the newspaper in the demonstration: where each of its figures stands, for whoever may see it. The pictures are those of
// docs/guide/the-page.md that no other journey takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { illustrate } from './support/look.mjs';
import { community, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** The number over a label, of a page that shows figures. */
const figure = async (page, label) =>
  parseFloat(await page.locator('.figure', { hasText: label }).first().locator('b').textContent());

/** A row of a report. */
const gauge = async (page, label) =>
  Number(await page.locator('tr', { has: page.getByText(label, { exact: false }) }).first().locator('td.num').textContent());

/** The last two and a half years, as long as classes of the demonstration have been: whichever day it is, as much of it is in them. */
const since = () => {
  const today = new Date(Date.now() + 8 * 3_600_000);
  const first = new Date(today);
  first.setUTCMonth(first.getUTCMonth() - 30);
  return `from=${first.toISOString().slice(0, 10)}&to=${today.toISOString().slice(0, 10)}`;
};

test('the figures of the community stand where staff look for them', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');

  await desk.goto('/residents/figures');
  assert.equal(await figure(desk, '户'), 1580);
  assert.equal(await figure(desk, '人'), 4915);
  await illustrate(desk, 'page-figures');

  await desk.goto('/estates/overview');
  await desk.getByText('王府名苑小区党支部').first().waitFor();
  await illustrate(desk, 'page-estates');

  await desk.goto('/party');
  await desk.locator('#main').getByRole('link', { name: /王府名苑小区党支部/ }).first().click();
  assert.equal(await figure(desk, '应到会'), 56);
  await desk.goto('/party');
  await desk.locator('#main').getByRole('link', { name: /水保所家属院党支部/ }).first().click();
  await desk.getByText('应到会').first().waitFor();
  await illustrate(desk, 'page-party');

  await desk.goto('/volunteer-teams');
  assert.equal(await desk.locator('#main ul.list.card > li').count(), 10);
  await illustrate(desk, 'page-teams');

  await desk.goto('/children');
  await desk.getByText(/在册\s*255/).first().waitFor();
  await desk.goto(`/reports/topics/classes?${since()}`);
  assert((await gauge(desk, '场次')) > 100, 'more than a hundred, as the page says');
  assert.equal(await figure(desk, '现在在册的孩子'), 255);
  await illustrate(desk, 'page-classes');

  await desk.goto('/volunteer-honours');
  await illustrate(desk, 'page-honours');

  await desk.goto(`/reports?${since()}`);
  assert((await figure(desk, '物业类占比')) > 60);
  await illustrate(desk, 'page-property');

  await desk.goto(`/reports/topics/deliberations?${since()}`);
  assert((await gauge(desk, '会议')) > 10);
  assert((await gauge(desk, '议题')) > 20);
  await illustrate(desk, 'page-deliberations');

  await desk.goto('/bodies');
  await desk.getByText('物管会').first().waitFor();
  await illustrate(desk, 'page-bodies');

  await desk.goto('/residents');
  await desk.getByRole('searchbox').first().fill('13楼');
  await desk.keyboard.press('Enter');
  await desk.getByRole('button', { name: /13号楼/ }).first().waitFor();
  await illustrate(desk, 'page-lookup');

  const neighbour = await phone(t, stage);
  await neighbour.goto(`/board/${community}`);
  await neighbour.locator('#estates').getByRole('link', { name: /水保所家属院/ }).click();
  await neighbour.getByText('社区包联干部').first().waitFor();
  await illustrate(neighbour, 'page-contacts');
});

test('posts, coverage and a round around a school', async (t) => {
  const chief = await desktop(t, stage);
  await signIn(chief, 'qinwu');
  await chief.goto('/duty');
  await illustrate(chief, 'page-duty');
  await chief.goto('/duty/coverage?span=week');
  await illustrate(chief, 'page-coverage');
  const shift = chief.locator('#main a[href^="/duty-shifts/"]:not([href*="new"])').first();
  for (let day = 0; day < 14; day += 1) {
    const date = new Date(Date.now() + 8 * 3_600_000 + day * 86_400_000).toISOString().slice(0, 10);
    await chief.goto(`/duty?day=${date}`);
    if (await shift.count()) break;
  }
  await shift.click();
  await chief.getByText('四定齐全').first().waitFor();
  await illustrate(chief, 'page-shift');

  await chief.goto('/hazard-places');
  await chief.getByText('登记一处', { exact: true }).click();
  await chief.getByLabel('靠近哪所学校').selectOption({ index: 1 });
  await chief.getByText('人员聚集区', { exact: true }).first().click();
  await chief.getByLabel('名称').fill('门前夜市');
  await chief.getByLabel('在哪里').fill('正门东侧');
  await chief.getByLabel('离校门多少米').fill('60');
  await chief.locator('form[action="/hazard-places"] button.btn').click();
  await chief.getByText('门前夜市').first().waitFor();
  await chief.goto('/hazard-rounds');
  await chief.getByText('安排一次排查', { exact: true }).click();
  await chief.getByLabel('哪所学校').selectOption({ index: 1 });
  await chief.getByLabel('叫什么').fill('开学季排查');
  await chief.getByLabel('哪天前查完').fill(new Date(Date.now() + 4 * 86_400_000).toISOString().slice(0, 10));
  await chief.locator('form[action="/hazard-rounds"] button.btn').click();
  await chief.getByText('门前夜市').first().waitFor();
  await illustrate(chief, 'page-inspection');
});

test('what a team has agreed with a school, and what it asks of all', async (t) => {
  const lead = await desktop(t, stage);
  await signIn(lead, 'weijian');
  await lead.goto('/lecture-plans');
  await lead.getByText('检校合作共建协议').first().waitFor();
  await lead.getByText('登记共建协议').scrollIntoViewIfNeeded();
  await illustrate(lead, 'page-agreement');

  await lead.getByText('征集需求', { exact: true }).click();
  await lead.locator('#call_title').fill('法治课需求');
  await lead.locator('#call_last').fill(new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 10));
  await lead.getByRole('button', { name: '发出', exact: true }).click();
  await lead.getByText('没有答复：').first().waitFor();
  await illustrate(lead, 'page-call');
});
