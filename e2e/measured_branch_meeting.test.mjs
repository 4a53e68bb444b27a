// “叮咚”: at eight a notice, at nine the meeting. A branch secretary calls all members from the page of the branch, fifty-six phones
// sign in by the code on the wall within a minute, and a vote fails for one missing yes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { scan, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** So many phones hold up their cameras at once. The code on the wall changes by itself twice a minute, and each of them reads it anew. */
const AT_ONCE = 14;

test('fifty-six members sign in within a minute, and one yes is missing', { timeout: 240_000 }, async (t) => {
  const secretary = await phone(t, stage);
  await signIn(secretary, 'zhibu');
  await secretary.goto('/party');
  await secretary.getByRole('link', { name: '王府名苑小区党支部' }).first().click();
  await secretary.getByRole('link', { name: '开会' }).click();
  const soon = new Date(Date.now() + 8.5 * 3600_000).toISOString(); // in half an hour, by the clock of Shanghai
  await secretary.getByText('党员大会', { exact: true }).first().click();
  await secretary.getByLabel('哪天').fill(soon.slice(0, 10));
  await secretary.getByLabel('几点').fill(soon.slice(11, 16));
  await secretary.getByLabel('在哪个场地开').selectOption(''); // the room of the last meeting may be shut at this hour
  await secretary.getByLabel('议题', { exact: true }).fill('党员责任楼道怎么分');
  await secretary.getByRole('button', { name: '下一步' }).click();
  await told(secretary, '应到的人已列上');
  const meeting = secretary.url();
  await secretary.getByText('人应到').first().waitFor();
  await secretary.getByRole('button', { name: '发通知' }).click();
  const notice = await secretary.locator('#notice-text').innerText();
  assert.match(notice, /党员大会/);
  await look(secretary, 'branch-meeting-announced');

  // Everybody who should come, by name.
  await secretary.goto(`${meeting}/roll`);
  const names = await secretary.locator('fieldset.mark legend').evaluateAll((legends) =>
    legends
      .filter((legend) => !legend.textContent.includes('不算应到'))
      .map((legend) => legend.childNodes[1].textContent.trim()),
  );
  assert.equal(names.length, 56);

  const screen = await desktop(t, stage);
  await signIn(screen, 'zhibu');
  await screen.goto(`${meeting}/wall`);
  const phones = await Promise.all(names.map(() => phone(t, stage)));
  const began = Date.now();
  for (let first = 0; first < names.length; first += AT_ONCE) {
    const code = await scan(screen.locator('.qr'));
    await Promise.all(
      names.slice(first, first + AT_ONCE).map(async (name, at) => {
        const member = phones[first + at];
        await member.goto(code);
        await member.getByLabel('您的姓名').fill(name);
        await member.getByRole('button', { name: '签到' }).click();
        await told(member, '签到');
      }),
    );
  }
  const took = (Date.now() - began) / 1000;
  t.diagnostic(`56 phones signed in within ${took.toFixed(1)} s`);
  assert(took < 60, `56 phones took ${took} s`);
  await screen.getByText('够了').waitFor();
  await screen.locator('.figure b').first().filter({ hasText: /^56$/ }).waitFor();
  await glance(screen, 'branch-meeting-wall');
  await illustrate(screen, 'branch-wall');

  // Of fifty-one who may vote, twenty-five are one too few.
  await secretary.goto(meeting);
  await secretary.getByRole('button', { name: '开始开会' }).click();
  const about = () => secretary.locator('.agenda > li').filter({ hasText: '党员责任楼道怎么分' });
  const vote = async (yes, no) => {
    await about().getByRole('link', { name: /记结果|改结果/ }).click();
    await secretary.getByText('表决', { exact: true }).first().click();
    await secretary.getByLabel('做什么').fill('每个楼道两名党员，名单贴在单元门口');
    await secretary.getByLabel('赞成').first().fill(String(yes));
    await secretary.getByLabel('反对').first().fill(String(no));
    await secretary.getByLabel('弃权').first().fill('0');
    await secretary.getByRole('button', { name: '记下结果' }).click();
  };
  await vote(25, 26);
  await about().getByText('表决没有通过').first().waitFor();
  await vote(26, 25);
  await about().getByText('形成决议', { exact: true }).first().waitFor();
  await secretary.getByRole('button', { name: '散会' }).click();
  await secretary.getByRole('link', { name: '会议记录' }).click();
  await secretary.getByText('应到 56 人，实到 56 人，其中有表决权 51 人').first().waitFor();
  await look(secretary, 'branch-meeting-minutes');
});

/** Waits until a page says that something has been done. */
const told = (page, words) => page.getByRole('status').filter({ hasText: words }).first().waitFor();
