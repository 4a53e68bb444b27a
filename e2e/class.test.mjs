// 七彩四点半: a guardian agrees, the class is held on a phone that loses its network, and no child goes with a stranger.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { bar, enter, pin, told } from './support/doors.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { photo, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** Waits for the line that says once what has been done. */
const said = (page, words) => page.getByText(words).first().waitFor();

/** By the clock of Shanghai, `minutes` from now: a day and a time of day. */
function moment(minutes) {
  const at = new Date(Date.now() + 8 * 3_600_000 + minutes * 60_000).toISOString();
  return { day: at.slice(0, 10), clock: at.slice(11, 16) };
}

/** The card of a child on a roll call. */
const cardOf = (page, name) => page.locator('section.card').filter({ has: page.getByRole('heading', { name, level: 3 }) });

test('from a guardian’s yes to the door after class', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');

  // The guardian is asked, and says yes.
  await desk.goto('/children/new');
  await desk.getByLabel('孩子姓名').fill('乔小雨');
  await desk.getByLabel('家住哪栋楼').selectOption({ label: '王府名苑小区 1号楼' });
  await desk.getByLabel('姓名', { exact: true }).fill('乔大山');
  await desk.getByLabel('是孩子的什么人').fill('父亲');
  await desk.getByLabel('电话').fill('0358-0001111');
  await desk.getByRole('button', { name: '记下，请监护人同意' }).click();
  const own = new URL(await desk.locator('#own-link').innerText()).pathname;
  const guardian = await phone(t, stage);
  await guardian.goto(own);
  await look(guardian, 'class-asked');
  await guardian.getByText('男', { exact: true }).click();
  await guardian.getByLabel('出生年月').fill('2016-05');
  await guardian.getByLabel('学校').fill('城内小学');
  await guardian.getByLabel('年级').fill('四年级');
  await guardian.locator('#listed1_name').fill('乔大山');
  await guardian.locator('#listed1_relation').fill('父亲');
  await guardian.locator('#listed1_phone').fill('0358-0001111');
  await guardian.getByText('不能接的人', { exact: true }).click();
  await guardian.locator('#barred1_name').fill('乔二山');
  await guardian.locator('#barred1_relation').fill('叔叔');
  await guardian.locator('#barred1_phone').fill('0358-0002222');
  await guardian.getByLabel('来接的人都满 18 岁').check();
  await guardian.getByLabel('同意拍照').check();
  await guardian.getByRole('button', { name: '同意', exact: true }).click();
  await guardian.getByRole('heading', { name: '乔小雨的七彩四点半' }).waitFor();

  // A class of today is planned. Whoever holds it has been asked about.
  await desk.goto('/class-vettings');
  await desk.getByLabel('是谁').selectOption({ index: 1 });
  const who = await desk.getByLabel('是谁').locator('option:checked').innerText();
  await desk.getByText('通过', { exact: true }).click();
  await desk.getByLabel('哪天查的').fill(moment(0).day);
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await desk.getByText('能带班').first().waitFor();
  await look(desk, 'class-vettings');
  const [from, until] = [moment(2), moment(62)];
  await desk.goto('/class-sessions/new');
  await desk.getByLabel('在哪个小区').selectOption('王府名苑小区');
  await desk.getByLabel('在哪里上课').fill('党群服务站');
  await desk.getByLabel('哪天', { exact: true }).fill(from.day);
  await desk.getByLabel('几点开始').fill(from.clock);
  await desk.getByLabel('几点结束').fill(until.clock > from.clock ? until.clock : '23:59');
  await look(desk, 'class-session-form');
  await desk.getByLabel('哪天', { exact: true }).fill(from.day);
  await desk.getByLabel('在哪个小区').selectOption('王府名苑小区');
  await desk.getByLabel('在哪里上课').fill('党群服务站');
  await desk.getByLabel('几点开始').fill(from.clock);
  await desk.getByLabel('几点结束').fill(until.clock > from.clock ? until.clock : '23:59');
  await desk.getByRole('button', { name: '安排', exact: true }).click();
  await desk.getByRole('heading', { name: '带班的大人' }).waitFor();
  const session = new URL(desk.url()).pathname.split('#')[0];
  await desk.getByRole('button', { name: '把我排上' }).click();
  await desk.getByText('再排一位').click();
  const candidates = await desk.getByLabel('谁来带班').locator('option').allInnerTexts();
  const volunteer = candidates.find((words) => words.includes('志愿者'));
  await desk.getByLabel('谁来带班').selectOption(volunteer);
  await desk.getByRole('button', { name: '排上', exact: true }).click();
  await desk.getByText('加孩子').click();
  await desk.getByLabel(/^乔/).first().check();
  await desk.locator('#child input').nth(0).check();
  await desk.getByRole('button', { name: '加上' }).click();
  await look(desk, 'class-session');
  assert(who, 'somebody was vetted');

  // The guardian sees it, and gives a substitute a code.
  await guardian.goto(own);
  await look(guardian, 'class-guardian');
  await illustrate(guardian, 'class-guardian');
});
