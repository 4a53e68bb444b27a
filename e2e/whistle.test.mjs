// 吹哨报到: the system administrators link a subdistrict with the community, an issue goes up, somebody comes, answers, and both sides
// rate. The resident reads all of it on the receipt.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { community, signIn } from './support/people.mjs';
import { call, password } from './support/server.mjs';
import { setStage } from './support/stage.mjs';

const subdistrict = '141102104999';

const stage = setStage([], ({ server }) => {
  call(server, 'tenant', 'add', '--code', subdistrict, '--name', '城关街道', '--kind', 'subdistrict');
  for (const [login, name, role] of [['jiedao-xitong', '街道系统管理员', 'system_admin'], ['jiedao', '街道值班员', 'staff']]) {
    call(server, 'account', 'add', '--tenant', subdistrict, '--name', name, '--login', login, '--role', role, '--password', password);
  }
});

test('from an issue to the subdistrict and back, rated by both', async (t) => {
  const [admin, above] = [await desktop(t, stage), await desktop(t, stage)];
  await signIn(above, 'jiedao-xitong');
  await above.goto('/counterparts');
  await look(above, 'whistle-counterparts-empty');
  await open(above, '给下级发对接码');
  await above.getByLabel('下级单位的名称').fill('尉汾路社区');
  await above.getByRole('button', { name: '发对接码' }).click();
  const code = await above.locator('.copied').innerText();
  await glance(above, 'whistle-invitation');
  await signIn(admin, 'xitong');
  await admin.goto('/counterparts');
  await admin.getByLabel('对接码').fill(code.slice(0, 40));
  await admin.getByRole('button', { name: '接通' }).click();
  await admin.getByText('没有复制全').first().waitFor();
  await admin.getByLabel('对接码').fill(code);
  await admin.getByRole('button', { name: '接通' }).click();
  await told(admin, '正在和上级接通');
  await until(admin, '已接通');
  await look(admin, 'whistle-counterparts');

  const resident = await phone(t, stage);
  await resident.goto(`/board/${community}`);
  await resident.locator('#main').getByRole('link', { name: '我要反映' }).click();
  await resident.getByLabel('什么事').fill('小区门口天天有人占道摆摊，车进不来');
  await resident.getByLabel('哪一类').selectOption('市容环卫');
  await resident.getByRole('button', { name: '提交' }).click();
  await resident.getByText('收到了，谢谢您').waitFor();
  await resident.getByRole('link', { name: '看办理进度' }).click();

  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');
  await desk.goto('/whistles');
  await look(desk, 'whistle-list-empty');
  await desk.goto(`/issues?q=${encodeURIComponent('天天有人占道')}`);
  await desk.getByRole('row').filter({ hasText: '市容环卫' }).getByRole('link').click();
  await desk.getByText('天天有人占道摆摊').waitFor();
  await desk.getByLabel('公开标题').fill('小区门口占道摆摊');
  await desk.getByLabel('怎么解决').selectOption('行政执法');
  await desk.getByRole('button', { name: '受理', exact: true }).click();
  await desk.getByRole('link', { name: '吹哨请上级来办' }).click();
  await look(desk, 'whistle-new');
  await desk.getByLabel('请上级做什么').fill('请来');
  await desk.getByRole('button', { name: '吹哨' }).click();
  await glance(desk, 'whistle-new-wrong');
  await desk.getByLabel('请上级做什么').fill('请综合执法队来劝离摊贩，今后定时巡查');
  await desk.getByRole('button', { name: '吹哨' }).click();
  await told(desk, '哨吹出去了');
  await until(desk, '收到');
  await look(desk, 'whistle-blown');
  const page = desk.url();

  // On a phone, where somebody of the subdistrict is under way.
  const street = await phone(t, stage);
  await signIn(street, 'jiedao');
  await look(street, 'whistle-today');
  await street.getByRole('link', { name: /小区门口占道摆摊/ }).click();
  await look(street, 'whistle-received');
  await illustrate(street, 'whistle-received');
  assert(!(await street.content()).includes('车进不来'), 'the resident’s own words went along');
  await street.getByLabel('谁来、什么时候到').fill('综合执法队，今天下午三点到');
  await street.getByRole('button', { name: '报到' }).click();
  await told(street, '已报到');
  await street.getByLabel('办得怎么样').fill('摊贩已劝离，每晚六点到九点巡查');
  await street.getByRole('button', { name: '答复' }).click();
  await told(street, '已答复');

  await desk.goto(page);
  await until(desk, '每晚六点到九点巡查');
  await desk.getByText('不满意', { exact: true }).click();
  await desk.getByLabel('说明（不满意的要写）').fill('来得慢了半天');
  await desk.getByRole('button', { name: '提交评价' }).click();
  await told(desk, '评价记下了');
  await street.reload();
  assert(!(await street.content()).includes('来得慢了半天'), 'it is seen before one has rated');
  await street.getByText('满意', { exact: true }).click();
  await street.getByRole('button', { name: '提交评价' }).click();
  await told(street, '评价记下了');
  await until(street, '来得慢了半天');
  await look(street, 'whistle-ended');
  await desk.reload();
  await until(desk, '双方评过了');
  await look(desk, 'whistle-ended-desk');
  await desk.goto('/whistles');
  await look(desk, 'whistle-list');

  await resident.reload();
  for (const words of ['吹哨，请城关街道来办', '今天下午三点到', '每晚六点到九点巡查']) await resident.getByText(words).first().waitFor();
  await look(resident, 'whistle-receipt');
});

/** The page says that something has been done. */
const told = (page, what) => page.getByRole('status').filter({ hasText: what }).waitFor();

/** Asks for a page anew until a letter that is under way has arrived, and loads it with what the letter has brought. */
async function until(page, words) {
  const arrived = async ([address, words]) => {
    const end = Date.now() + 15_000;
    while (Date.now() < end) if ((await (await fetch(address)).text()).includes(words)) return true;
    return false;
  };
  assert(await page.evaluate(arrived, [page.url(), words]), `${words} does not come up on ${page.url()}`);
  await page.goto(page.url());
}

/** Unfolds a form, unless it is open. */
async function open(page, summary) {
  const form = page.locator('details').filter({ has: page.locator('summary', { hasText: summary }) }).first();
  if (!(await form.evaluate((details) => details.open))) await form.locator('summary').click();
}
