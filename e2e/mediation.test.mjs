// 老王 sits between two neighbours: a report is turned into a case, both agree by a code of their own, he writes down what
// they settled, and the file is closed. What the receipt says names nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { community, scan, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

const words = '楼上下水堵了没人管，脏水流到我家，说了几次说不到一起';

test('from a quarrel that was reported to the archive', async (t) => {
  const resident = await phone(t, stage);
  await resident.goto(`/board/${community}`);
  await resident.getByRole('link', { name: '邻里有矛盾，可以申请调解' }).click();
  await look(resident, 'mediation-board');
  await resident.locator('#main').getByRole('link', { name: '我要反映' }).click();
  await resident.getByLabel('什么事').fill(words);
  await resident.getByLabel('哪一类').selectOption('邻里纠纷');
  await resident.getByRole('button', { name: '提交' }).click();
  await resident.getByText('收到了，谢谢您').waitFor();
  await resident.getByRole('link', { name: '看办理进度' }).click();
  const receipt = resident.url();

  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');
  await desk.goto('/issues?state=submitted');
  await desk.getByRole('row').filter({ hasText: '邻里纠纷' }).first().getByRole('link').click();
  await desk.getByText(words).waitFor();
  await desk.getByLabel('公开标题').fill('邻里下水纠纷');
  await desk.getByLabel('怎么解决').selectOption('纠纷调解');
  await desk.getByRole('button', { name: '受理', exact: true }).click();
  await desk.getByRole('link', { name: '转调解' }).click();
  assert.equal(await desk.getByLabel('主要事实').inputValue(), words, 'what was reported is carried over');
  await look(desk, 'mediation-new');
  await desk.getByText('党员邻里调解', { exact: true }).click();
  await desk.getByLabel('争议事项').fill('疏通的钱谁出');
  await desk.getByLabel('甲方姓名').fill('刘建军');
  await desk.getByLabel('甲方电话').fill('13800004321');
  await desk.getByLabel('乙方姓名').fill('王秀兰');
  await desk.getByLabel('谁来调解').fill('王志强');
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await told(desk, '已登记');
  const page = desk.url();
  assert(!(await desk.content()).includes('王秀兰'), 'a name that nobody has asked for');
  await desk.getByRole('button', { name: '受理', exact: true }).click();
  await told(desk, '已受理');
  await look(desk, 'mediation-case');
  await illustrate(desk, 'mediation-case');

  await desk.getByRole('link', { name: '转链接' }).click();
  await look(desk, 'mediation-links');
  const codes = desk.locator('.qr');
  assert.equal(await codes.count(), 3, 'two parties and a mediator');
  const member = await phone(t, stage);
  const of = [];
  for (const at of [0, 1, 2]) of.push(await scan(codes.nth(at)));
  for (const [at, link] of of.slice(0, 2).entries()) {
    const party = await phone(t, stage);
    await party.goto(link);
    if (at === 0) await look(party, 'mediation-party');
    if (at === 0) await illustrate(party, 'mediation-party');
    assert(!(await party.content()).includes('脏水'), 'a party reads what the other one said');
    await party.getByRole('button', { name: /^同意/ }).click();
    await told(party, '您同意');
  }
  await desk.goto(page);
  await open(desk, '开始调解');
  await desk.getByRole('button', { name: '开始调解' }).click();
  await told(desk, '开始调解');

  await member.goto(of[2]);
  await member.getByText('王秀兰').first().waitFor();
  await look(member, 'mediation-mediator');
  await illustrate(member, 'mediation-mediator');
  // This very minute: any other can still be to come, or lie on the day before.
  await member.getByLabel('几点').fill(new Date().toLocaleTimeString('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' }));
  await member.getByLabel('在哪里').fill('小区党群服务站');
  for (const name of ['甲方 刘建军', '乙方 王秀兰', '调解员 王志强']) await member.getByLabel(name).check();
  await member.getByLabel('谈了什么', { exact: true }).fill('两家都愿意各让一步');
  await member.getByRole('button', { name: '记下' }).click();
  await told(member, '记下了');
  await open(member, '谈成了');
  await member.getByLabel('谈成了什么').fill('疏通的钱各出一半，这个周末疏通');
  await member.getByLabel('最晚哪天做到').fill(new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10));
  await member.getByRole('button', { name: '双方说定了' }).click();
  await member.getByText('不用您再操心').waitFor();
  assert(!(await member.content()).includes('王秀兰'), 'he still sees it');
  await glance(member, 'mediation-mediator-done');

  await resident.goto(receipt);
  await resident.getByText('双方达成了调解协议').waitFor();
  for (const hidden of ['刘建军', '王秀兰', '王志强', '各出一半']) assert(!(await resident.content()).includes(hidden), hidden);
  await look(resident, 'mediation-receipt');

  await desk.reload();
  await desk.getByLabel('哪一项', { exact: true }).selectOption({ index: 1 });
  await desk.getByLabel('凭什么知道做到了').fill('上门看过，通了');
  await desk.locator('#performances').getByRole('button', { name: '登记' }).click();
  await told(desk, '已登记履行');
  await open(desk, '回访');
  await desk.getByLabel('回访了谁').fill('两家都说好了');
  await desk.getByRole('button', { name: '回访' }).click();
  await told(desk, '回访已记下');
  await open(desk, '看完整姓名和号码');
  await desk.getByLabel('原因').fill('打印卷宗归档');
  await desk.getByRole('button', { name: '打开' }).click();
  await desk.getByRole('link', { name: '整本卷宗' }).click();
  await look(desk, 'mediation-file');
  await desk.goto(page);
  await desk.getByText('短期', { exact: true }).click();
  await desk.getByRole('button', { name: '归档' }).click();
  await told(desk, '已归档');
  await look(desk, 'mediation-archived');
});

/** The page says that something has been done. */
const told = (page, what) => page.getByRole('status').filter({ hasText: what }).waitFor();

/** Unfolds a form, unless it is open. */
async function open(page, summary) {
  const form = page.locator('details').filter({ has: page.locator('summary', { hasText: summary }) }).first();
  if (!(await form.evaluate((details) => details.open))) await form.locator('summary').click();
}
