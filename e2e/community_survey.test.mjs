// The yearly survey: it is drawn, a grid worker asks at three doors by taps alone, a resident answers by the code, and the sums hang on
// the board.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { community, scan, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

test('from the draw to the board', async (t) => {
  const desk = await desktop(t, stage);
  await signIn(desk, 'shegong');
  await desk.goto('/community-surveys');
  await look(desk, 'survey-list');
  await desk.getByRole('link', { name: /年度满意度调查/ }).first().click();
  await desk.getByText('居民怎么说').waitFor();
  await look(desk, 'survey-last-year');
  await illustrate(desk, 'survey-results');
  assert(/310/.test(await desk.locator('.figures').first().innerText()), 'of 1,580 homes 310 are asked');

  await desk.goto('/community-surveys/new');
  await desk.getByText('384.16').waitFor();
  await look(desk, 'survey-new');
  await desk.getByRole('button', { name: '保存' }).click();
  await told(desk, '已保存');
  await look(desk, 'survey-draft');
  await desk.getByRole('button', { name: '抽选并开始' }).click();
  await told(desk, '抽好了');
  const survey = desk.url();
  await look(desk, 'survey-open');

  const worker = await phone(t, stage);
  await signIn(worker, 'wangge');
  await worker.goto('/today');
  await worker.getByText('上门问').click();
  await worker.getByRole('heading', { name: '满意度调查', exact: true }).waitFor();
  await look(worker, 'survey-doors');
  let taps = 0;
  const tap = async (target) => {
    await target.click();
    taps += 1;
  };
  const questions = 7;
  for (let door = 0; door < 5; door += 1) {
    taps = 0;
    await tap(worker.locator('.list a').first());
    if (door === 0) await look(worker, 'survey-door');
    if (door === 0) await illustrate(worker, 'survey-door');
    for (let at = 0; at < questions; at += 1) {
      await tap(worker.locator('fieldset').nth(at).getByText(['非常满意', '满意', '基本满意'][(door + at) % 3], { exact: true }));
    }
    if (door === 1) await worker.getByLabel('最希望社区办的一件事').fill('多装几个充电桩');
    if (door === 0) await glance(worker, 'survey-door-filled');
    await tap(worker.getByRole('button', { name: '记下' }));
    await told(worker, '不记是哪一户答的');
    assert.equal(taps, questions + 2, 'a tap for each question, one for the door and one to save');
  }
  await worker.locator('.list a').first().click();
  const door = worker.url();
  await worker.getByRole('button', { name: '没人在家' }).click();
  await told(worker, '改天再来');
  await worker.getByText('来过 1 天').waitFor();
  await worker.goto(door);
  await worker.getByText('今天来过了').waitFor();
  await worker.getByText('让住户自己扫码答').click();
  const code = worker.locator('.qr');
  // Above the tabs at the foot of the screen.
  await code.evaluate((drawn) => drawn.scrollIntoView({ block: 'center' }));
  const link = await scan(code);
  await worker.goto('/community-surveys/doors/slips');
  await look(worker, 'survey-slips');

  const resident = await phone(t, stage);
  await resident.goto(link);
  await look(resident, 'survey-answer');
  await resident.getByRole('button', { name: '交上去' }).click();
  await resident.getByRole('heading', { name: /需要改/ }).waitFor();
  await glance(resident, 'survey-answer-empty');
  await resident.locator('fieldset').first().getByText('不满意', { exact: true }).click();
  await resident.getByRole('button', { name: '交上去' }).click();
  await told(resident, '收到了');
  await look(resident, 'survey-answered');
  await worker.goto(door);
  await worker.getByText('已经答过了').waitFor();

  await desk.goto(survey);
  assert(!(await desk.content()).includes('充电桩'), 'what was said is shown while people are still asked');
  await desk.getByText('结束调查', { exact: true }).first().click();
  await desk.getByRole('button', { name: '结束调查' }).click();
  await told(desk, '结果出来了');
  await look(desk, 'survey-results');
  await desk.getByLabel('多装几个充电桩').check();
  await desk.getByRole('button', { name: '公示结果' }).click();
  await told(desk, '已经公示');

  const reader = await phone(t, stage);
  await reader.goto(`/board/${community}`);
  await reader.getByRole('link', { name: /年度满意度调查结果/ }).first().click();
  await reader.getByText('多装几个充电桩').waitFor();
  await look(reader, 'survey-published');
});

/** The page says that something has been done. */
const told = (page, what) => page.getByRole('status').filter({ hasText: what }).waitFor();
