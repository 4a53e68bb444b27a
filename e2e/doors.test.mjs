// From door to door with a phone that is offline, locked, full, killed, in two tabs or signed out: nothing that was said to
// be saved is lost, and nothing arrives twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { desktop, openBrowser, phone } from './support/browser.mjs';
import { axe, fits, glance, illustrate, picture } from './support/look.mjs';
import { photo, signIn } from './support/people.mjs';
import { release, startServer } from './support/server.mjs';
import {
  answer,
  bar,
  enter,
  everything,
  kept,
  knock,
  loseAnswers,
  next,
  pin,
  save,
  tell,
  told,
  toList,
  toUpload,
  unlock,
  workersPhone,
} from './support/doors.mjs';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('ten doors without a network become visits and issues with receipts', async (t) => {
  const page = await workersPhone(t, browser, server);
  const context = page.context();
  await context.setOffline(true);
  await page.reload();
  await unlock(page);
  await illustrate(page, 'worker-doors');

  let pictured = false;
  await knock(page);
  for (let door = 0; door < 10; door += 1) {
    if (door > 0) await page.getByRole('button', { name: '在家', exact: true }).click();
    await answer(page);
    if (!pictured && (await page.locator('.dwellers').count())) {
      await page.locator('#toast > *').waitFor({ state: 'detached' });
      await page.getByRole('heading', { level: 1 }).scrollIntoViewIfNeeded();
      await illustrate(page, 'worker-door');
      pictured = true;
    }
    if (door < 3) await tell(page, `楼道灯不亮，第 ${door + 1} 处`);
    await save(page);
  }
  await bar(page, '10 条未上传').waitFor();
  await toUpload(page);
  await glance(page, 'doors-upload-offline');

  await context.setOffline(false);
  await bar(page, '全部已上传').waitFor();
  assert.equal((await kept(page, 'outbox')).length, 0);
  assert.equal((await kept(page, 'receipts')).length, 10);
  const codes = page.locator('.slip .code');
  await codes.nth(2).waitFor();
  assert.equal(await codes.count(), 3);
  await glance(page, 'doors-upload-receipts');
  await page.locator('#toast > *').waitFor({ state: 'detached' });
  await codes.first().scrollIntoViewIfNeeded();
  await illustrate(page, 'worker-receipts');

  const resident = await context.newPage();
  await resident.goto(`/receipts/${(await codes.first().innerText()).replaceAll('-', '')}`);
  await resident.getByText('居民反映').first().waitFor();
});

test('a visit with three questions takes at most eight taps', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.evaluate(() => {
    window.taps = 0;
    addEventListener('click', (event) => (window.taps += event.isTrusted && event.detail > 0 ? 1 : 0), true);
  });
  await knock(page);
  await answer(page);
  await save(page);
  await page.getByRole('button', { name: '在家', exact: true }).waitFor();
  const taps = await page.evaluate(() => window.taps);
  assert(taps <= 8, `${taps} taps`);
});

test('nobody at home is one tap, which can be taken back', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.route('**/offline/records/*', (route) => route.abort());
  const room = await next(page).locator('b').innerText();
  await next(page).getByRole('button', { name: '没人' }).click();
  await told(page, `${room} 没人，已存在手机里`);
  assert.equal((await kept(page, 'outbox')).length, 1);
  await page.getByRole('button', { name: '撤销' }).click();
  await page.getByRole('heading', { name: room, exact: true }).waitFor();
  assert.equal((await kept(page, 'outbox')).length, 0);
  await bar(page, '全部已上传').waitFor();
});

test('what was being written is there again after the app was killed', async (t) => {
  const page = await workersPhone(t, browser, server);
  const context = page.context();
  await knock(page);
  const url = page.url();
  await tell(page, '下水道堵了');
  const written = await page.evaluate(() => Date.now());
  await waitFor(
    () => kept(page, 'drafts'),
    ([draft]) => draft?.at >= written,
  );
  await page.close();

  const again = await context.newPage();
  await again.goto(url);
  await unlock(again);
  await again.getByText('已经接上').waitFor();
  assert.equal(await again.getByLabel('什么问题').inputValue(), '下水道堵了');
  await answer(again);
  await save(again);
  assert.equal((await kept(again, 'drafts')).length, 0);
});

test('a phone that is killed between saving and the receipt sends the same record again', async (t) => {
  const page = await workersPhone(t, browser, server);
  const context = page.context();
  const lost = await loseAnswers(page, Infinity);
  const sent = [];
  context.on('request', (request) => request.method() === 'PUT' && sent.push(request.postData()));
  await knock(page);
  await answer(page);
  await tell(page, '单元门关不上');
  await save(page);
  await waitFor(
    () => lost.count,
    (count) => count > 0,
  );
  const [record] = await kept(page, 'outbox');
  await page.close();

  const again = await context.newPage();
  await again.goto('/doors');
  await unlock(again);
  await bar(again, '全部已上传').waitFor();
  const receipts = await kept(again, 'receipts');
  assert.deepEqual(
    receipts.map((row) => row.id),
    [record.id],
  );
  assert(sent.length >= 2);
  assert.equal(new Set(sent).size, 1, 'the same record was sent in other words');
  await toUpload(again);
  assert.equal(await again.locator('.slip .code').count(), 1);
});

test('one record that the server cannot take holds up no other', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.context().setOffline(true);
  await knock(page);
  await answer(page);
  await save(page);
  for (let door = 0; door < 3; door += 1) {
    await page.getByRole('button', { name: '没人', exact: true }).click();
    await told(page, '已存在手机里');
  }
  const [first, second] = (await kept(page, 'outbox')).sort((a, b) => a.made_at - b.made_at);
  await page.route(`**/offline/records/${first.id}`, (route) =>
    route.fulfill({ status: 422, json: { sentence: '这一条读不懂。' } }),
  );
  await page.route(`**/offline/records/${second.id}`, (route) =>
    route.fulfill({ status: 503, json: { sentence: '服务器正忙。' } }),
  );
  await page.context().setOffline(false);
  await toUpload(page);
  await bar(page, '2 条未上传').waitFor();
  await page.getByText('这一条读不懂。').waitFor();
  assert.equal((await kept(page, 'receipts')).length, 2);
  await glance(page, 'doors-upload-refused');

  await page.unroute(`**/offline/records/${second.id}`);
  await page.getByRole('button', { name: '立即上传' }).click();
  await bar(page, '1 条未上传').waitFor();
});

test('a clash is shown with both times and not sent again', async (t) => {
  const page = await workersPhone(t, browser, server);
  const asked = [];
  await page.route('**/offline/records/*', (route) => {
    asked.push(route.request().url());
    const now = Date.now();
    return route.fulfill({
      status: 409,
      json: { sentence: '另一份已经在了。', first: { made_at: now - 7_200_000, received_at: now - 3_600_000 } },
    });
  });
  await knock(page);
  await answer(page);
  await save(page);
  await toUpload(page);
  await page.getByRole('heading', { name: '需要核对' }).waitFor();
  await page.getByText('社区那份').waitFor();
  await bar(page, '全部已上传').waitFor();
  await glance(page, 'doors-upload-clash');
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await bar(page, '联系过').waitFor();
  assert.equal(asked.length, 1);
});

test('two tabs send each record once, and warn of each other’s drafts', async (t) => {
  const page = await workersPhone(t, browser, server);
  const context = page.context();
  const sent = [];
  context.on('request', (request) => request.method() === 'PUT' && sent.push(request.url()));
  const other = await context.newPage();
  await other.goto('/doors');
  await unlock(other);

  await context.setOffline(true);
  await knock(page);
  await knock(other);
  await page.getByLabel('备注').fill('在第一个窗口写的');
  await other.getByLabel('备注').fill('在第二个窗口写的');
  await page.getByText('也在另一个窗口里填写').waitFor();
  await answer(page);
  await save(page);
  await toList(other);
  await bar(other, '1 条未上传').waitFor();

  // The first answer is held back for so long that the other tab would have sent the record too.
  let open;
  const gate = new Promise((opened) => (open = opened));
  await context.route('**/offline/records/*', (route) => gate.then(() => route.continue()));
  const first = context.waitForEvent('request', (request) => request.method() === 'PUT');
  await context.setOffline(false);
  await first;
  for (const tab of [page, other, page, other]) {
    await tab.evaluate(() => dispatchEvent(new Event('online')));
    await tab.evaluate(() => fetch('/offline/hello').then((answer) => answer.text()));
  }
  open();
  await bar(page, '全部已上传').waitFor();
  await bar(other, '全部已上传').waitFor();
  assert.equal(new Set(sent).size, 1);
  assert.equal(sent.length, 1);
});

test('an expired login keeps everything and goes on after signing in', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.context().clearCookies();
  await knock(page);
  await answer(page);
  await save(page);
  await page.getByRole('link', { name: '登录已过期，点这里重新登录' }).waitFor();
  await bar(page, '1 条未上传').waitFor();
  await glance(page, 'doors-login-expired');
  await signIn(page, 'wangge');
  await page.goto('/doors');
  await unlock(page);
  await bar(page, '全部已上传').waitFor();
});

test('the phone locks itself, keeps the draft, and opens for the right PIN only', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.clock.install();
  await page.reload();
  await unlock(page);
  await page.context().setOffline(true);
  await knock(page);
  await page.getByLabel('备注').fill('家里有狗');
  await page.clock.fastForward('16:00');
  await page.getByRole('heading', { name: '请输入 PIN 码' }).waitFor();
  await page.locator('#pin').waitFor();
  assert.equal(await page.getByText('家里有狗').count(), 0);
  await glance(page, 'doors-locked');

  await enter(page, '111111');
  await page.getByText('PIN 码不对').waitFor();
  await enter(page, pin);
  await page.getByLabel('备注').waitFor();
  assert.equal(await page.getByLabel('备注').inputValue(), '家里有狗');
});

test('after three wrong PINs it takes longer, after ten the server is asked', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.clock.install();
  await page.reload();
  await page.context().setOffline(true);
  await page.getByRole('heading', { name: '请输入 PIN 码' }).waitFor();
  for (let wrong = 1; wrong <= 10; wrong += 1) {
    await enter(page, '111111');
    await page.getByText(wrong < 3 ? '请再输一次' : wrong < 10 ? `已错 ${wrong} 次` : '错了太多次').waitFor();
    if (wrong === 3) {
      await enter(page, pin);
      await page.getByText('秒再试').waitFor();
    }
    await page.clock.fastForward('06:00');
  }
  await enter(page, pin);
  await page.getByText('现在没有网').waitFor();
  await page.context().setOffline(false);
  await page.clock.fastForward('06:00');
  await enter(page, pin);
  await next(page).waitFor();
});

test('photos go after their record, and one can be taken out before', async (t) => {
  const page = await workersPhone(t, browser, server);
  const sent = [];
  page.on('request', (request) => request.method() === 'PUT' && sent.push(new URL(request.url()).pathname));
  await page.context().setOffline(true);
  await knock(page);
  await answer(page);
  const problem = await tell(page, '楼道里堆着杂物');
  const camera = problem.locator('input[type=file]');
  await camera.setInputFiles(await photo(browser, '杂物'));
  await problem.getByRole('img', { name: '第 1 张照片' }).waitFor();
  await camera.setInputFiles(await photo(browser, '拍错了'));
  await problem.getByRole('button', { name: '删除第 2 张照片' }).click();
  await problem.getByRole('button', { name: '删除第 2 张照片' }).waitFor({ state: 'detached' });
  await glance(page, 'doors-photo');
  await save(page);
  await page.context().setOffline(false);
  await bar(page, '全部已上传').waitFor();
  assert.equal(sent.length, 2);
  assert.match(sent[0], /\/offline\/records\/[\w-]+$/);
  assert.match(sent[1], /\/photos\/[\w-]+$/);
  assert.deepEqual(await kept(page, 'pictures'), []);
});

test('what is not sent can leave the phone as a file that says nothing to strangers', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.context().setOffline(true);
  await knock(page);
  await answer(page);
  await tell(page, '水表间漏水');
  await save(page);
  await toUpload(page);
  await page.getByRole('button', { name: '退出并清除' }).click();
  await page.getByRole('heading', { name: '现在不能清除' }).waitFor();
  await glance(page, 'doors-wipe-refused');
  await page.getByRole('button', { name: '不清除' }).click();

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: '导出成文件' }).click();
  const file = await download;
  assert.match(file.suggestedFilename(), /^走访记录-\d{8}-\d{4}\.doorstep$/);
  const text = await readFile(await file.path(), 'utf8');
  const { v, escrow, records, account } = JSON.parse(text);
  assert.deepEqual([v, records.length, escrow.epk.crv], [1, 1, 'P-256']);
  assert(account && escrow.iv && escrow.ciphertext);
  assert(!text.includes('水表间'));
  await page.getByText('已导出').first().waitFor();
  await bar(page, '1 条未上传').waitFor();

  await page.context().setOffline(false);
  await bar(page, '全部已上传').waitFor();
});

test('a forgotten PIN loses nothing: the community enters what was exported, and the phone begins anew', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.route('**/offline/records/**', (route) => route.abort());
  await knock(page);
  await answer(page);
  const problem = await tell(page, '楼顶太阳能漏水');
  await problem.locator('input[type=file]').setInputFiles(await photo(browser, '楼顶'));
  await problem.getByRole('img').first().waitFor();
  await save(page);
  await page.reload();
  await page.getByText('忘了 PIN 码').click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: '导出成文件' }).click();
  const file = await (await download).path();
  await page.getByRole('button', { name: '清除，重新设 PIN 码' }).waitFor();
  await glance(page, 'doors-forgotten');

  const desk = await desktop(t, browser, server);
  await signIn(desk, 'shegong');
  await desk.goto('/uploads');
  for (const turn of [1, 2]) {
    await desk.getByLabel('文件').setInputFiles({ name: '走访.doorstep', mimeType: 'application/json', buffer: await readFile(file) });
    await desk.getByRole('button', { name: '补传' }).click();
    await desk.getByText('1 条记录，1 张照片').waitFor();
    assert(turn && !(await desk.getByText('没能登记').count()));
  }
  await desk.goto(`/issues?q=${encodeURIComponent('楼顶太阳能漏水')}`);
  assert.equal(await desk.getByText(/SSYS-/).count(), 1);

  await page.getByRole('button', { name: '清除，重新设 PIN 码' }).click();
  await page.getByRole('heading', { name: /请先登录|设一个 PIN 码/ }).waitFor();
});

test('a new version waits until it is wanted, and finds everything as it was', async (t) => {
  const released = await release(t, server);
  const page = await workersPhone(t, browser, released);
  await page.route('**/offline/records/**', (route) => route.abort());
  await knock(page);
  await answer(page);
  await save(page);
  await page.getByRole('button', { name: '在家', exact: true }).click();
  await tell(page, '雨篷松了');
  const url = page.url();

  const version = () => page.evaluate(() => caches.keys());
  const [before] = await version();
  released.next();
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration('/doors')).update());
  await waitFor(version, (names) => names.length === 2);
  // Nobody who is writing is disturbed; from the list it is one tap.
  assert.equal(await page.getByRole('button', { name: '换上新版本' }).count(), 0);
  await toList(page);
  await page.getByRole('button', { name: '换上新版本' }).click();
  await unlock(page);
  await bar(page, '1 条未上传').waitFor();
  assert((await version()).some((name) => name !== before));
  await page.goto(url);
  await page.getByText('已经接上').waitFor();
  assert.equal(await page.getByLabel('什么问题').inputValue(), '雨篷松了');

  await page.context().setOffline(true);
  await page.reload();
  await unlock(page);
  await page.unroute('**/offline/records/**');
  await page.context().setOffline(false);
  await bar(page, '全部已上传').waitFor();
});

test('a full phone says that nothing was saved, and keeps the form', async (t) => {
  const page = await workersPhone(t, browser, server);
  await knock(page);
  await answer(page);
  await tell(page, '门禁坏了');
  await page.evaluate(() => {
    const { add, put } = IDBObjectStore.prototype;
    window.room = () => Object.assign(IDBObjectStore.prototype, { add, put });
    const full = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    Object.assign(IDBObjectStore.prototype, { add: full, put: full });
  });
  await page.getByRole('button', { name: '保存', exact: true }).click();
  await page.getByText('这一户没有保存').waitFor();
  assert.equal(await page.getByLabel('什么问题').inputValue(), '门禁坏了');
  assert.equal((await kept(page, 'outbox')).length, 0);
  await glance(page, 'doors-full');
  // Where room can be made, and back: the form has not gone away.
  await toUpload(page);
  await page.goBack();
  await page.getByLabel('什么问题').waitFor();
  assert.equal(await page.getByLabel('什么问题').inputValue(), '门禁坏了');
  await page.evaluate(() => window.room());
  await save(page);
});

test('what is corrected at the door is in the record, with the version that was seen', async (t) => {
  const page = await workersPhone(t, browser, server);
  // At the first door at which anybody is registered.
  while (!(await next(page).innerText()).includes('口人')) {
    await next(page).getByRole('button', { name: '没人' }).click();
    await told(page, '已存在手机里');
    await toList(page);
  }
  const sent = page.waitForRequest((request) => request.method() === 'PUT' && request.postData().includes('"home"'));
  sent.catch(() => {}); // what goes wrong before says more
  await knock(page);
  await answer(page);
  await page.getByText('改登记').click();
  const person = page.locator('.act .act').first();
  await person.locator('summary').click();
  await person.getByLabel('电话').fill('0358-0001234');
  await page.getByRole('button', { name: '新生儿' }).click();
  await page.getByLabel('姓名').last().fill('新生');
  await save(page);
  const { body, made_at: madeAt, kind, schema } = (await sent).postDataJSON();
  assert.deepEqual([kind, schema, body.outcome], ['visit', 1, 'home']);
  assert(Math.abs(Date.now() - madeAt) < 60_000);
  assert.deepEqual(body.edits[0].fields, { phone: '0358-0001234' });
  assert(Number.isInteger(body.edits[0].seen));
  assert.deepEqual([body.findings[0].kind, body.findings[0].name], ['born', '新生']);
});

test('a door that is agreed on for another day is not knocked at today', async (t) => {
  const page = await workersPhone(t, browser, server);
  const sent = page.waitForRequest((request) => request.method() === 'PUT');
  const room = await next(page).locator('b').innerText();
  await next(page).getByRole('link').first().click();
  await page.getByRole('button', { name: '改约', exact: true }).click();
  await page.getByRole('button', { name: '保存', exact: true }).click();
  await page.getByText('请选哪一天').waitFor();
  await page.getByRole('group', { name: '哪一天' }).getByText('明天').click();
  await page.getByRole('group', { name: '什么时候' }).getByText('上午').click();
  await save(page);
  const { body } = (await sent).postDataJSON();
  assert.equal(body.outcome, 'later');
  assert.equal(body.again.part, 'morning');
  assert.match(body.again.day, /^\d{4}-\d{2}-\d{2}$/);
  await toList(page);
  await page.getByRole('link', { name: `${room} 约明天上午` }).waitFor();
  assert.notEqual(await next(page).locator('b').innerText(), room);
});

test('a campaign that is withdrawn lets go of its doors when nothing hangs on them', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.route('**/offline/records/*', (route) => route.abort());
  await knock(page);
  await answer(page);
  await save(page);
  await page.getByRole('button', { name: '在家', exact: true }).click();
  await page.getByLabel('备注').fill('写了一半');
  await waitFor(
    () => kept(page, 'drafts'),
    (rows) => rows.length === 1,
  );
  await page.route('**/doors/pack', async (route) => {
    const answer = await route.fetch({ headers: { ...route.request().headers(), 'if-none-match': '' } });
    const pack = await answer.json();
    for (const campaign of pack.campaigns) campaign.withdrawn = true;
    await route.fulfill({ json: pack, headers: { etag: '"withdrawn"' } });
  });
  const half = page.url();
  await toUpload(page);
  await page.getByRole('button', { name: '刷新名单' }).click();
  await told(page, '名单已经更新');
  await page.goto(half);
  await page.getByText('社区已经撤回').waitFor();
  assert.equal(await page.getByLabel('备注').inputValue(), '写了一半');
  await page.unroute('**/offline/records/*');
  await toUpload(page);
  await page.getByRole('button', { name: '立即上传' }).click();
  await bar(page, '全部已上传').waitFor();
  // The list may just be on its way once more.
  await page.unrouteAll({ behavior: 'wait' });
});

test('a browser that cannot keep anything says so and shows another way', async (t) => {
  const page = await phone(t, browser, server);
  await page.addInitScript(() => delete Navigator.prototype.serviceWorker);
  await page.goto('/doors');
  await page.getByRole('heading', { name: '这里不能离线走访' }).waitFor();
  await page.getByRole('link', { name: '打开简单名单' }).waitFor();
  await glance(page, 'doors-unable');
});

test('nothing about people lies on the phone in clear', async (t) => {
  const page = await workersPhone(t, browser, server);
  await page.context().setOffline(true);
  await knock(page);
  const name = await page.locator('.dwellers b').first().innerText();
  await page.getByLabel('备注').fill('备注里的话');
  await answer(page);
  await tell(page, '问题里的话');
  await waitFor(
    () => kept(page, 'drafts'),
    (rows) => rows.length === 1,
  );
  const before = await everything(page);
  await save(page);
  const text = before + (await everything(page));
  for (const words of [name, '备注里的话', '问题里的话', pin])
    assert(!text.includes(words), `${words} lies on the phone`);
});

test('every view, in every mode', async (t) => {
  const page = await workersPhone(t, browser, server);
  await toUpload(page);
  for (const [mode, button] of [
    ['normal', '标准'],
    ['elder', '长辈版'],
    ['elder-30', '长辈版 特大'],
  ]) {
    await page.getByRole('button', { name: button, exact: true }).click();
    await views(page, mode);
  }
  await page.getByRole('button', { name: '标准', exact: true }).click();
  await page.emulateMedia({ colorScheme: 'dark' });
  await views(page, 'dark');
});

/** Looks at one view after the other, and ends where it began: at 上传. */
async function views(page, mode) {
  const see = async (name) => {
    await picture(page, `doors-${name}-${mode}`);
    await fits(page, name);
    await axe(page, `${name} ${mode}`);
    await big(page, name, mode.startsWith('elder') ? 60 : 44);
  };
  await see('upload');
  await toList(page);
  await see('list');
  await page.getByRole('button', { name: '看走访顺序' }).click();
  await see('order');
  await page.getByRole('button', { name: '看楼栋图' }).click();
  await next(page).getByRole('link').first().click();
  await page.getByRole('button', { name: '在家', exact: true }).waitFor();
  await see('door');
  await page.getByRole('button', { name: '改约' }).click();
  await page.getByRole('group', { name: '哪一天' }).waitFor();
  await see('later');
  await page.getByRole('button', { name: '改约 · 重选' }).click();
  await page.getByRole('button', { name: '在家', exact: true }).click();
  await page.getByText('改登记').click();
  await page.locator('.act .act > summary').first().click();
  await page.getByRole('button', { name: '新来的人' }).click();
  await tell(page, '楼道灯不亮');
  await see('visit');
  await page.getByRole('button', { name: '在家 · 重选' }).click();
  await page.getByRole('button', { name: '不记了' }).first().click();
  await toUpload(page);
}

/** Fails on anything to tap that is lower than `least` pixels. */
async function big(page, name, least) {
  const small = await page
    .locator('main')
    .locator('a, button, summary, .tile, select, input:not(.tile input, .shoot input)')
    .evaluateAll(
      (all, least) =>
        all
          .filter((one) => one.offsetParent && one.getBoundingClientRect().height < least - 0.5)
          .map((one) => one.outerHTML.slice(0, 100)),
      least,
    );
  assert.deepEqual(small, [], `${name}: too small for a thumb`);
}

/** Asks until `isRight` holds of the answer, and returns it. */
async function waitFor(ask, isRight) {
  const end = Date.now() + 15_000;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    assert(Date.now() < end, `waited in vain: ${JSON.stringify(answer)}`);
    await new Promise((again) => setTimeout(again, 20));
  }
}
