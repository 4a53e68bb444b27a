// 为民服务, all of it on phones: a grid worker writes down what somebody needs who lives alone, staff see who could go and why, a volunteer
// answers on their own page, and whoever asked takes it back by their link. Volunteers go from door to door and note what came of each. A clinic
// comes on dates of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phone } from './support/browser.mjs';
import { illustrate, look } from './support/look.mjs';
import { community, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** Waits for the line that says once what has been done. */
const told = (page, words) => page.getByText(words).first().waitFor();

/** By the clock of Shanghai, the day that is so many days from now. */
const day = (days) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);

/** Staff make a new link for a volunteer, and see it once: the path to the volunteer's own page. */
async function linkOf(staff, volunteer) {
  await staff.goto(volunteer);
  await staff.getByRole('button', { name: '换一个新链接' }).click();
  return new URL(await staff.locator('#own-link').textContent()).pathname;
}

/** The volunteer who is asked to go, as the page of a need names them. */
const whoIsAsked = (staff) => staff.locator('#main a[href^="/volunteers/"]').first().getAttribute('href');

test('what somebody who lives alone needs, from their door to whoever goes there', async (t) => {
  // The grid worker writes it down in their grid; without a yes no name is kept, and nothing that was written is lost.
  const worker = await phone(t, stage);
  await signIn(worker, 'wangge');
  await worker.goto('/services');
  await worker.getByRole('link', { name: '登记需要' }).click();
  await worker.getByLabel('需要什么').selectOption('教手机、装反诈App');
  await worker.getByLabel('哪栋楼').selectOption('王府名苑小区 3号楼');
  await worker.getByLabel('单元').fill('2');
  await worker.getByLabel('房号').fill('301');
  await worker.getByLabel('具体情况').fill('一个人住，想学和女儿视频');
  await worker.getByLabel('周六').check();
  await worker.getByLabel('上午').check();
  await worker.getByLabel('怎么称呼').fill('王桂香');
  await worker.getByLabel('电话（可不填）').fill('13800001111');
  await worker.getByRole('button', { name: '记下' }).click();
  await told(worker, '本人同意了才能记');
  assert.equal(await worker.getByLabel('具体情况').inputValue(), '一个人住，想学和女儿视频');
  await worker.getByLabel('本人同意记下姓名和电话').check();
  await worker.getByLabel('本人同意告诉上门的志愿者').check();
  await worker.getByRole('button', { name: '记下' }).click();
  await told(worker, '网格员登记');
  await worker.getByText('138****1111').first().waitFor();
  assert.equal(await worker.getByText('可以派谁去').count(), 0, 'who goes is arranged by staff');
  const need = worker.url();
  const own = await worker.getByRole('link', { name: '这个链接' }).getAttribute('href');

  // Staff see who could go, and why.
  const staff = await phone(t, stage);
  await signIn(staff, 'shegong');
  await staff.goto('/services');
  await staff.getByRole('link', { name: /教手机、装反诈App.*王府名苑小区 3号楼/ }).first().click();
  await staff.getByText(/会手机/).first().waitFor();
  await staff.getByText(/近期/).first().waitFor();
  await look(staff, 'service-need');
  await staff.getByRole('heading', { name: '可以派谁去' }).evaluate((heading) => heading.scrollIntoView());
  await illustrate(staff, 'service-need');
  await staff.getByRole('button', { name: /^就这样派/ }).first().click();
  await told(staff, '派给了');
  const volunteer = await linkOf(staff, await whoIsAsked(staff));

  // The volunteer reads the door, and the words and the phone once they go.
  const visitor = await phone(t, stage);
  await visitor.goto(volunteer);
  await visitor.getByRole('link', { name: /上门服务/ }).click();
  await visitor.getByText('王府名苑小区 3号楼').first().waitFor();
  assert(!(await visitor.content()).includes('13800001111'), 'not before they go');
  await visitor.getByRole('button', { name: /^我去/ }).first().click();
  await told(visitor, '答应了');
  await visitor.getByText('13800001111').first().waitFor();
  await visitor.getByText('想学和女儿视频').first().waitFor();
  await look(visitor, 'service-calls');
  await illustrate(visitor, 'service-calls');

  // Whoever needs it sees when somebody comes, and takes it back: nothing is left, and nobody goes.
  const resident = await phone(t, stage);
  await resident.goto(own);
  await resident.getByText('什么时候来').waitFor();
  await look(resident, 'service-own');
  await illustrate(resident, 'service-own');
  await resident.getByText('撤回，删掉我填的').click();
  await resident.getByRole('button', { name: '撤回', exact: true }).click();
  await told(resident, '都删掉了');
  await look(resident, 'service-own-gone');
  await visitor.reload();
  assert(!(await visitor.content()).includes('王府名苑小区 3号楼'), 'nobody is to go there any more');
  await staff.goto(need);
  await staff.getByText('资料已经删去').waitFor();
  assert(!(await staff.content()).includes('女儿'), 'nothing of what was written is left');
});

test('whoever agreed has been there, and staff ask whether it was what was needed', async (t) => {
  const staff = await phone(t, stage);
  await signIn(staff, 'shegong');
  await staff.goto('/services?state=matched');
  await staff.getByRole('link', { name: /教手机、装反诈App.*水保所家属院/ }).first().click();
  await staff.getByText('答应了').first().waitFor();
  const need = staff.url();
  const volunteer = await linkOf(staff, await whoIsAsked(staff));
  const visitor = await phone(t, stage);
  await visitor.goto(`${volunteer}/calls`);
  await visitor.getByLabel('做了什么').fill('装好了，也教了怎么拦骚扰电话');
  await visitor.getByRole('button', { name: /^去过了/ }).click();
  await told(visitor, '辛苦了');
  await staff.goto(need);
  await staff.getByText('也教了怎么拦骚扰电话').waitFor();
  await look(staff, 'service-visited');
  await staff.getByText('问过了，结束这件事').click();
  await staff.getByText('办好了', { exact: true }).click();
  await staff.getByRole('button', { name: '结束', exact: true }).click();
  await told(staff, '记下了');
  await staff.goto('/services?state=done');
  await staff.getByRole('link', { name: /教手机、装反诈App.*水保所家属院/ }).first().waitFor();
});

test('a resident asks on the board', async (t) => {
  const resident = await phone(t, stage);
  await resident.goto(`/board/${community}/services`);
  await resident.getByText('城北街道社区卫生服务站').first().waitFor();
  await look(resident, 'service-board');
  await resident.getByRole('link', { name: '我家需要帮忙' }).click();
  await look(resident, 'service-ask');
  await resident.getByLabel('需要什么').selectOption('清理院子');
  await resident.getByLabel('哪栋楼').selectOption('水保所家属院 1号楼');
  await resident.getByLabel('单元').fill('1');
  await resident.getByLabel('房号').fill('101');
  await resident.getByLabel('怎么称呼').fill('薛改珍');
  await resident.getByLabel('电话', { exact: true }).fill('13800002222');
  await resident.getByRole('button', { name: '提交' }).click();
  await told(resident, '同意了才能登记');
  await resident.getByLabel('我看过了，同意记下来').check();
  await resident.getByRole('button', { name: '提交' }).click();
  await told(resident, '收到了');
  await resident.getByText('138****2222').waitFor();
});

test('from door to door, and what came of each is counted', async (t) => {
  const staff = await phone(t, stage);
  await signIn(staff, 'shegong');
  // Last Saturday six of them went.
  await staff.goto('/service-rounds');
  await look(staff, 'service-rounds');
  await staff.getByRole('link', { name: /教老人用手机、装反诈App、清院子/ }).first().click();
  await staff.getByText('20/20 户有结果').waitFor();

  await staff.goto('/service-rounds/new');
  await look(staff, 'service-round-form');
  await staff.getByLabel('做什么').fill('装反诈App、清院子');
  await staff.getByLabel('哪一天').fill(day(0));
  await staff.getByLabel('几点开始').fill('20:00');
  await staff.getByLabel('几点结束').fill('21:00');
  await staff.getByLabel('哪支服务队').selectOption('雷锋大妈志愿服务队');
  await staff.getByLabel('哪个小区').selectOption('水保所家属院');
  await staff.getByLabel('只走一栋').selectOption('水保所家属院 2号楼');
  await staff.getByText('小区或楼栋', { exact: true }).click();
  await staff.getByRole('button', { name: '排好' }).click();
  await staff.getByText('0/20 户有结果').waitFor();
  const round = staff.url();
  await staff.getByText('来了谁，把门分一分').click();
  const people = staff.locator('input[name="person"]');
  for (const place of [0, 1, 2]) await people.nth(place).check();
  const first = await people.nth(0).getAttribute('value');
  await staff.getByRole('button', { name: '分给勾上的人' }).click();
  await told(staff, '分好了');
  const own = await linkOf(staff, `/volunteers/${first}`);

  // A volunteer sees their own doors, and notes what came of three of them.
  const walker = await phone(t, stage);
  await walker.goto(own);
  await walker.getByRole('link', { name: /我今天走的门/ }).click();
  await look(walker, 'service-walk');
  // On a Sunday they also see the doors of the day before.
  const today = walker.getByRole('heading', { name: '装反诈App、清院子', exact: true, level: 2 });
  const doors = walker.locator('section.card').filter({ has: today }).locator('article');
  assert.equal(await doors.count(), 6, 'twenty doors among three');
  const note = async (door, outcomes, leaflets) => {
    const article = doors.nth(door);
    await article.getByText(/^记结果/).click();
    for (const outcome of outcomes) await article.getByRole('checkbox', { name: outcome }).check();
    if (leaflets) await article.getByLabel('几份').fill(`${leaflets}`);
    if (door === 0) await illustrate(walker, 'service-walk');
    await article.getByRole('button', { name: '记下' }).first().click();
    await article.locator('p.quiet', { hasText: outcomes[0] }).waitFor();
  };
  await note(0, ['装了反诈App', '留了宣传册（电信诈骗、非法集资）'], 3);
  await note(1, ['教了手机', '翻了土', '留了宣传册（电信诈骗、非法集资）'], 2);
  await note(2, ['清了院子']);
  await note(3, ['没人']);
  // At a door something else is needed.
  const third = doors.nth(2);
  await third.getByText(/^这家还需要帮忙/).click();
  await third.getByLabel('需要什么').selectOption('松土施肥');
  await third.getByLabel(/具体情况/).fill('菜地翻不动');
  await third.getByRole('button', { name: '记下' }).last().click();
  await told(walker, '社区会安排');

  await staff.goto(round);
  await staff.getByText('4/20 户有结果').waitFor();
  await staff.getByText('2 户，5 份').waitFor();
  await look(staff, 'service-round');
  await illustrate(staff, 'service-round');
  await staff.goto('/services');
  await staff.getByText('志愿者上门时提出').first().waitFor();
});

test('a clinic comes on dates of its own, and what it did is counted and reported', async (t) => {
  const staff = await phone(t, stage);
  await signIn(staff, 'shegong');
  await staff.goto('/service-providers');
  await look(staff, 'service-providers');
  await staff.getByRole('link', { name: '登记单位' }).click();
  await staff.getByLabel('单位').fill('离石口腔门诊');
  await staff.getByLabel('联系人和电话').fill('李医生 0358-0003002');
  await staff.getByLabel('协议从哪天起').fill(day(0));
  await staff.getByLabel('协议到哪天止').fill(day(30));
  await staff.getByRole('button', { name: '登记', exact: true }).click();
  await told(staff, '再排日子');
  const set = async (until) => {
    if (until === 60) await staff.getByText('排日子', { exact: true }).click();
    await staff.getByLabel('做什么').fill('儿童口腔检查，量血压、测血糖，发护牙手册');
    await staff.getByLabel('哪个小区').selectOption('王府名苑小区');
    await staff.getByLabel('在哪里').fill('党群服务站');
    await staff.getByLabel('第一次哪天').fill(day(7));
    await staff.getByLabel('几点开始').fill('09:00');
    await staff.getByLabel('几点结束').fill('11:00');
    await staff.getByLabel('要不要重复').selectOption('每周');
    await staff.getByLabel('重复到哪一天').fill(day(until));
    await staff.getByRole('button', { name: '排好' }).click();
  };
  await set(60);
  await told(staff, '有的日子在外面');
  await set(28);
  await told(staff, '排好了 4 次');
  await look(staff, 'service-provider');
  const stranger = await phone(t, stage);
  await stranger.goto(`/board/${community}/services`);
  await stranger.getByText('离石口腔门诊').first().waitFor();
  assert(!(await stranger.content()).includes('李医生'), 'whom to call is for staff');

  // Of the last time of the other clinic nobody has said yet how many were there.
  await staff.goto('/service-providers');
  await staff.getByRole('link', { name: /城北街道社区卫生服务站/ }).click();
  const open = staff.locator('li').filter({ has: staff.getByText('来过了，记下'), hasNotText: /宣传册 \d+ 份|没有来：/ }).last();
  await open.getByText(/^登记/).click();
  await open.getByLabel('服务了几户').fill('21');
  await open.getByLabel('服务了几人').fill('33');
  await open.getByLabel('发了几份宣传册').fill('60');
  await open.getByRole('button', { name: '来过了，记下' }).click();
  await told(staff, '记下了');
  await staff.getByText(/21 户、33 人、宣传册 60 份/).waitFor();
  await staff.getByText(/没有来：那天医生下乡义诊/).waitFor();
  await staff.getByRole('heading', { name: '每一次' }).evaluate((heading) => heading.scrollIntoView());
  await illustrate(staff, 'service-provider');
  await staff.goto(`/reports/topics/services?from=${day(-60)}&to=${day(0)}`);
  await staff.getByText('外来人次').first().waitFor();
  await look(staff, 'service-report');
});
