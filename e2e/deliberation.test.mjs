// The neighbours decide: a branch secretary calls a meeting on the phone, residents enrol and leave an opinion, sign in at
// the door, vote, and the resolution is somebody's to carry out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { scan, sheets, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

test('from the agenda to the dispatch, and back to the next agenda', async (t) => {
  const secretary = await phone(t, stage);
  await signIn(secretary, 'zhibu');
  await secretary.getByRole('link', { name: '议事', exact: true }).click();
  await look(secretary, 'meeting-list');
  await secretary.getByRole('link', { name: '开一次会' }).click();
  // It begins in half an hour, so that residents can sign in already; the notice is late and the page says so.
  const now = new Date(Date.now() + 8.5 * 3600_000).toISOString(); // by the clock of Shanghai
  await secretary.getByLabel('哪天').fill(now.slice(0, 10));
  await secretary.getByLabel('几点').fill(now.slice(11, 16));
  const offered = secretary.getByRole('checkbox');
  assert((await offered.count()) > 0, 'something that waits is proposed');
  await offered.first().check();
  await secretary.getByLabel('别的议题').fill('非机动车棚充电时间\n小区东门早晚开放时间');
  await look(secretary, 'meeting-new');
  // Pages are loaded again to be looked at in every mode, so the form is filled again.
  await secretary.getByLabel('哪天').fill(now.slice(0, 10));
  await secretary.getByLabel('几点').fill(now.slice(11, 16));
  await secretary.getByLabel('别的议题').fill('非机动车棚充电时间\n小区东门早晚开放时间');
  await secretary.getByText('议什么').scrollIntoViewIfNeeded();
  await illustrate(secretary, 'branch-new');
  await secretary.getByRole('button', { name: '下一步' }).click();
  await told(secretary, '会议已建好');
  const meeting = secretary.url();
  await glance(secretary, 'meeting-draft');

  await secretary.getByRole('button', { name: '发通知' }).click();
  const notice = await secretary.locator('#notice-text').innerText();
  for (const words of ['说事议事会', '非机动车棚充电时间', '/meetings/']) assert(notice.includes(words), `${words} in ${notice}`);
  await look(secretary, 'meeting-announced');
  await secretary.locator('#notice-text').scrollIntoViewIfNeeded();
  await illustrate(secretary, 'branch-notice');

  const resident = await phone(t, stage);
  await resident.goto(notice.match(/https?:\S+/)[0]);
  await look(resident, 'meeting-public');
  await resident.getByLabel('关于哪个议题').selectOption('非机动车棚充电时间');
  await resident.getByLabel('您想说的').fill('晚上十一点以后别充了，怕着火');
  await resident.getByRole('button', { name: '留言' }).click();
  await told(resident, '留言');
  await resident.getByLabel('您的姓名').fill('王秀英');
  await resident.getByLabel('手机号').fill('13800004321');
  await resident.getByText('居民', { exact: true }).click();
  await resident.getByRole('button', { name: '报名' }).click();
  await told(resident, '报名');
  await illustrate(resident, 'resident-meeting');
  await resident.getByRole('link', { name: '公示栏' }).first().click();
  await resident.getByRole('link', { name: /说事议事会/ }).first().waitFor();

  // The code on the wall.
  await secretary.goto(`${meeting}/poster`);
  await look(secretary, 'meeting-poster');
  const door = await scan(secretary.locator('.qr'));
  for (const [name, telephone] of [['王秀英', '13800004321'], ['李建国', '13800004322'], ['张桂花', '13800004323']]) {
    const neighbour = await phone(t, stage);
    await neighbour.goto(door);
    if (name === '李建国') await look(neighbour, 'meeting-sign-in');
    await neighbour.getByLabel('您的姓名').fill(name);
    await neighbour.getByLabel('手机号').fill(telephone);
    await neighbour.getByText('居民', { exact: true }).click();
    await neighbour.getByRole('button', { name: '签到' }).click();
    await told(neighbour, '签到');
  }

  await secretary.goto(meeting);
  await secretary.getByText('晚上十一点以后别充了').waitFor();
  await secretary.getByRole('button', { name: '开始开会' }).click();
  const items = secretary.getByRole('link', { name: '记结果' });
  const count = await items.count();
  await look(secretary, 'meeting-in-session');
  const about = (title) => secretary.locator('.agenda > li').filter({ hasText: title });
  await about('非机动车棚充电时间').getByRole('link', { name: '记结果' }).click();
  await look(secretary, 'meeting-item');
  await secretary.getByText('表决', { exact: true }).first().click();
  await secretary.getByLabel('做什么').fill('车棚充电插座晚上十一点断电，由物业装定时器');
  await secretary.getByLabel('赞成').fill('9');
  await secretary.getByLabel('反对').fill('0');
  await secretary.getByLabel('弃权').fill('0');
  await secretary.getByLabel('谁来办').selectOption('青禾里物业服务有限公司');
  const fortnight = new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 10);
  await secretary.getByLabel('什么时候前办完').fill(fortnight);
  await secretary.getByRole('button', { name: '记下结果' }).click();
  await secretary.getByRole('alert').getByText('比到会有表决权的 3 人还多').waitFor();
  await glance(secretary, 'meeting-item-mistaken');
  await secretary.getByLabel('赞成').fill('3');
  await secretary.getByLabel('做什么').scrollIntoViewIfNeeded();
  await illustrate(secretary, 'branch-item');
  await secretary.getByRole('button', { name: '记下结果' }).click();
  await about('非机动车棚充电时间').getByText('形成决议', { exact: true }).waitFor();
  await about('小区东门').getByRole('link', { name: '记结果' }).click();
  await secretary.getByText('下次再议').click();
  await secretary.getByRole('button', { name: '记下结果' }).click();
  await about('小区东门').getByText('下次再议').first().waitFor();
  assert.equal(await items.count(), count - 2);
  await secretary.getByRole('button', { name: '散会' }).click();
  const issue = await about('非机动车棚充电时间').getByRole('link', { name: /^SSYS-/ }).getAttribute('href');
  await secretary.getByRole('link', { name: '会议记录' }).click();
  await secretary.getByText('车棚充电插座晚上十一点断电').waitFor();
  await look(secretary, 'meeting-minutes');
  assert.equal(await sheets(secretary), 1, 'the minutes are one sheet of paper');

  // The resolution is the company's now, and the chain tells how it came about.
  const manager = await desktop(t, stage);
  await signIn(manager, 'wuye');
  await manager.getByRole('link', { name: '非机动车棚充电时间' }).waitFor();
  await secretary.goto(issue);
  await secretary.getByText('办理中').first().waitFor();
  await secretary.getByRole('link', { name: '看回执' }).click();
  await secretary.getByRole('heading', { name: /商议|议事/ }).first().waitFor();
  await look(secretary, 'meeting-receipt');

  await secretary.goto('/meetings');
  await secretary.getByRole('link', { name: '开一次会' }).click();
  await secretary.getByRole('checkbox', { name: /小区东门早晚开放时间/ }).waitFor();
});

/** Waits until a page says that something has been done. */
const told = (page, words) => page.getByRole('status').filter({ hasText: words }).waitFor();
