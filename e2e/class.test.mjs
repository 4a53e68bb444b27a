// 七彩四点半: a guardian agrees, the class is held on a phone that loses its network, and no child goes with a stranger. Two volunteers hold another
// one by their links alone, and write down what happened there.
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

/** A class that begins in a moment. */
async function plan(desk) {
  await desk.goto('/class-sessions/new');
  const [from, until] = [moment(2), moment(62)];
  await desk.getByLabel('在哪个小区').selectOption('王府名苑小区');
  await desk.getByLabel('在哪里上课').fill('党群服务站');
  await desk.getByLabel('哪天', { exact: true }).fill(from.day);
  await desk.getByLabel('几点开始').fill(from.clock);
  await desk.getByLabel('几点结束').fill(until.clock > from.clock ? until.clock : '23:59');
  await desk.getByRole('button', { name: '安排', exact: true }).click();
  await desk.getByRole('heading', { name: '带班的大人' }).waitFor();
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
  await plan(desk);
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

test('two volunteers hold a class by their links alone', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');
  await plan(desk);
  for (const place of [0, 1]) {
    await desk.getByText('再排一位').click();
    const candidates = await desk.getByLabel('谁来带班').locator('option').allInnerTexts();
    // The first of them holds the class of the story before at this very hour.
    const volunteers = candidates.filter((words) => words.includes('志愿者')).slice(1);
    await desk.getByLabel('谁来带班').selectOption(volunteers[place]);
    await desk.getByRole('button', { name: '排上', exact: true }).click();
    await desk.locator('.address').nth(place).waitFor({ state: 'attached' });
  }
  await desk.getByText('加孩子', { exact: true }).click();
  await desk.getByLabel('找哪个孩子').fill('1号楼');
  await desk.getByRole('button', { name: '找', exact: true }).click();
  await desk.locator('#child input').nth(2).check();
  await desk.locator('#child input').nth(3).check();
  await desk.getByRole('button', { name: '加上' }).click();
  await desk.locator('section.card[id^="child-"]').nth(1).waitFor();
  const links = (await desk.locator('.address').allTextContents()).map((link) => new URL(link).pathname);

  // Both are there; one of them begins.
  const [leader, other] = [await phone(t, stage), await phone(t, stage)];
  for (const [at, keeper] of [leader, other].entries()) {
    await keeper.goto(links[at]);
    await keeper.getByRole('button', { name: '我到了' }).click();
    await keeper.getByText('到了', { exact: true }).first().waitFor();
  }
  await leader.goto(links[0]);
  await leader.getByRole('button', { name: '开课，开始点名' }).click();
  await leader.getByText('正在上').waitFor();
  await look(leader, 'class-leader');

  // The roll is called: one has come, of the other there is leave.
  const cards = leader.locator('section.card[id^="child-"]');
  const names = await cards.getByRole('heading', { level: 3 }).allInnerTexts();
  assert.equal(names.length, 2);
  await cardOf(leader, names[0]).getByRole('button', { name: '到了' }).click();
  await said(leader, '记下了：到了');
  await cardOf(leader, names[1]).getByRole('button', { name: '请假' }).click();
  await said(leader, '记下了：请假');

  // Something happens: whom to call stands on the page, and it is written down.
  await leader.getByRole('link', { name: '拨打 110' }).waitFor();
  await leader.getByRole('link', { name: '记一件事' }).click();
  await look(leader, 'class-leader-incident');
  await leader.getByText('受伤、身体不适', { exact: true }).click();
  await leader.getByLabel(names[0]).check();
  await leader.getByRole('button', { name: '记下', exact: true }).click();
  await leader.getByText(/请填写|要写|至少/).first().waitFor();
  assert(await leader.getByLabel(names[0]).isChecked(), 'what was chosen is still there');
  await glance(leader, 'class-leader-incident-wrong');
  await leader.getByLabel('经过').fill('跑着去洗手，在门口滑倒，膝盖擦破一点皮');
  await leader.getByRole('button', { name: '记下', exact: true }).click();
  await said(leader, '已记下，社区负责人会看到');
  assert(!(await leader.content()).includes('膝盖'), 'it is not to be read by the link');

  // The child goes with whom the guardian lets fetch it.
  const card = cardOf(leader, names[0]);
  await card.getByText('接走', { exact: true }).click();
  await card.locator('details details').first().locator('summary').click();
  await glance(leader, 'class-leader-leaving');
  await card.getByRole('button', { name: /放行/ }).first().click();
  await card.getByText(/走的/).waitFor();
  await look(leader, 'class-leader-over');

  // Whoever is responsible finds it at once, under the name of who wrote it.
  const secretary = await phone(t, stage);
  await signIn(secretary, 'shuji');
  await secretary.goto('/class-incidents');
  await secretary.getByText('受伤、身体不适').first().waitFor();
  await look(secretary, 'class-incidents');
  await secretary.getByRole('link', { name: /受伤、身体不适/ }).first().click();
  await secretary.getByLabel('为什么要看').fill('看看孩子怎么样了');
  await secretary.getByRole('button', { name: '打开记录' }).click();
  await secretary.getByText('膝盖擦破').waitFor();
  await look(secretary, 'class-incident');
});
