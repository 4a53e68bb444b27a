// 隐患台账: a round on a phone finds something and photographs it; it is graded, given to somebody, fixed, looked at again by the patrol unit and
// struck off by who leads. Another goes to the body that it belongs to, by a letter; the ledger is taken away, and a school sees what it is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { rows } from './support/office.mjs';
import { photo, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** Waits for the line that says once what has been done. */
const told = (page, words) => page.getByText(words).first().waitFor();

/** By the clock of Shanghai, the day that is so many days from now. */
const day = (days) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);

/** The form of a step on the page of a hazard, unfolded. */
async function form(page, noun) {
  const found = page.locator(`#${noun}`);
  if (!(await found.isVisible())) await page.locator('details').filter({ has: found }).locator('summary').click();
  await found.waitFor();
  return found;
}

/** Takes a step that asks for no more than words. */
async function say(page, noun, label, words) {
  const step = await form(page, noun);
  if (label) await step.getByLabel(label).fill(words);
  await step.locator('button.btn').click();
}

/** Somebody of the bureau on a phone. */
async function officer(t, login) {
  const page = await phone(t, stage);
  await signIn(page, login);
  return page;
}

test('from a round on a phone to the striking off', async (t) => {
  const own = await officer(t, 'zhiban');
  // What is used every day stands under the thumb.
  const bar = own.locator('.nav .tabs');
  await bar.getByRole('link', { name: '隐患' }).click();
  await own.getByRole('heading', { name: '隐患台账' }).waitFor();
  await look(own, 'hazard-list');
  await illustrate(own, 'hazard-list');
  await bar.getByRole('link', { name: '排查' }).click();
  await own.getByRole('heading', { name: '排查', exact: true, level: 1 }).waitFor();
  await look(own, 'hazard-rounds');
  await own.getByRole('link', { name: /待排查/ }).click();
  await own.getByText('校门口停车').first().waitFor();
  const name = await own.getByRole('heading', { level: 1 }).textContent();
  await look(own, 'hazard-round');
  const lines = own.locator('.looked-at');
  for (const line of await lines.all()) await line.getByText('没有问题', { exact: true }).click();
  const stalls = lines.filter({ has: own.getByRole('group', { name: '流动摊贩' }) });
  assert(!(await stalls.getByLabel('在哪里（有隐患的要写）').isVisible()), 'where is asked only of a problem');
  await stalls.getByText('有隐患', { exact: true }).click();
  await stalls.getByLabel('看到了什么（有隐患的要写）').fill('放学时两个摊位占了盲道');
  await stalls.getByLabel('照片').setInputFiles(await photo(stage, '占道的摊位'));
  await own.getByRole('button', { name: '查完了，登记' }).click();
  // Nothing is lost, and only the line that it belongs to has the photo.
  await told(own, '请填写在哪里');
  assert.equal(await own.getByText('已收到 1 张照片').count(), 1);
  await glance(own, 'hazard-round-again');
  await stalls.getByLabel('在哪里（有隐患的要写）').fill('正门外盲道');
  await stalls.getByLabel('离校门多少米（有隐患的要写）').fill('30');
  await stalls.getByLabel('离校门多少米（有隐患的要写）').scrollIntoViewIfNeeded();
  await own.getByRole('button', { name: '查完了，登记' }).click();
  await told(own, '1 处隐患进了台账');
  await own.getByRole('link', { name: /^YH-/ }).click();
  await own.getByAltText('登记的照片 1').waitFor({ state: 'attached' });
  const hazard = own.url();

  await say(own, 'grade');
  await told(own, '已定级');
  const assignment = await form(own, 'assignment');
  await assignment.getByLabel('责任单位').fill('田家会派出所');
  await assignment.getByLabel('本局的责任人').selectOption('田家会派出所值班员');
  await assignment.getByLabel('整改措施').fill('劝离摊位，放学时守着');
  await assignment.getByLabel('哪天前整改完').fill(day(5));
  await assignment.locator('button.btn').click();
  await told(own, '已交办');
  await say(own, 'beginning');
  await told(own, '已开始整改');
  // Without a photo it is not fixed.
  await say(own, 'completion', '怎么整改的', '摊位搬到便民市场了');
  await told(own, '要附整改以后的照片');
  const completion = await form(own, 'completion');
  await completion.getByLabel('照片').setInputFiles(await photo(stage, '空出来的盲道'));
  await completion.locator('button.btn').click();
  await told(own, '请没参与整改的人去看');
  await told(own, '复查和销号由别人来做');
  assert.equal(await own.locator('#recheck').count(), 0, 'whoever fixed it does not look again');
  await look(own, 'hazard-fixed');

  // The patrol unit shares the school: it is asked to look, and does.
  const other = await officer(t, 'xunte');
  await other.goto(hazard);
  await other.getByAltText('整改完成，申请复查的照片 1').waitFor({ state: 'attached' });
  const recheck = await form(other, 'recheck');
  await recheck.getByLabel('复查结论').fill('连看两天，盲道通畅');
  await recheck.getByLabel('照片').setInputFiles(await photo(stage, '第二天的盲道'));
  await recheck.locator('button.btn').click();
  await told(other, '复查通过，可以销号');
  assert.equal(await other.locator('#closure').count(), 0, 'striking off is for who leads');

  // Who leads tells the school and strikes it off.
  const leader = await desktop(t, stage);
  await signIn(leader, 'qinwu');
  await leader.goto(hazard);
  await say(leader, 'sharing');
  await told(leader, '学校看得到了');
  await say(leader, 'closure', '审批意见', '同意');
  await told(leader, '已销号');
  await look(leader, 'hazard-closed');

  await leader.goto('/hazard-schools');
  await leader.getByRole('link', { name }).click();
  await leader.getByRole('link', { name: '给学校的链接' }).click();
  await leader.locator('#school-link').waitFor();
  await look(leader, 'hazard-school-link');
  const link = new URL(await leader.locator('#school-link').textContent()).pathname;
  const school = await phone(t, stage);
  await school.goto(link);
  await school.getByText('已销号').first().waitFor();
  await school.getByText('正门外盲道').waitFor();
  const seen = await school.content();
  for (const secret of ['YH-', '值班员', '占了盲道', '/photos/']) assert(!seen.includes(secret), secret);
  await look(school, 'hazard-school');
});

test('what belongs to another body goes there by a letter, and the ledger is taken away', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'zhiban');
  await desk.goto('/hazards/new');
  await look(desk, 'hazard-new-school');
  await desk.getByLabel('哪所学校').selectOption('田家会第一小学');
  await desk.getByRole('button', { name: '下一步' }).click();
  await desk.getByLabel('从哪个校门量').waitFor();
  await look(desk, 'hazard-new');
  await desk.getByLabel('从哪个校门量').selectOption('正门');
  await desk.getByLabel('离校门多少米').fill('90米');
  await desk.getByLabel('位置').fill('正门东侧路口');
  await desk.getByLabel('类别').selectOption('施工');
  await desk.getByLabel('什么情况').fill('路口挖开以后没有围挡，也没有警示灯');
  await desk.getByLabel('哪天发现的').fill(day(-1));
  await desk.getByLabel('照片').setInputFiles(await photo(stage, '挖开的路口'));
  await desk.getByRole('button', { name: '登记', exact: true }).click();
  await told(desk, '已登记，请定级');
  const number = (await desk.getByRole('heading', { level: 1 }).textContent()).split(' ')[0];
  await say(desk, 'grade');
  const transfer = await form(desk, 'transfers');
  await transfer.getByLabel('移送给哪个部门').fill('住房和城乡建设局');
  await transfer.getByLabel('请对方做什么').fill('请督促施工单位围挡、装警示灯');
  await transfer.getByLabel('对方哪天前回复').fill(day(6));
  await transfer.locator('button.btn').click();
  await told(desk, '已移送，请打印移送函');
  const hazard = desk.url();
  await desk.getByRole('link', { name: /住房和城乡建设局/ }).click();
  await desk.getByText('请督促施工单位围挡、装警示灯').waitFor();
  await look(desk, 'hazard-letter');
  await illustrate(desk, 'hazard-letter');
  const letter = await desk.request.get(`${new URL(desk.url()).pathname}/letter.docx`);
  assert.equal(letter.status(), 200);

  // They say until when, the letter stays as it was, and what they have done is looked at by somebody else.
  await desk.goto(hazard);
  const reply = await form(desk, 'replies');
  await reply.getByLabel('对方怎么说').fill('已经通知施工单位，三天内围好');
  await reply.getByLabel('新的回复时限').fill(day(9));
  await reply.locator('button.btn').click();
  await told(desk, '回复已记下');
  const done = await form(desk, 'completion');
  await done.getByLabel('怎么整改的').fill('回函：已围挡，装了四盏警示灯');
  await done.getByLabel('照片').setInputFiles(await photo(stage, '围好的路口'));
  await done.locator('button.btn').click();
  await told(desk, '请没参与整改的人去看');

  // The ledger as another program reads it, in the order in which ledgers are kept.
  const file = await desk.request.get('/hazards/ledger.xlsx');
  const [header, ...ledger] = await rows(await file.body());
  const asked = ['编号', '发现时间', '发现人', '学校', '位置', '类别', '描述', '照片（张）', '等级', '责任单位', '责任人', '整改措施', '整改时限', '整改情况', '整改、复查照片（张）', '复查人', '复查时间', '结论', '销号时间', '移送部门'];
  const places = asked.map((name) => header.indexOf(name));
  assert(places.every((place, at) => place > (places[at - 1] ?? -1)), header.join());
  const row = ledger.find((cells) => cells[header.indexOf('编号')] === number);
  assert.equal(row[header.indexOf('移送部门')], '住房和城乡建设局');
  assert.equal(row[header.indexOf('发现时间')], day(-1));
  assert.equal(row[header.indexOf('状态')], '待复查');
  assert(ledger.some((cells) => cells[header.indexOf('状态')] === '已销号'), 'what has ended is in it too');

  await desk.goto('/hazards/figures');
  await desk.getByText('÷').first().waitFor();
  await look(desk, 'hazard-figures');
  await desk.goto('/hazards/print');
  await look(desk, 'hazard-print');
  await desk.goto('/hazard-places');
  await look(desk, 'hazard-places');
  await desk.goto('/hazards/way');
  await look(desk, 'hazard-way');
});
