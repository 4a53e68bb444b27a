// 部署方案 on phones: whoever plans writes in the draft, hands it in, and tries it out; whoever leads approves it; the school's security reads
// when its gates are kept, not by how many, and says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** Waits for the line that says once what has been done. */
const told = (page, words) => page.getByText(words).first().waitFor();

test('a draft is written, approved by somebody else, and the school says that it knows', async (t) => {
  const planner = await phone(t, stage);
  await signIn(planner, 'zhiban');
  await planner.goto('/deployment-plans');
  await planner.getByText('正在执行').first().waitFor();
  await look(planner, 'deployment-plans');
  await planner.getByRole('link', { name: /第 3 版/ }).click();
  await planner.getByText('天黑得早了').first().waitFor();
  await look(planner, 'deployment-draft');
  await illustrate(planner, 'deployment-draft');
  const draft = planner.url();

  // More police than people: the form comes back, and nothing else that was typed is lost.
  await planner.getByRole('link', { name: '改岗位' }).click();
  await look(planner, 'deployment-posts');
  const crossing = planner.getByRole('group', { name: /校门前路口 早入校/ }).first();
  await crossing.getByLabel('安排几人').fill('0');
  await crossing.getByLabel('其中警力').fill('2');
  await planner.getByRole('button', { name: '改好' }).click();
  await told(planner, '其中警力不能比总人数多');
  await glance(planner, 'deployment-posts-again');
  assert.equal(await crossing.getByLabel('其中警力').inputValue(), '2');
  await crossing.getByLabel('其中警力').fill('0');
  await planner.getByRole('button', { name: '改好' }).click();
  await told(planner, '岗位已改好');
  for (const [link, name] of [['改巡逻', 'patrols'], ['改备勤', 'reserves'], ['改名称、日期、理由、调研', 'particulars']]) {
    await planner.getByRole('link', { name: link }).click();
    await look(planner, `deployment-${name}`);
    await planner.goto(draft);
  }
  await planner.getByRole('link', { name: '和别的版本比' }).click();
  await planner.getByText('撤掉').first().waitFor();
  await look(planner, 'deployment-comparison');
  await illustrate(planner, 'deployment-comparison');
  await planner.goto(draft);
  await planner.getByRole('button', { name: '交批' }).click();
  await told(planner, '已交批');

  const leader = await phone(t, stage);
  await signIn(leader, 'qinwu');
  await leader.goto('/today');
  await leader.getByRole('link', { name: /批方案/ }).click();
  await look(leader, 'deployment-waiting');
  await leader.getByLabel('批准意见（可不写）').fill('同意');
  await leader.getByRole('button', { name: '批准' }).click();
  await told(leader, '已批准');
  await leader.getByText(/所学校的安保还没有说知道了/).waitFor();
  await look(leader, 'deployment-approved');

  // What is sent to the school leads to its page.
  await leader.locator('summary', { hasText: '田家会第一小学' }).click();
  const words = await leader.getByText(/【田家会第一小学】/).textContent();
  assert(!/\d ?人/.test(words), 'how many is nobody else’s business');
  const guard = await phone(t, stage);
  await guard.goto(new URL(words.match(/https?:\S+/)[0]).pathname);
  await guard.getByText('早入校').first().waitFor();
  assert(!/警力|巡逻|备勤/.test(await guard.locator('#main').innerText()), 'neither strength nor routes');
  await look(guard, 'deployment-watch');
  await illustrate(guard, 'deployment-watch');
  await guard.getByLabel(/您的姓名/).last().fill('值班保安');
  await guard.getByRole('button', { name: '知道了' }).last().click();
  await told(guard, '警方已经知道您看过了');
  await leader.reload();
  await leader.getByText('值班保安').first().waitFor();
});

test('what breaks when a post is lost and something else happens', async (t) => {
  const planner = await phone(t, stage);
  await signIn(planner, 'zhiban');
  await planner.goto('/deployment-plans');
  await planner.getByRole('link', { name: /第 2 版/ }).click();
  await planner.getByRole('link', { name: '推演' }).click();
  const date = await schoolDay(planner);
  await planner.getByText('一个岗没人来').first().click();
  await planner.getByLabel('哪个岗').selectOption({ index: 1 });
  await planner.getByLabel('少几个人').fill('2');
  await planner.getByRole('button', { name: '加上这件事' }).first().click();
  await told(planner, '推演好了');
  await planner.getByText(/备勤 \d+ 分钟后顶上/).first().waitFor();
  await look(planner, 'deployment-simulation');
  await planner.getByText(/备勤 \d+ 分钟后顶上/).first().scrollIntoViewIfNeeded();
  await illustrate(planner, 'deployment-simulation');
  await planner.getByText('又一起警情', { exact: true }).click();
  await planner.getByLabel('哪所学校').last().selectOption({ label: '田家会中学' });
  await planner.getByLabel('从几点').last().fill('05:30');
  await planner.getByLabel('到几点').last().fill('12:00');
  await planner.getByLabel('抽备勤几个人').fill('20');
  await planner.getByRole('button', { name: '加上这件事' }).last().click();
  await told(planner, /✕ \d+ 处守不住/);
  assert(planner.url().includes(`day=${date}`), 'what was tried out stands in the address');
  await planner.getByRole('link', { name: '打印' }).click();
  await glance(planner, 'deployment-simulation-paper');
});

/** The first day from today on of which the tables say that there is school, as the form asks for it. */
async function schoolDay(page) {
  for (let ahead = 0; ahead < 60; ahead += 1) {
    const date = new Date(Date.now() + 8 * 3_600_000 + ahead * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel('哪一天').fill(date);
    await page.getByRole('button', { name: '推演', exact: true }).click();
    await page.waitForURL((url) => url.search.includes(date));
    if ((await page.getByRole('heading', { name: '每个岗位' }).count()) > 0) return date;
  }
  return assert.fail('no school day within two months');
}
