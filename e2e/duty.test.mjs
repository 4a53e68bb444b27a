// 护学岗: an officer cannot come and says so on the phone, somebody from standby is on post before the bell, the school sees it and nothing more; the desk
// reads the table of a week, prints it, fills in the ways between schools and makes a roster in which what is pinned stays.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { illustrate, look, picture } from './support/look.mjs';
import { sheets, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** Waits for the line that says once what has been done. */
const told = (page, words) => page.getByText(words).first().waitFor();

/** By the clock of Shanghai: the day, and the time so many minutes from now. */
const inShanghai = (minutes) => new Date(Date.now() + 8 * 3_600_000 + minutes * 60_000).toISOString();
const day = (days = 0) => inShanghai(days * 1440).slice(0, 10);
const clock = (minutes) => inShanghai(minutes).slice(11, 16);

/** The link that is shown this once. */
async function newLink(desk, path, button) {
  await desk.goto(path);
  await desk.getByRole('button', { name: button }).click();
  return new URL(await desk.locator('#own-link').textContent()).pathname;
}

/** Enters somebody of the station who is in some minutes at every school. Gives their page. */
async function person(desk, name, minutes, standby) {
  await desk.goto('/duty-people/new');
  await desk.getByLabel('姓名').fill(name);
  await desk.getByLabel('单位').selectOption('田家会派出所');
  if (standby) await desk.getByLabel('参加备勤').check();
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await told(desk, '接着填到各学校要几分钟');
  for (const field of await desk.locator('input[name^="minutes-"]').all()) await field.fill(`${minutes}`);
  await desk.getByRole('button', { name: '记下' }).first().click();
  await told(desk, '分钟数已记下');
  return new URL(desk.url()).pathname;
}

test('an officer cannot come, and somebody from standby is on post', async (t) => {
  // A shift of today begins in some minutes and ends today.
  if (clock(0) > '22:30') return t.skip('too late in the day for a shift that begins today');
  const desk = await desktop(t, stage);
  await signIn(desk, 'qinwu');
  // There is school today, whatever day it is.
  await desk.goto('/duty-terms');
  await desk.getByText('登记特殊日子').click();
  await desk.getByLabel('哪一天').fill(day());
  await desk.getByLabel('上课（调课、补课）').check();
  await desk.getByLabel('补周几的课（可不选）').selectOption('周一');
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await told(desk, '已登记');
  await look(desk, 'duty-terms');

  const officer = await person(desk, '冯志强', 5, false);
  const standby = await person(desk, '任建平', 1, true);
  await look(desk, 'duty-person');
  await desk.goto(`/duty-shifts/new?day=${day()}`);
  const posts = desk.getByLabel('岗位和时段');
  const post = await posts.locator('option', { hasText: '田家会第二小学 · 正门 早入校' }).first().getAttribute('value');
  await posts.selectOption(post);
  await desk.getByLabel('定人').selectOption({ label: '冯志强（民警，田家会派出所）' });
  await desk.getByLabel('定责：做什么').fill('看护学生过马路');
  await desk.getByLabel('几点到岗').fill(clock(15));
  await desk.getByLabel('几点离岗').fill(clock(75));
  await desk.getByRole('button', { name: '排上' }).click();
  await told(desk, '已排上');

  // On the officer's phone: what, where and when; then they fall ill.
  const own = await phone(t, stage);
  await own.goto(await newLink(desk, officer, '给本人一个新链接'));
  await own.getByText('田家会第二小学 · 正门').first().waitFor();
  await look(own, 'duty-own');
  await own.getByRole('button', { name: '知道了，确认' }).click();
  await told(own, '已确认');
  await illustrate(own, 'duty-own');
  await own.getByText('来不了', { exact: true }).click();
  await own.getByLabel('来不了的原因').fill('身体不适');
  await own.getByRole('button', { name: '来不了，叫备勤' }).click();
  await own.getByText('缺岗').first().waitFor();

  // The nearest on standby is asked, goes, and is there.
  const second = await phone(t, stage);
  await second.goto(await newLink(desk, standby, '给本人一个新链接'));
  await second.getByRole('heading', { name: '请您去顶岗' }).waitFor();
  await look(second, 'duty-call');
  await illustrate(second, 'duty-call');
  await second.getByRole('button', { name: '我去' }).click();
  await told(second, '请马上出发');
  await second.getByRole('button', { name: '我到岗了，签到' }).first().click();
  await told(second, '签到成功');

  // The school sees that somebody is there, and nobody's name.
  await desk.goto('/duty-schools');
  const school = await desk.getByRole('link', { name: /田家会第二小学/ }).getAttribute('href');
  const guest = await phone(t, stage);
  await guest.goto(await newLink(desk, school, '给学校一个新链接'));
  await guest.getByText('护学岗已到岗').waitFor();
  const shown = await guest.locator('main').innerText();
  assert(!/冯志强|任建平|民警|警力/.test(shown), shown);
  await look(guest, 'duty-watch');
  await illustrate(guest, 'duty-watch');

  await desk.goto(`/duty?day=${day()}`);
  await desk.getByText('顶岗').first().waitFor();
  await look(desk, 'duty-day');
  await desk.getByRole('heading', { name: '田家会第二小学' }).evaluate((heading) => heading.scrollIntoView());
  await illustrate(desk, 'duty-day');
});

test('the table of a week and of a term, on the screen and on paper', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'zhiban');
  await desk.goto('/duty/coverage?span=week');
  await desk.getByText('没有人或者人不够的分钟').waitFor();
  assert.equal(await desk.locator('.coverage th[scope="rowgroup"]', { hasText: '田家会第一小学' }).count(), 1);
  await look(desk, 'duty-coverage');
  await illustrate(desk, 'duty-coverage');
  const file = desk.waitForEvent('download');
  await desk.getByRole('button', { name: '下载表格' }).click();
  assert.match((await file).suggestedFilename(), /护学岗覆盖表\.xlsx/);

  await desk.goto('/duty/coverage/paper?span=week');
  await look(desk, 'duty-paper');
  assert.equal(await sheets(desk), 1, 'a week of three schools is one sheet of paper');
  const pdf = await desk.pdf({ preferCSSPageSize: true });
  const [, , width, height] = pdf.toString('latin1').match(/\/MediaBox\s*\[\s*([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)/).slice(1).map(Number);
  assert(width > height, `A4 across, not ${width} × ${height}`);
  await mkdir('test-output/paper', { recursive: true });
  await writeFile('test-output/paper/duty-week.pdf', pdf);
  await desk.emulateMedia({ media: 'print' });
  await desk.setViewportSize({ width: 1032, height: 703 }); // A4 across without its margins
  await picture(desk, 'duty-paper-printed');
  const { wide, room } = await desk.evaluate(() => ({ wide: document.querySelector('table').scrollWidth, room: document.documentElement.clientWidth }));
  assert(wide <= room, `the table is ${wide} px wide on paper of ${room} px`);
  await desk.emulateMedia({ media: 'screen' });
  await desk.setViewportSize({ width: 1280, height: 800 });

  await desk.goto('/duty/coverage?span=term');
  await look(desk, 'duty-term');
  await desk.goto('/duty/coverage/paper?span=term');
  const term = await sheets(desk);
  assert(term <= 2, `a term is ${term} sheets`);
});

test('ways between schools, and a draft that is worked out again', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'qinwu');
  await desk.goto('/duty-ways');
  await desk.getByText('都填好了').waitFor();
  const cell = desk.getByLabel('从田家会第一小学到田家会第二小学（分钟）');
  await cell.fill('一刻钟');
  await desk.getByRole('button', { name: '记下' }).click();
  await told(desk, '请填 0 到 240 的整数');
  assert.equal(await cell.inputValue(), '一刻钟');
  await cell.fill('10');
  await desk.getByRole('button', { name: '记下' }).click();
  await told(desk, '记下了 1 处');
  await look(desk, 'duty-ways');
  await illustrate(desk, 'duty-ways');

  await desk.goto('/duty-rosters');
  // A Monday three weeks on is beyond what the demonstration has published; it is a school day because somebody says so.
  const first = day(21);
  await desk.goto('/duty-terms');
  await desk.getByText('登记特殊日子').click();
  await desk.getByLabel('哪一天').fill(first);
  await desk.getByLabel('上课（调课、补课）').check();
  await desk.getByLabel('补周几的课（可不选）').selectOption('周一');
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await told(desk, '已登记');
  await desk.goto('/duty-rosters');
  await desk.getByLabel('第一天').fill(first);
  await desk.getByLabel('最后一天').fill(first);
  await desk.getByRole('button', { name: '自动排班' }).click();
  await told(desk, '草稿排好了');
  const draft = desk.url();
  await desk.getByRole('button', { name: /^固定/ }).first().click();
  await told(desk, '再排时不动');
  await look(desk, 'duty-roster');
  await desk.getByRole('button', { name: '再排一次' }).click();
  await told(desk, '固定的班没有动');
  assert.notEqual(desk.url(), draft);
  assert.equal(await desk.getByRole('button', { name: /^不固定/ }).count(), 1);
  await illustrate(desk, 'duty-roster');
  const small = await phone(t, stage);
  await signIn(small, 'qinwu');
  await small.goto('/duty-ways');
  await look(small, 'duty-ways-phone');
  await small.goto('/duty/coverage?span=week');
  await look(small, 'duty-coverage-phone');
});
