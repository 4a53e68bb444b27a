// The loop, as the people in it walk it: a resident scans the code in the stairwell, the community decides, the property
// company works, a grid worker asks at the door, the branch takes note, and the resident sees all of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { community, photo, scan, sheets, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

test('from the stairwell to the branch', async (t) => {
  const resident = await phone(t, stage);
  const staff = await desktop(t, stage);
  await signIn(staff, 'shegong');
  await openSheets(staff, '3号楼');
  await look(staff, 'loop-stairwell-sheets');
  assert.equal(await sheets(staff), 1, 'three labels on one sheet of paper');

  await resident.goto(await scan(stairwell(staff, '3号楼 2单元')));
  await resident.getByText('王府名苑小区 3号楼 2单元').waitFor();
  await look(resident, 'loop-report');
  await illustrate(resident, 'resident-report');
  const words = '下水道堵了，一楼往外冒脏水，味道很大';
  await resident.getByLabel('什么事').fill(words);
  await resident.getByLabel('具体位置').fill('一楼楼道口');
  await resident.getByLabel('哪一类').selectOption('给排水');
  await resident.getByLabel('照片').setInputFiles([await photo(stage, '污水')]);
  await resident.getByRole('img', { name: '第 1 张照片' }).waitFor();
  await resident.getByLabel('您的电话').fill('1380000');
  await resident.getByRole('button', { name: '提交' }).click();
  await resident.getByRole('alert').waitFor();
  await glance(resident, 'loop-report-mistaken');
  await resident.getByText('已收到 1 张照片').waitFor();
  await resident.getByLabel('您的电话').fill('13800001234');
  await resident.getByRole('button', { name: '提交' }).click();
  await resident.getByText('收到了，谢谢您').waitFor();
  await look(resident, 'loop-filed');
  await illustrate(resident, 'resident-filed');
  const code = (await resident.locator('#code').innerText()).trim();
  assert.match(await resident.locator('#own').innerText(), /\/ratings\//);
  await resident.getByRole('link', { name: '看办理进度' }).click();
  await resident.getByRole('img', { name: '居民反映的照片 1' }).waitFor();
  await look(resident, 'loop-receipt-submitted');

  await staff.goto('/issues?state=submitted');
  await look(staff, 'loop-issues');
  await staff.goto('/today');
  await illustrate(staff, 'staff-today');
  await staff.goto('/issues?state=submitted');
  await staff.getByRole('link', { name: '给排水问题（王府名苑小区 3号楼 2单元）' }).first().click();
  await staff.getByText(words).waitFor();
  await look(staff, 'loop-issue-submitted');
  await illustrate(staff, 'staff-issue');
  const title = '3号楼2单元下水主管道堵塞';
  await accept(staff, title);
  await told(staff, '已受理并派单');
  await glance(staff, 'loop-issue-dispatched');

  const manager = await phone(t, stage);
  await signIn(manager, 'wuye');
  await look(manager, 'loop-manager-issues');
  await illustrate(manager, 'property-today');
  await manager.getByRole('link', { name: title }).click();
  await manager.getByText(words).waitFor();
  assert(!(await manager.content()).includes('138'), 'the company sees the phone of the reporter');
  await look(manager, 'loop-manager-issue');
  await illustrate(manager, 'property-issue');
  await handle(manager, '主管道已疏通，楼道已冲洗消毒', await photo(stage, '已疏通'));
  await told(manager, '结果和照片已提交');
  await glance(manager, 'loop-manager-issue-done');

  await staff.reload();
  await look(staff, 'loop-issue-done');
  await illustrate(staff, 'staff-publish');
  await publish(staff, '物业公司当天疏通了主管道，并把楼道冲洗消毒。');
  await told(staff, '已公示');
  await resident.goto(`/board/${community}`);
  await resident.getByRole('link', { name: title }).click();
  await resident.getByRole('img', { name: '办理后的照片 1' }).waitFor();
  await look(resident, 'loop-publication');
  await illustrate(resident, 'resident-publication');

  const worker = await phone(t, stage);
  await signIn(worker, 'wangge');
  await worker.getByRole('link', { name: '测评', exact: true }).click();
  await look(worker, 'loop-surveys');
  await worker.getByRole('link', { name: title }).click();
  await look(worker, 'loop-survey');
  await illustrate(worker, 'worker-survey');
  await worker.getByText('反映人本人').click();
  await answer(worker, '解决了', '满意');
  await worker.getByRole('button', { name: '记下' }).click();
  await told(worker, '已记下，谢谢');
  await glance(worker, 'loop-surveys-done');

  await staff.reload();
  await look(staff, 'loop-issue-surveyed');
  await staff.getByRole('button', { name: '销号' }).click();
  await told(staff, '已销号');

  const branch = await desktop(t, stage);
  await signIn(branch, 'zhibu');
  await branch.goto(staff.url());
  await look(branch, 'loop-branch-issue');
  await branch.getByLabel('意见（可不写）').fill('感谢物业及时处理，下月例会请物业说说管网的日常巡查。');
  await branch.getByRole('button', { name: '支部已阅知' }).click();
  await told(branch, '支部阅知');

  // Whoever holds the code on paper sees the chain, but not the reporter's words.
  const neighbour = await phone(t, stage);
  await neighbour.goto('/receipts');
  await neighbour.getByLabel('回执码').fill(code.toLowerCase().replaceAll('-', ' '));
  await neighbour.getByRole('button', { name: '查看' }).click();
  await neighbour.getByRole('heading', { name: '反馈支部' }).waitFor();
  const chain = ['居民反映', '社区受理', '派给青禾里物业服务有限公司', '办结', '结果公示', '满意度测评', '销号', '反馈支部'];
  assert.deepEqual(await neighbour.locator('.chain h3').allInnerTexts(), chain);
  assert.equal(await neighbour.locator('.chain').locator('.hole, .late').count(), 0);
  assert(!(await neighbour.content()).includes(words), 'a stranger reads the words of the reporter');
  await look(neighbour, 'loop-receipt-closed');
  await illustrate(neighbour, 'resident-receipt');
  assert.equal(await sheets(neighbour), 1, 'a receipt is one sheet of paper');

  await resident.goto(neighbour.url());
  await resident.getByText(words).waitFor();
});

test('a resident who is not satisfied gets it done again', async (t) => {
  const resident = await phone(t, stage);
  const staff = await desktop(t, stage);
  const manager = await phone(t, stage);
  await signIn(staff, 'shegong');
  await signIn(manager, 'wuye');
  await openSheets(staff, '3号楼');

  await resident.goto(await scan(stairwell(staff, '3号楼 1单元')));
  await resident.getByLabel('什么事').fill('一单元楼道灯坏了好几天，晚上看不见路');
  await resident.getByRole('button', { name: '提交' }).click();
  const rating = await resident.locator('#own').innerText();
  await resident.getByRole('link', { name: '看办理进度' }).click();
  const receipt = resident.url();

  const title = '3号楼1单元楼道灯不亮';
  await staff.goto('/issues?state=submitted');
  await staff.getByRole('row').filter({ hasText: '王府名苑小区 3号楼 1单元' }).getByRole('link').click();
  await accept(staff, title);
  await told(staff, '已受理并派单');
  await manager.reload();
  await manager.getByRole('link', { name: title }).click();
  await handle(manager, '已换上新的灯泡', await photo(stage, '新灯泡'));
  await told(manager, '结果和照片已提交');
  await staff.reload();
  await publish(staff, '物业公司更换了一单元楼道的灯泡。');
  await told(staff, '已公示');

  await resident.reload();
  await look(resident, 'loop-receipt-published');
  await resident.getByRole('link', { name: '去打分' }).click();
  await look(resident, 'loop-rating');
  await illustrate(resident, 'resident-rating');
  await answer(resident, '没解决', '非常不满意');
  await resident.getByLabel('还想说的').fill('换上当晚又灭了，应该是线路问题');
  await resident.getByRole('button', { name: '提交打分' }).click();
  await told(resident, '这件事会重新办理');
  await glance(resident, 'loop-receipt-reopened');
  await resident.goto(rating);
  await resident.getByText('这个链接已经打过分了').waitFor();
  await look(resident, 'loop-rating-used');

  // The board no longer shows it, and the company has to start again.
  await resident.goto(`/board/${community}`);
  assert.equal(await resident.getByRole('link', { name: title }).count(), 0);
  await staff.reload();
  await staff.getByText('换上当晚又灭了').first().waitFor();
  await look(staff, 'loop-issue-reopened');
  await staff.getByLabel('派给谁').selectOption('青禾里物业服务有限公司（物业公司）');
  await staff.getByLabel('交办要求').fill('请电工检查线路');
  await staff.getByRole('button', { name: '派单', exact: true }).click();
  await told(staff, '已派给青禾里物业服务有限公司');
  await manager.reload();
  await handle(manager, '更换了老化的线路和灯座');
  await told(manager, '回执上会标红');
  await staff.reload();
  await publish(staff, '物业公司更换了老化的线路和灯座。');
  await told(staff, '已公示');

  await resident.goto(receipt);
  await resident.getByRole('link', { name: '去打分' }).click();
  await answer(resident, '解决了', '非常满意');
  await resident.getByRole('button', { name: '提交打分' }).click();
  await told(resident, '谢谢您的评价');
  await resident.getByText('缺办理照片').waitFor();
  await look(resident, 'loop-receipt-second-round');
  assert.equal(await sheets(resident), 1, 'a receipt of two rounds is still one sheet of paper');
});

test('what the work of the loop has cost was told by the pages themselves', async (t) => {
  const page = await desktop(t, stage);
  await signIn(page, 'shuji');
  const numbers = async () => {
    await page.goto('/reports/burden');
    const rows = page.getByRole('region', { name: /每周$/ }).locator('tbody tr:first-child td');
    return (await rows.allInnerTexts()).map(Number);
  };
  // They are written down a moment after a page was left, which the last one has just been.
  const deadline = Date.now() + 15_000;
  let [entries, taps] = [0, 0];
  while (!(entries > 0 && taps > 10) && Date.now() < deadline) [, entries = 0, taps = 0] = await numbers();
  // What a journey fills in without the keyboard is no entry of anybody's.
  assert(entries > 0 && taps > 10, `${entries} fields and ${taps} taps`);
});

/** From what a member of staff sees first to the labels that hang in the stairwells of a building. */
async function openSheets(staff, building) {
  await staff.getByRole('link', { name: '楼栋' }).click();
  await staff.getByRole('link', { name: '王府名苑小区' }).click();
  const header = staff.getByRole('rowheader', { name: building, exact: true });
  await staff.getByRole('row').filter({ has: header }).getByRole('link', { name: '打印二维码' }).click();
}

const stairwell = (staff, words) => staff.locator('.qr-label').filter({ hasText: words }).locator('.qr');

async function accept(staff, title) {
  await staff.getByLabel('公开标题').fill(title);
  await staff.getByLabel('类别').selectOption('给排水');
  await staff.getByLabel('紧急程度').selectOption('一般');
  await staff.getByLabel('怎么解决').selectOption('物业职责');
  await staff.getByLabel('派给谁').selectOption('青禾里物业服务有限公司（物业公司）');
  await staff.getByRole('button', { name: '受理', exact: true }).click();
}

async function handle(manager, words, ...photos) {
  await manager.getByLabel('办得怎么样').fill(words);
  await manager.getByLabel('办理后的照片').setInputFiles(photos);
  await manager.getByRole('button', { name: '提交结果' }).click();
}

async function publish(staff, words) {
  await staff.getByLabel('公示内容').fill(words);
  await staff.getByRole('button', { name: '公示到公示栏' }).click();
}

async function answer(page, solved, score) {
  await page.getByText(solved, { exact: true }).click();
  await page.getByText(score, { exact: true }).click();
}

/** Waits until a page says that something has been done. */
const told = (page, words) => page.getByRole('status').filter({ hasText: words }).waitFor();
