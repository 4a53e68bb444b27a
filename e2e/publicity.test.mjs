// What hangs is objected to and answered; a room is booked for every week; a neighbour turns to a member of the party.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { community, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

test('a notice is put up, objected to and answered', async (t) => {
  const secretary = await phone(t, stage);
  await signIn(secretary, 'zhibu');
  await secretary.goto('/publications/new');
  await secretary.getByLabel('贴在哪里').selectOption({ label: '王府名苑小区' });
  await secretary.getByLabel('标题').fill('停车位划线方案');
  await secretary.getByLabel('内容').fill('东门一侧划十二个车位，有事拨 13800001234。');
  await secretary.getByRole('button', { name: '登上公示栏' }).click();
  await secretary.getByText('手机号“138****1234”').first().waitFor();
  await glance(secretary, 'publicity-refused');
  await secretary.getByLabel('内容').fill('东门一侧划十二个车位。');
  await secretary.getByRole('button', { name: '登上公示栏' }).click();
  await told(secretary, '已登在公示栏');
  const neighbour = await phone(t, stage);
  await neighbour.goto(await secretary.getByRole('link', { name: '居民看到的' }).getAttribute('href'));
  await neighbour.getByText('我有不同意见').click();
  await neighbour.getByLabel('哪里不对').fill('挡了消防通道');
  await neighbour.getByRole('button', { name: '提出异议' }).click();
  await told(neighbour, '已收到您的异议');
  await look(neighbour, 'publicity-objection');

  await secretary.goto('/today');
  await secretary.getByRole('link', { name: /停车位划线方案/ }).first().click();
  await secretary.getByText('挡了消防通道').waitFor();
  await secretary.getByText('部分采纳', { exact: true }).click();
  await secretary.getByRole('textbox', { name: '答复' }).fill('留出四米通道，少划两个');
  await look(secretary, 'publicity-answer');
  await secretary.getByText('部分采纳', { exact: true }).click();
  await secretary.getByRole('textbox', { name: '答复' }).fill('留出四米通道，少划两个');
  await secretary.getByText('收到的异议').scrollIntoViewIfNeeded();
  await illustrate(secretary, 'branch-objection');
  await secretary.getByRole('button', { name: '答复' }).click();
  await told(secretary, '已答复');
  await neighbour.reload();
  await neighbour.getByText('留出四米通道，少划两个').waitFor();
});

test('a room is booked for every week, and what stands in the way is said', async (t) => {
  const secretary = await phone(t, stage);
  await signIn(secretary, 'zhibu');
  await secretary.goto('/venues');
  await secretary.getByRole('link', { name: /王府名苑小区党群服务站/ }).click();
  await secretary.getByRole('link', { name: '下一周' }).click();
  await look(secretary, 'venue-week');
  const book = async (title) => {
    await secretary.getByRole('link', { name: '约这天' }).last().click();
    await secretary.getByLabel('做什么用').fill(title);
    await secretary.getByLabel('几点开始').fill('19:00');
    await secretary.getByLabel('几点结束').fill('20:00');
    await secretary.getByLabel('要不要重复').selectOption('每周');
    await secretary.getByText('重复的细节').click();
    const until = new Date(Date.now() + 28 * 86_400_000).toISOString().slice(0, 10);
    await secretary.getByLabel('重复到哪一天').fill(until);
    await secretary.getByRole('button', { name: '约好' }).click();
  };
  await book('书法班');
  await told(secretary, /已约好 [34] 次/);
  await secretary.getByText('书法班').first().waitFor();
  await secretary.getByText('书法班').first().scrollIntoViewIfNeeded();
  await illustrate(secretary, 'branch-venue');
  await book('广场舞排练');
  await secretary.getByText('已经约给“书法班”').first().waitFor();
  await glance(secretary, 'venue-taken');
});

test('a neighbour turns to a member, who takes it on', async (t) => {
  const neighbour = await phone(t, stage);
  await neighbour.goto(`/board/${community}`);
  await neighbour.locator('#estates').getByRole('link', { name: /王府名苑小区/ }).click();
  await neighbour.getByRole('link', { name: '我是党员，大伙有事来找我' }).click();
  await neighbour.getByRole('link', { name: /找他帮忙/ }).first().click();
  await neighbour.getByLabel('是什么事').fill('楼上半夜拖椅子，说了几次不管用');
  await neighbour.getByLabel('哪一类').selectOption('邻里纠纷');
  await look(neighbour, 'help-ask');
  await neighbour.getByLabel('是什么事').fill('楼上半夜拖椅子，说了几次不管用');
  await neighbour.getByLabel('哪一类').selectOption('邻里纠纷');
  await illustrate(neighbour, 'resident-member');
  await neighbour.getByRole('button', { name: /^找/ }).click();
  await neighbour.getByText('收到了').first().waitFor();

  const secretary = await phone(t, stage);
  await signIn(secretary, 'zhibu');
  await secretary.goto('/member-helps');
  await secretary.getByRole('link', { name: /^找/ }).first().click();
  const words = await secretary.locator('#word-text').innerText();
  await secretary.getByRole('button', { name: '已经转告了' }).click();
  await told(secretary, '等党员回话');

  const member = await phone(t, stage);
  await member.goto(words.match(/https?:\S+/)[0]);
  await member.getByText('楼上半夜拖椅子').waitFor();
  await look(member, 'help-member');
  await illustrate(member, 'branch-member');
  await member.getByRole('button', { name: '我来办' }).click();
  await told(member, '您接下了');
  await member.getByText('两家的事，我来说和').click();
  await member.getByRole('button', { name: '请双方同意' }).click();
  await told(member, '都同意了再谈');
  // The codes by which the parties agree are with the branch, not with whoever mediates.
  assert.equal(await member.locator('.qr').count(), 0);
  await glance(member, 'help-mediation');
  await secretary.goto('/today');
  await secretary.getByRole('link', { name: /转同意码/ }).first().click();
  await secretary.getByText('双方同意才能说和').waitFor();
  assert.equal(await secretary.locator('.qr').count(), 2);
  await look(secretary, 'help-consents');
});

/** Waits until a page says that something has been done. */
const told = (page, words) => page.getByRole('status').filter({ hasText: words }).first().waitFor();
