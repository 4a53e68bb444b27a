// 巡逻, on the desk's screen and on the phone of whoever walks: a route of the places of the list, a round, a tap and a code at the points, the
// figure, and what was seen becomes a hazard without being typed again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { illustrate, look } from './support/look.mjs';
import { photo, scan, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** Waits for the line that says once what has been done. */
const told = (page, words) => page.getByText(words).first().waitFor();

test('a round around the clock: planned, walked, counted, and what was seen is typed once', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'qinwu');
  await desk.goto('/patrols');
  await desk.getByRole('link', { name: '第一小学周边', exact: true }).waitFor();
  await look(desk, 'patrol-today');

  // A route that is walked at whatever hour this is read, with a place of the list and a point by hand.
  await desk.getByRole('link', { name: '巡逻路线' }).first().click();
  await desk.getByRole('link', { name: '登记路线' }).click();
  await desk.getByLabel('路线名称').fill('正门前后');
  await desk.getByLabel('哪一类').selectOption('街面');
  await desk.getByLabel('哪个单位走').selectOption('田家会派出所');
  await desk.getByLabel('哪些日子走').selectOption('每天');
  await desk.getByLabel('几点开始').fill('09:00');
  await desk.getByLabel('几点结束').fill('08:00');
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await told(desk, '结束要在开始以后');
  await desk.getByLabel('几点开始').fill('00:00');
  await desk.getByLabel('几点结束').fill('00:00');
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await told(desk, '接着加点');
  await desk.getByLabel(/公交枢纽站/).check();
  await desk.getByRole('button', { name: '加上这些点' }).click();
  await told(desk, '加上了 1 个点');
  await desk.getByText('自己加一个点').click();
  await desk.getByLabel('点的名称').fill('正门对面');
  await desk.getByRole('button', { name: '加上', exact: true }).click();
  await told(desk, '点已加上');
  await look(desk, 'patrol-route');
  const route = new URL(desk.url()).pathname;

  // Whoever walks it has come today: the demonstration's people may be signed on at a post at whatever hour this is read, and check in nowhere else.
  await desk.goto('/duty-people/new');
  await desk.getByLabel('姓名', { exact: true }).fill('常有福');
  await desk.getByLabel('是什么人员').selectOption('民警');
  await desk.getByLabel('单位', { exact: true }).selectOption('田家会派出所');
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await told(desk, '接着填到各学校要几分钟');
  await desk.getByRole('button', { name: '给本人一个新链接' }).click();
  const own = new URL(await desk.locator('#own-link').textContent()).pathname;

  await desk.goto(route);
  await desk.getByRole('link', { name: '排一轮' }).click();
  await desk.getByLabel(/常有福/).check();
  await desk.getByRole('button', { name: '排上' }).click();
  await told(desk, '本人的链接上看得到');
  const round = desk.url();

  // Whoever walks: their own link, a tap at one point with what they saw, the code at the other.
  const officer = await phone(t, stage);
  await officer.goto(own);
  await officer.getByRole('link', { name: '我的巡逻' }).click();
  await officer.getByRole('button', { name: '出发' }).click();
  await told(officer, '注意安全');
  const first = officer.locator('li').filter({ hasText: '公交枢纽站' });
  await first.getByText('看到什么情况').click();
  await first.getByLabel(/看到什么（/).fill('黑车占了公交站，学生绕到车道上走');
  await look(officer, 'patrol-own');
  await first.getByText('看到什么情况').click();
  await first.getByLabel(/看到什么（/).fill('黑车占了公交站，学生绕到车道上走');
  await first.getByLabel('照片').setInputFiles(await photo(stage, '黑车占站'));
  await first.getByRole('button', { name: /^到了/ }).click();
  await told(officer, '到了，已记下');
  await officer.getByText('下一个').waitFor();
  await illustrate(officer, 'patrol-own');
  await desk.goto(`${route}/posters`);
  await desk.getByRole('heading', { name: '正门对面' }).waitFor();
  const code = new URL(await scan(desk.locator('.qr').nth(1))).pathname;
  const stranger = await phone(t, stage);
  await stranger.goto(code);
  await stranger.getByText('还不知道您是谁').waitFor();
  assert(!(await stranger.content()).includes('正门对面'), 'a stranger learns nothing');
  await look(stranger, 'patrol-code-stranger');
  await officer.goto(code);
  await officer.getByRole('button', { name: '到了' }).click();
  await officer.getByText('您到过这里').waitFor();
  await look(officer, 'patrol-code');

  // The desk: both points are fresh, the note waits, and becomes a hazard with every word that is there.
  await desk.goto('/patrols');
  const section = desk.locator('section.card').filter({ has: desk.getByRole('link', { name: '正门前后', exact: true }) });
  assert.equal(await section.getByText('0 分钟前到过').count() + await section.getByText('1 分钟前到过').count(), 2);
  await illustrate(desk, 'patrol-today');
  await look(desk, 'patrol-today-walked');
  await desk.getByRole('button', { name: /登记成隐患.*黑车占了公交站/ }).click();
  assert.equal(await desk.getByLabel('什么情况').inputValue(), '黑车占了公交站，学生绕到车道上走');
  assert.equal(await desk.getByLabel('离校门多少米').inputValue(), '90');
  await told(desk, '已收到 1 张照片');
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await told(desk, '已登记，请定级');
  await desk.getByRole('img', { name: '登记的照片 1' }).waitFor();
  await desk.goto(round);
  await desk.getByRole('link', { name: /已登记为隐患 YH-/ }).waitFor();
  await look(desk, 'patrol-round');

  // The figure: of the minutes since the points were entered, all.
  await desk.goto(`${route}/figures?span=day`);
  await desk.getByText('100.0%').first().waitFor();
  await look(desk, 'patrol-day');
  // A day of the demonstration that is over.
  const yesterday = new Date(Date.now() + 8 * 3_600_000 - 86_400_000).toISOString().slice(0, 10);
  await desk.goto('/patrol-routes');
  await desk.getByRole('link', { name: /滨河路街面/ }).click();
  await desk.getByRole('link', { name: '不间断率' }).click();
  await look(desk, 'patrol-week');
  await desk.goto(`${new URL(desk.url()).pathname}?day=${yesterday}&span=day`);
  await desk.locator('svg.strip').first().waitFor();
  await illustrate(desk, 'patrol-day');

  await officer.goto(own.replace('/duty-own/', '/patrol-own/'));
  await officer.getByText('走完了，结束这一轮').click();
  await officer.getByLabel('交接和情况（可不填）').fill('公交站还要再看');
  await officer.getByRole('button', { name: '结束这一轮' }).click();
  await told(officer, '辛苦了');
  await desk.goto(round);
  await desk.getByText('公交站还要再看').waitFor();
});
