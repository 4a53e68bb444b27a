// A grid worker's phone, and what a thumb does on it.
import assert from 'node:assert/strict';
import { phone } from './browser.mjs';
import { signIn } from './people.mjs';

export const pin = '258025';

/** What a phone's console says while its line is down or its server busy: these journeys want it so. */
const away = /net::ERR_|: 50[0-9]$/;

/** A phone of the demo's grid worker on which 敲门走访 has been set up, with its list open. */
export async function workersPhone(t, stage, more = {}) {
  const page = await phone(t, stage, { expected: away, ...more });
  await signIn(page, 'wangge');
  await setUp(page);
  return page;
}

/** Opens the app for the first time: the PIN is chosen, the doors are fetched, the app is kept for later. */
export async function setUp(page) {
  await page.goto('/doors');
  await page.getByRole('heading', { name: '设一个 PIN 码' }).waitFor();
  await enter(page, pin);
  await page.getByRole('heading', { name: '再输一次' }).waitFor();
  await enter(page, pin);
  await next(page).waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready);
}

/** Types digits on the pad. */
export async function enter(page, digits) {
  for (const digit of digits) await page.getByRole('button', { name: digit, exact: true }).click();
}

/** Opens the app on a phone where it has been set up. */
export async function unlock(page) {
  await page.getByRole('heading', { name: '请输入 PIN 码' }).waitFor();
  await enter(page, pin);
  await page.getByRole('heading', { name: '请输入 PIN 码' }).waitFor({ state: 'detached' });
}

/** The card with the door that comes next. */
export const next = (page) => page.getByRole('region', { name: '下一户' });

/** What the bar says. */
export const bar = (page, words) => page.getByRole('banner').getByRole('link').filter({ hasText: words });

/** Waits until the app says in passing that something is done. */
export const told = (page, words) => page.locator('#toast').filter({ hasText: words }).waitFor();

/** Opens the next door from the list, as somebody who is at home, and returns its number. */
export async function knock(page) {
  const card = next(page);
  const room = await card.locator('b').innerText();
  await card.getByRole('link', { name: '在家' }).click();
  await page.getByRole('heading', { name: room.split(' ').at(-1), exact: true }).waitFor();
  return room.split(' ').at(-1);
}

/** Answers every yes-or-no question with 是, and of every other that must be answered the first choice. */
export async function answer(page) {
  const questions = page.getByRole('region', { name: '问题和回答' }).getByRole('group');
  let taps = 0;
  for (const question of await questions.all()) {
    if ((await question.innerText()).includes('可不答')) continue;
    await question.locator('.tile').first().click();
    taps += 1;
  }
  return taps;
}

/** Writes down a problem at the open door. */
export async function tell(page, words) {
  await page.getByRole('button', { name: /记问题|再记一个问题/ }).click();
  const problem = page.getByRole('region', { name: '问题', exact: true }).locator('.problem').last();
  await problem.getByLabel('什么问题').fill(words);
  await problem.getByRole('group', { name: '哪一类' }).locator('.tile').first().click();
  return problem;
}

export async function save(page) {
  await hush(page);
  await page.getByRole('button', { name: '保存', exact: true }).click();
  await told(page, '已存在手机里');
}

/** Says with one tap that nobody opens, at a door or on the list. */
export async function nobody(page) {
  await hush(page);
  await page.getByRole('button', { name: '没人', exact: true }).click();
  await told(page, '没人，已存在手机里');
}

/** Takes away what the app has said last: of the door before, it must not pass for what is said of this one. */
const hush = (page) => page.evaluate(() => document.getElementById('toast').replaceChildren());

/** Waits until nothing is being sent. */
export const idle = (page) => page.evaluate(() => navigator.locks.request('doorstep-outbox', () => {}));

export const toList = async (page) => {
  await page.getByRole('banner').getByRole('link').first().click();
  await next(page).waitFor();
};

export async function toUpload(page) {
  await page.locator('#sync').click();
  await page.getByRole('heading', { name: '上传', exact: true }).waitFor();
}

/** What the phone keeps of one kind, as it lies on the disk. */
export const kept = (page, store) =>
  page.evaluate(async (name) => {
    const db = await new Promise((done, fail) => {
      const request = indexedDB.open('doorstep');
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
    const rows = await new Promise((done, fail) => {
      const request = db.transaction(name).objectStore(name).getAll();
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
    db.close();
    return rows.map((row) =>
      JSON.parse(
        JSON.stringify(row, (_, value) => (ArrayBuffer.isView(value) ? `${value.length} sealed bytes` : value)),
      ),
    );
  }, store);

/** Every byte that the app keeps in the browser's database: texts in UTF-8, whatever is sealed as it lies there. */
export async function everything(page) {
  const base64 = await page.evaluate(async () => {
    const answer = (request) =>
      new Promise((done, fail) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => fail(request.error);
      });
    const parts = [];
    const collect = (value) => {
      if (value instanceof Blob) parts.push(value);
      else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) parts.push(value);
      else if (Object(value) !== value) parts.push(`${value}\n`);
      else for (const [name, part] of Object.entries(value)) [name, part].forEach(collect);
    };
    const db = await answer(indexedDB.open('doorstep'));
    for (const name of db.objectStoreNames) {
      const store = db.transaction(name).objectStore(name);
      const [keys, rows] = await Promise.all([answer(store.getAllKeys()), answer(store.getAll())]);
      collect([keys, rows]);
    }
    db.close();
    const reader = new FileReader();
    const read = new Promise((done) => (reader.onload = () => done(reader.result)));
    reader.readAsDataURL(new Blob(parts));
    return (await read).split(',')[1];
  });
  return Buffer.from(base64, 'base64');
}

/** Whether some words lie in bytes, in UTF-8 or in UTF-16, in which browsers write much of what they keep. */
export const liesIn = (bytes, words) => bytes.includes(words) || bytes.includes(Buffer.from(words, 'utf16le'));

/**
 * Lets the server understand a record, and loses its answer on the way back, `times` times. Returns how many records got
 * through like that so far.
 */
export async function loseAnswers(page, times) {
  const lost = { count: 0 };
  await page.route('**/offline/records/*', async (route) => {
    if (lost.count >= times) return route.continue();
    lost.count += 1;
    await route.fetch();
    await route.abort();
  });
  return lost;
}

/** Starts a campaign over the doors of an estate, with one question if there is one, and returns the address of its page. */
export async function startCampaign(desk, title, question) {
  await planCampaign(desk, title, '王府名苑小区', question);
  return openCampaign(desk);
}

/** Starts a campaign over every door of the community that one person walks alone. */
export async function startLongCampaign(desk, title, walker) {
  await planCampaign(desk, title, '全社区');
  await desk.getByText('去掉人', { exact: true }).click();
  const others = desk.getByRole('button', { name: /^去掉 / });
  const names = (await others.allInnerTexts()).filter((name) => !name.includes(walker));
  for (const name of names) {
    await desk.getByRole('button', { name }).click();
    await desk.getByText('去掉人', { exact: true }).click();
  }
  return openCampaign(desk);
}

async function planCampaign(desk, title, estate, question) {
  await desk.goto('/campaigns/new');
  await desk.getByLabel('名称').fill(title);
  await desk.getByLabel('小区', { exact: true }).selectOption(estate);
  if (question) {
    await desk.getByLabel('问题', { exact: true }).first().fill(question.text);
    await desk.getByLabel('怎么答').first().selectOption(question.kind);
    await desk.getByLabel('一定要答').first().check();
  }
  await desk.getByRole('button', { name: '下一步：看分派' }).click();
  await desk.getByRole('button', { name: '开始走访' }).waitFor();
}

async function openCampaign(desk) {
  await desk.getByRole('button', { name: '开始走访' }).click();
  await desk.getByText('已开始').first().waitFor();
  return desk.url();
}

export async function withdrawCampaign(desk, url) {
  await desk.goto(url);
  await desk.getByText('撤回', { exact: true }).click();
  await desk.getByRole('button', { name: '撤回走访' }).click();
  await desk.getByText('已撤回').first().waitFor();
}

/** Opens a door by the title of its campaign: the first of its first building. */
export async function toDoorOf(page, title) {
  await page.goto('/doors#/places');
  const campaign = page.locator('section').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
  await campaign.getByRole('link').first().click();
  await next(page).waitFor();
  await knock(page);
}

/** Opens the app anew, which asks the server for what has changed. */
export async function comeBack(page) {
  await page.goto('/doors');
  await page.reload();
  await unlock(page);
}
