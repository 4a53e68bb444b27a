// Somebody scans the code on the door and applies, the community confirms, they sign up for Saturday by their own link, and at the place they
// scan the code on the wall. Another one was recommended and does not want to: nothing is left of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { illustrate, look } from './support/look.mjs';
import { community, photo, scan, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** Waits for the line that says once what has been done. */
const told = (page, words) => page.getByText(words).first().waitFor();

test('from the code on the door to Saturday morning', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');
  await desk.goto('/volunteer-teams');
  await desk.getByText('还有空缺').waitFor();
  await look(desk, 'volunteer-teams');
  await desk.locator('#main').getByRole('link', { name: '雷锋大妈志愿服务队' }).first().click();
  await look(desk, 'volunteer-team');
  await desk.getByRole('link', { name: '报名二维码' }).click();
  const door = await scan(desk.locator('.qr'));

  const person = await phone(t, stage);
  await person.goto(`/board/${community}/teams`);
  await look(person, 'volunteer-board');
  await person.goto(new URL(door).pathname + new URL(door).search);
  await look(person, 'volunteer-apply');
  await person.getByLabel('姓名', { exact: true }).fill('刘建军');
  await person.getByLabel('电话', { exact: true }).fill('13800004321');
  await person.getByText('男', { exact: true }).click();
  await person.getByLabel('出生日期').fill('1990-03-07');
  await person.getByLabel('会什么').fill('量血压');
  await person.getByRole('button', { name: '报名', exact: true }).click();
  await told(person, '同意了才能报名');
  await person.getByLabel('我看过了，同意登记').check();
  await person.getByRole('button', { name: '报名', exact: true }).click();
  await told(person, '收到了，谢谢您');
  await person.getByText('等社区确认').waitFor();
  const own = person.url();

  await desk.goto('/volunteers?state=applied');
  await desk.getByRole('link', { name: '刘建军' }).click();
  await look(desk, 'volunteer-applied');
  await desk.getByRole('button', { name: '确认，登记为志愿者' }).click();
  await told(desk, '成了志愿者');
  await desk.getByText('雷锋大妈志愿服务队').first().waitFor();

  // Today's activity, so that somebody can come to it.
  await desk.goto('/activities/new');
  await look(desk, 'activity-form');
  await desk.getByLabel('哪支服务队').selectOption('雷锋大妈志愿服务队');
  await desk.getByLabel('做什么').fill('给老人量血压');
  const soon = new Date(Date.now() + 20 * 60_000 + 8 * 3_600_000);
  // What begins must end on the same day.
  if (soon.toISOString().slice(11, 16) === '23:59') soon.setTime(soon.getTime() + 60_000);
  const later = new Date(soon.getTime() + 2 * 3_600_000);
  const clock = (at) => at.toISOString().slice(11, 16);
  await desk.getByLabel('哪天', { exact: true }).fill(soon.toISOString().slice(0, 10));
  await desk.getByLabel('几点开始').fill(clock(soon));
  await desk.getByLabel('几点结束').fill(clock(later) > clock(soon) ? clock(later) : '23:59');
  await desk.getByLabel('要几个人').fill('1');
  await desk.getByRole('button', { name: '安排', exact: true }).click();
  await told(desk, '已安排');
  const activity = desk.url();
  await desk.getByRole('link', { name: '改活动' }).click();
  await desk.getByRole('button', { name: '改好' }).waitFor();
  await look(desk, 'activity-change');

  await person.goto(own);
  await person.getByRole('button', { name: /^报名\s*：给老人量血压/ }).click();
  await told(person, '报上了');
  await look(person, 'volunteer-own');
  await illustrate(person, 'volunteer-own');

  await desk.goto(`${activity}/wall`);
  const wall = await scan(desk.locator('.qr'));
  await person.goto(new URL(wall).pathname);
  await person.getByText('刘建军，您来了').waitFor();
  await look(person, 'volunteer-arrival');
  await person.getByRole('button', { name: '签到' }).first().click();
  await told(person, '签到成功');
  await desk.goto(activity);
  await desk.getByText('扫码').waitFor();
  await look(desk, 'activity');
});

test('whoever does not want to is forgotten', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');
  await desk.goto('/volunteers');
  await look(desk, 'volunteers');
  await desk.getByRole('link', { name: '推荐志愿者' }).first().click();
  await desk.getByLabel('姓名').fill('王秀兰');
  await desk.getByLabel('联系电话').fill('13800001234');
  await desk.getByRole('button', { name: '记下，请本人同意' }).click();
  await told(desk, '打开链接转给本人');
  const page = desk.url();
  await desk.getByRole('button', { name: '打开本人的链接' }).click();
  const link = await desk.locator('#own-link').textContent();
  await look(desk, 'volunteer-link');
  const person = await phone(t, stage);
  await person.goto(new URL(link).pathname);
  await look(person, 'volunteer-asked');
  await person.getByRole('button', { name: '不同意', exact: true }).click();
  await told(person, '已经删掉');
  await desk.goto(page);
  assert(!(await desk.content()).includes('王秀兰'), 'nothing of them is left');
});

test('from an afternoon that somebody writes down to a certificate that anybody checks', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');
  // Staff make a new link for whoever has lost theirs, and see it once.
  const linkOf = async (place) => {
    await desk.goto('/volunteer-teams');
    await desk.locator('#main').getByRole('link', { name: '雷锋大妈志愿服务队' }).first().click();
    await desk.locator('#main ul.list a[href^="/volunteers/"]').nth(place).click();
    await desk.getByRole('button', { name: '换一个新链接' }).click();
    const name = (await desk.getByRole('heading', { level: 1 }).textContent()).replace('的链接', '');
    return [name, new URL(await desk.locator('#own-link').textContent()).pathname];
  };
  const [, leads] = await linkOf(0);
  const [name, own] = await linkOf(3);

  const person = await phone(t, stage);
  await person.goto(`${own}/hours`);
  await person.getByText('自己填报', { exact: true }).click();
  await person.getByLabel('哪支服务队').selectOption('雷锋大妈志愿服务队');
  await person.getByLabel('做了什么').fill('陪独居老人看病');
  await person.getByText('服务', { exact: true }).click();
  const yesterday = new Date(Date.now() + 8 * 3_600_000 - 86_400_000).toISOString().slice(0, 10);
  await person.getByLabel('哪天', { exact: true }).fill(yesterday);
  await person.getByLabel('几点开始').fill('14:00');
  await person.getByLabel('几点结束').fill('15:30');
  await person.getByLabel('中间休息了多少分钟').fill('0');
  await person.getByRole('button', { name: '交给队长确认' }).click();
  await told(person, '已交给队长确认');
  await look(person, 'volunteer-hours-own');
  await illustrate(person, 'volunteer-hours-own');

  const leader = await phone(t, stage);
  await leader.goto(leads);
  await look(leader, 'volunteer-hours-asked');
  await leader.getByRole('button', { name: new RegExp(`^属实，确认\\s*：${name} 陪独居老人看病`) }).click();
  await told(leader, '已确认，等社区审核');

  const secretary = await desktop(t, stage);
  await signIn(secretary, 'shuji');
  await secretary.goto('/volunteer-hours?state=confirmed');
  await secretary.getByRole('link', { name: '陪独居老人看病' }).click();
  await look(secretary, 'volunteer-record');
  await secretary.getByRole('button', { name: '审核通过' }).click();
  await told(secretary, '已审核');
  await person.reload();
  await person.getByText(/异议期，.* 入账/).first().waitFor();

  // What is booked of the Saturdays is certified.
  await person.getByText('申请证明', { exact: true }).click();
  await person.getByRole('button', { name: '申请', exact: true }).click();
  await told(person, '已申请');
  await secretary.goto('/volunteer-certificates?state=applied');
  await secretary.locator('#main').getByRole('link', { name }).first().click();
  await secretary.getByLabel('负责人').fill('王娟枫');
  await secretary.getByLabel('联系方式').fill('0358-0001234');
  await secretary.getByRole('button', { name: '出具', exact: true }).click();
  await secretary.getByText('查验码').first().waitFor();
  await look(secretary, 'volunteer-certificate');
  await secretary.getByRole('button', { name: '打开打印' }).click();
  await look(secretary, 'volunteer-certificate-paper');
  const check = new URL(await scan(secretary.locator('.qr')));

  const stranger = await phone(t, stage);
  await stranger.goto(check.pathname + check.search);
  await stranger.getByText('有效', { exact: true }).waitFor();
  await look(stranger, 'volunteer-certificate-check');
  assert(!(await stranger.content()).includes(name), 'the name is masked');
  await stranger.getByLabel('查验码').fill('00000000');
  await stranger.getByRole('button', { name: '查验' }).click();
  await told(stranger, '没有查到');
});

test('honours stand on the board of those who want it, and the ledger goes out', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');
  await desk.goto('/volunteer-honours');
  await look(desk, 'volunteer-honours');
  await desk.goto('/volunteer-exports');
  await look(desk, 'volunteer-export');
  const [file] = await Promise.all([desk.waitForEvent('download'), desk.getByRole('button', { name: '下载（号码隐去）' }).click()]);
  assert.equal(file.suggestedFilename(), '志愿服务记录.xlsx');

  const stranger = await phone(t, stage);
  await stranger.goto(`/board/${community}/teams`);
  await stranger.getByText('志愿服务组织网格').waitFor();
  await look(stranger, 'volunteer-grid');
  await stranger.getByRole('link', { name: '光荣榜' }).click();
  await stranger.getByText('优秀志愿者').first().waitFor();
  await look(stranger, 'volunteer-honours-board');
});

test('whoever leads sees who comes, notes who is there and confirms the hours', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');
  const linkOf = async (place) => {
    await desk.goto('/volunteer-teams');
    await desk.locator('#main').getByRole('link', { name: '雷锋大妈志愿服务队' }).first().click();
    await desk.locator('#main ul.list a[href^="/volunteers/"]').nth(place).click();
    await desk.getByRole('button', { name: '换一个新链接' }).click();
    const name = (await desk.getByRole('heading', { level: 1 }).textContent()).replace('的链接', '');
    return [name, new URL(await desk.locator('#own-link').textContent()).pathname];
  };
  const [, leads] = await linkOf(0);
  const [name, own] = await linkOf(1);
  await desk.goto('/activities/new');
  await desk.getByLabel('哪支服务队').selectOption('雷锋大妈志愿服务队');
  await desk.getByLabel('做什么').fill('帮老人晒被子');
  const soon = new Date(Date.now() + 20 * 60_000 + 8 * 3_600_000);
  // It ends on the day on which it begins, and begins soon enough to sign in.
  if (soon.toISOString().slice(11, 16) >= '23:50') soon.setTime(soon.getTime() - 10 * 60_000);
  const later = new Date(soon.getTime() + 3_600_000);
  const clock = (at) => at.toISOString().slice(11, 16);
  await desk.getByLabel('哪天', { exact: true }).fill(soon.toISOString().slice(0, 10));
  await desk.getByLabel('几点开始').fill(clock(soon));
  await desk.getByLabel('几点结束').fill(clock(later) > clock(soon) ? clock(later) : '23:59');
  await desk.getByLabel('要几个人').fill('3');
  await desk.getByRole('button', { name: '安排', exact: true }).click();
  await told(desk, '已安排');

  const person = await phone(t, stage);
  await person.goto(own);
  await person.getByRole('button', { name: /^报名\s*：帮老人晒被子/ }).click();
  await told(person, '报上了');

  // The leader sees who has signed up, and notes with a picture who is there.
  const leader = await phone(t, stage);
  await leader.goto(leads);
  await look(leader, 'volunteer-leader');
  await leader.getByRole('link', { name: /我带队：看名单、签到\s*：帮老人晒被子/ }).click();
  await leader.getByRole('heading', { name: '帮老人晒被子' }).waitFor();
  await leader.getByText(name).first().waitFor();
  await look(leader, 'volunteer-leader-activity');
  await leader.getByText('集体签到、签退', { exact: true }).click();
  await leader.getByText('到了', { exact: true }).click();
  await leader.getByLabel(name).check();
  await leader.locator('input[type=file]').first().setInputFiles(await photo(stage, '晒被子'));
  await leader.getByRole('button', { name: '登记', exact: true }).click();
  await told(leader, '已登记 1 人到了');
  await look(leader, 'volunteer-leader-presence');
  await person.goto(own);
  await person.getByText('帮老人晒被子').first().waitFor();

  // Of yesterday the leader confirms everybody's hours but their own.
  await leader.goto(leads);
  await leader.getByRole('link', { name: /我带队：核对补登、确认时长\s*：给老人理发/ }).click();
  await leader.getByRole('heading', { name: '确认时长' }).waitFor();
  await leader.getByText('自己的由副队长或社区确认').waitFor();
  await look(leader, 'volunteer-leader-hours');
  for (const box of await leader.locator('section#person input[name=person]').all()) await box.check();
  await leader.getByLabel('中间休息了多少分钟').fill('0');
  await leader.getByRole('button', { name: '确认', exact: true }).click();
  await leader.locator('#approval').waitFor();
  assert.equal(await leader.locator('#approval li').count(), 2);
  await look(leader, 'volunteer-leader-confirmed');
});
