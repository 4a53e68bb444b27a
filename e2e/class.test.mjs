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
  await desk.getByLabel('电话').fill('13800001111');
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
  await guardian.locator('#listed1_phone').fill('13800001111');
  await guardian.getByText('不能接的人', { exact: true }).click();
  await guardian.locator('#barred1_name').fill('乔二山');
  await guardian.locator('#barred1_relation').fill('叔叔');
  await guardian.locator('#barred1_phone').fill('13800002222');
  await guardian.getByLabel('来接的人都满 18 岁').check();
  await guardian.getByLabel('同意拍照').check();
  await guardian.getByRole('button', { name: '同意', exact: true }).click();
  await guardian.getByRole('heading', { name: '乔小雨的七彩四点半' }).waitFor();

  // A class of today is planned. Whoever holds it has been asked about.
  const { name: me } = await (await desk.request.get('/offline/hello')).json();
  await desk.goto('/class-vettings');
  await desk.getByLabel('是谁').selectOption(me);
  await desk.getByText('通过', { exact: true }).click();
  await desk.getByLabel('哪天查的').fill(moment(0).day);
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await desk.getByText('能带班').first().waitFor();
  await look(desk, 'class-vettings');
  await desk.goto('/class-sessions/new');
  await look(desk, 'class-session-form');
  const [from, until] = [moment(2), moment(62)];
  await desk.getByLabel('在哪个小区').selectOption('王府名苑小区');
  await desk.getByLabel('在哪里上课').fill('党群服务站');
  await desk.getByLabel('哪天', { exact: true }).fill(from.day);
  await desk.getByLabel('几点开始').fill(from.clock);
  await desk.getByLabel('几点结束').fill(until.clock > from.clock ? until.clock : '23:59');
  await desk.getByRole('button', { name: '安排', exact: true }).click();
  await desk.getByRole('heading', { name: '带班的大人' }).waitFor();
  await desk.getByText('再排一位').click();
  const candidates = await desk.getByLabel('谁来带班').locator('option').allInnerTexts();
  await desk.getByLabel('谁来带班').selectOption(candidates.find((words) => words.includes('志愿者')));
  await desk.getByRole('button', { name: '排上', exact: true }).click();
  await desk.getByText('加孩子', { exact: true }).click();
  // There are too many to list: whoever is known is looked for, and who is ticked stays.
  const lookFor = async (words) => {
    await desk.getByLabel('找哪个孩子').fill(words);
    await desk.getByRole('button', { name: '找', exact: true }).click();
  };
  await lookFor('乔小雨');
  await desk.getByLabel(/乔某某 四年级 王府名苑小区 1号楼/).check();
  await lookFor('1号楼');
  await desk.locator('#child input:not(:checked)').nth(0).check();
  await desk.getByRole('button', { name: '加上' }).click();
  await desk.getByRole('heading', { name: '乔某某', level: 3 }).waitFor().catch(() => {});
  await look(desk, 'class-session');
  const link = await desk.locator('.address').last().textContent();
  // Whoever holds the class has nobody else's link.
  await desk.getByRole('button', { name: '把我排上' }).click();

  // The phone of whoever holds it has the class, and then no network.
  const worker = await phone(t, stage, { expected: /net::ERR_/ });
  await signIn(worker, 'shegong');
  await worker.goto('/doors');
  await worker.getByRole('heading', { name: '设一个 PIN 码' }).waitFor();
  await enter(worker, pin);
  await worker.getByRole('heading', { name: '再输一次' }).waitFor();
  await enter(worker, pin);
  await worker.getByRole('heading', { name: '今天带的课' }).waitFor();
  await worker.evaluate(() => navigator.serviceWorker.ready);
  await worker.context().setOffline(true);
  await worker.getByRole('heading', { name: '今天带的课' }).locator('..').getByRole('link').first().click();
  await worker.getByRole('heading', { name: '带班的大人' }).waitFor();
  await glance(worker, 'class-phone');
  for (const _ of [1, 2]) {
    await worker.getByRole('region').or(worker.locator('section')).filter({ hasText: '带班的大人' }).getByRole('button', { name: '到了' }).first().click();
    await told(worker, '到场，已存在手机里');
  }
  await worker.getByRole('button', { name: '开课' }).click();
  await told(worker, '开课，已存在手机里');
  await cardOf(worker, /乔小雨/).getByRole('button', { name: '到了' }).click();
  await told(worker, '乔小雨：到了');
  await cardOf(worker, /乔小雨/).getByText('未上传').waitFor();
  await worker.context().setOffline(false);
  await bar(worker, '全部已上传').waitFor();

  // The volunteer has a link; what was tapped without a network is there.
  const keeper = await phone(t, stage);
  await keeper.goto(new URL(link).pathname);
  await cardOf(keeper, /乔小雨/).getByText('到了', { exact: true }).first().waitFor();
  await look(keeper, 'class-keeper');
  await illustrate(keeper, 'class-roll');
  await keeper.getByRole('link', { name: '课堂照片' }).click();
  await keeper.getByLabel('拍一张').setInputFiles(await photo(stage, '剪窗花'));
  await keeper.getByRole('button', { name: '存照片' }).click();
  await said(keeper, '还没有人看得到');
  await glance(keeper, 'class-pictures');
  await keeper.getByLabel('乔小雨').check();
  await keeper.getByRole('button', { name: '给这些孩子的家长看' }).click();
  await said(keeper, '家长看得到了');

  // The guardian sees all of it, and sends somebody else once.
  await guardian.goto(own);
  await guardian.getByAltText(/课堂照片/).waitFor();
  await look(guardian, 'class-guardian');
  await illustrate(guardian, 'class-guardian');

  // Again without a network the child goes home with its father, and with nobody else.
  await worker.context().setOffline(true);
  await cardOf(worker, /乔小雨/).getByRole('button', { name: '接走' }).click();
  await worker.getByText('不能交给').waitFor();
  assert.equal(await worker.getByRole('button', { name: /交给乔二山/ }).count(), 0);
  await glance(worker, 'class-phone-leaving');
  await worker.getByRole('button', { name: /交给乔大山/ }).click();
  await told(worker, '乔小雨：交给乔大山');
  await worker.context().setOffline(false);
  await bar(worker, '全部已上传').waitFor();
  await keeper.goto(new URL(link).pathname);
  await cardOf(keeper, /乔小雨/).getByText('乔大山（父亲）').waitFor();
  await guardian.goto(own);
  await guardian.getByText('名单上的人接走').first().waitFor();
});
