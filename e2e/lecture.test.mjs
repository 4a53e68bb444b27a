// 法治进校园 at 石楼中学: the school agrees on a phone, asks for more, two people look at a material, pupils answer and one asks for help.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { look } from './support/look.mjs';
import { signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** Waits for the line that says once what has been done. */
const said = (page, words) => page.getByText(words).first().waitFor();

test('a lecture of two lecturers and three topics, from the school’s yes to the codes on the wall', async (t) => {
  const lead = await desktop(t, stage);
  await signIn(lead, 'weijian');
  await lead.goto('/lecture-schools');
  await lead.getByRole('link', { name: '石楼中学' }).first().click();
  await look(lead, 'lecture-school');
  await lead.getByRole('button', { name: '给学校一个新链接' }).click();
  const own = new URL(await lead.locator('#own-link').innerText()).pathname;

  // The school reads who comes when and why, and says yes.
  const school = await phone(t, stage);
  await school.goto(own);
  await school.getByRole('heading', { name: '石楼中学的法治课' }).waitFor();
  await said(school, '网络保护、新型毒品、场所安全');
  await said(school, '武晓峰');
  await said(school, '呼改梅');
  await look(school, 'lecture-guest');
  await school.getByRole('button', { name: '同意这个时间' }).click();
  await said(school, '已同意，日子定下来了');

  // It asks for a moot court, without having said until when: what was chosen is still there.
  await school.getByLabel('主题', { exact: true }).selectOption('网络保护');
  await school.getByLabel('形式', { exact: true }).selectOption('模拟法庭');
  await school.getByLabel('从哪个年级').selectOption('八年级');
  await school.getByLabel('到哪个年级').selectOption('九年级');
  await school.getByRole('button', { name: '提需求' }).click();
  await said(school, '请选择最后一天');
  assert.equal(await school.getByLabel('形式', { exact: true }).locator('option:checked').innerText(), '模拟法庭');
  const day = (ahead) => new Date(Date.now() + 8 * 3_600_000 + ahead * 86_400_000).toISOString().slice(0, 10);
  await school.getByLabel('最早哪天').fill(day(10));
  await school.getByLabel('最晚哪天').fill(day(20));
  await school.getByRole('button', { name: '提需求' }).click();
  await said(school, '需求已提出');
  await look(school, 'lecture-guest-asked');

  // The team finds it among what waits.
  const staff = await desktop(t, stage);
  await signIn(staff, 'ganjing');
  await staff.goto('/lectures');
  await look(staff, 'lectures');
  await staff.getByRole('link', { name: /石楼中学.*模拟法庭/ }).first().click();
  await staff.getByRole('link', { name: '安排', exact: true }).click();
  await look(staff, 'lecture-form');

  // Whoever has de-identified a material does not review it.
  await staff.goto('/lecture-materials/new');
  await staff.getByText('案例', { exact: true }).click();
  await staff.getByLabel('名称').fill('场所安全案例（编写）');
  await staff.getByLabel('主题', { exact: true }).selectOption('场所安全');
  await staff.getByLabel('文件', { exact: true }).setInputFiles({ name: '案例.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n') });
  await staff.getByRole('button', { name: '传上来' }).click();
  await staff.getByLabel(/我从头看过/).check();
  await staff.getByRole('button', { name: '脱敏做完了' }).click();
  await said(staff, '请另一个人来审核');
  const material = new URL(staff.url()).pathname;
  await lead.goto(material);
  await lead.getByRole('button', { name: '认不出是谁，可以用' }).click();
  await said(lead, '已脱敏、已审核');
  await look(lead, 'lecture-material');

  // The codes, and what is behind them on a pupil's phone.
  await staff.goto('/lectures');
  await staff.getByRole('link', { name: /护航开学季/ }).first().click();
  await look(staff, 'lecture-session');
  await staff.getByRole('link', { name: '二维码和结果' }).click();
  await look(staff, 'lecture-codes');
  const [before, , help] = await staff.locator('p.address').allInnerTexts();
  const pupil = await phone(t, stage);
  await pupil.goto(new URL(before).pathname);
  await pupil.getByText('七年级1班', { exact: true }).click();
  await pupil.getByText('不发，告诉家长或老师').click();
  await look(pupil, 'lecture-quiz');
  await pupil.getByRole('button', { name: '交', exact: true }).click();
  await said(pupil, '交好了');
  await pupil.goto(new URL(help).pathname);
  await pupil.getByLabel('发生了什么').fill('有人在校门口堵我');
  await look(pupil, 'lecture-help');
  await pupil.getByRole('button', { name: '告诉检察官' }).click();
  await said(pupil, '收到了');

  // It goes to whoever answers for the team, and to nobody else.
  assert.equal((await staff.request.get('/lecture-confidences')).status(), 403);
  await lead.goto('/today');
  await lead.getByRole('link', { name: /有学生求助/ }).first().click();
  assert.equal(await lead.getByText('堵我').count(), 0);
  await lead.getByLabel('为什么要看').fill('接到求助，马上核实');
  await lead.getByRole('button', { name: '看内容' }).click();
  await said(lead, '有人在校门口堵我');
  await lead.goto('/lecture-balance');
  await look(lead, 'lecture-balance');
  await lead.goto('/lecture-summary');
  await look(lead, 'lecture-summary');
});
