// 法治进校园 at 石楼中学: what the school asks for becomes a lecture of two lecturers on three topics. It is moved to today, so that the whole day
// can be told: sign-in, the quiz before and after, a film, a pupil's question, photos, the school's word, and what the term came to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { illustrate, look } from './support/look.mjs';
import { community, photo, scan, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

/** Waits for the line that says once what has been done. */
const said = (page, words) => page.getByText(words).first().waitFor();

/** By the clock of Shanghai, `minutes` from now: a day, a time of day, and the moment itself. */
function moment(minutes) {
  const at = Math.floor(Date.now() / 60_000) * 60_000 + minutes * 60_000;
  const text = new Date(at + 8 * 3_600_000).toISOString();
  return { day: text.slice(0, 10), clock: text.slice(11, 16), at };
}

/** Waits until the clock, which nobody sets here, has come to a moment. */
const until = (page, at) => page.waitForFunction((at) => Date.now() >= at, at, { timeout: 300_000, polling: 500 });

/** A film as a camera makes one, half a second long. */
async function film(page) {
  const bytes = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
    const pen = canvas.getContext('2d');
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm' });
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    const ended = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    for (let turn = 0; turn < 15; turn += 1) {
      pen.fillStyle = turn % 2 ? '#7a1f1f' : '#d9c7a0';
      pen.fillRect(0, 0, 320, 180);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    recorder.stop();
    await ended;
    return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
  });
  return { name: '短片.webm', mimeType: 'video/webm', buffer: Buffer.from(bytes) };
}

/** The film on a page plays: its picture has a width, and its time goes on. */
async function plays(page) {
  const shown = page.locator('video').first();
  await shown.evaluate((video) => {
    video.muted = true;
    return video.play();
  });
  await page.waitForFunction(() => document.querySelector('video').currentTime > 0);
  assert.equal(await shown.evaluate((video) => video.videoWidth), 320);
}

/** Six pupils answer one after the other on the class's device, so many of them right, and afterwards how they liked it. */
async function answer(page, path, right, stars) {
  for (let pupil = 0; pupil < 6; pupil += 1) {
    await page.goto(path);
    await page.getByText('七年级1班', { exact: true }).click();
    const options = pupil < right ? ['不发，告诉家长或老师', '不碰，走开，告诉大人', '不能'] : ['发给他', '尝一口', '周末能'];
    for (const option of options) await page.getByText(option, { exact: true }).click();
    if (stars) await page.getByText(stars, { exact: true }).click();
    if (pupil === 0 && !stars) await illustrate(page, 'lecture-quiz');
    await page.getByRole('button', { name: '交', exact: true }).click();
    await said(page, '交好了');
  }
}

test('a day at 石楼中学, from what the school asks for to what the term came to', async (t) => {
  const lead = await desktop(t, stage);
  await signIn(lead, 'weijian');
  await lead.goto('/lecture-schools');
  await lead.getByRole('link', { name: '石楼中学' }).first().click();
  await look(lead, 'lecture-school');
  await lead.getByRole('button', { name: '给学校一个新链接' }).click();
  const own = new URL(await lead.locator('#own-link').innerText()).pathname;
  await lead.goto('/lecturers');
  await lead.getByRole('link', { name: /武晓峰/ }).first().click();
  await lead.getByRole('button', { name: '给本人一个新链接' }).click();
  const lecturing = new URL(await lead.locator('#own-link').innerText()).pathname;

  // Whoever runs the program lets lectures be given at any hour, since this story is told at any. Today there is school, and for three weeks.
  const admin = await desktop(t, stage);
  await signIn(admin, 'jcxitong');
  await admin.goto('/settings/lecture.rules');
  await admin.getByLabel('最早几点上课').fill('1');
  await admin.getByLabel('最晚几点下课').fill('24');
  await admin.getByLabel('最多比约定的多讲多久').fill('200 分钟');
  await admin.getByLabel('从哪一天起生效').fill(moment(0).day);
  await admin.getByLabel('依据').fill('未检团队的决定');
  await admin.getByRole('button', { name: '保存' }).click();
  await said(admin, '已保存');
  await lead.goto('/lecture-terms');
  await lead.getByText('登记考试、不上课、补课').click();
  await lead.getByText('上课（调课、补课）', { exact: true }).click();
  await lead.locator('#period-first').fill(moment(0).day);
  await lead.locator('#period-last').fill(moment(20 * 1440).day);
  await lead.getByRole('button', { name: '登记', exact: true }).click();
  await said(lead, '已登记');

  // The school asks, without having said until when: what was chosen is still there.
  const school = await phone(t, stage);
  await school.goto(own);
  await school.getByRole('heading', { name: '石楼中学的法治课' }).waitFor();
  await look(school, 'lecture-guest');
  await school.getByLabel('主题', { exact: true }).selectOption('网络保护');
  await school.getByLabel('形式', { exact: true }).selectOption('案例宣讲');
  await school.getByLabel('从哪个年级').selectOption('七年级');
  await school.getByLabel('到哪个年级').selectOption('九年级');
  await school.getByRole('button', { name: '提需求' }).click();
  await said(school, '请选择最后一天');
  assert.equal(await school.getByLabel('形式', { exact: true }).locator('option:checked').innerText(), '案例宣讲');
  await school.getByLabel('最早哪天').fill(moment(16 * 1440).day);
  await school.getByLabel('最晚哪天').fill(moment(20 * 1440).day);
  await school.getByRole('button', { name: '提需求' }).click();
  await said(school, '需求已提出');
  await look(school, 'lecture-guest-asked');

  // The team is offered days with their reasons, and proposes one of them with three topics.
  const staff = await desktop(t, stage);
  await signIn(staff, 'ganjing');
  await staff.goto('/today');
  await staff.getByRole('link', { name: /石楼中学 · 网络保护/ }).first().click();
  await staff.getByRole('heading', { name: '可以这样安排' }).waitFor();
  await look(staff, 'lecture-request');
  await illustrate(staff, 'lecture-request');
  await staff.getByRole('link', { name: /避开考试和假期/ }).first().click();
  await staff.getByLabel('题目').fill('护航开学季，法治进校园');
  assert(await staff.getByLabel('武晓峰').isChecked() && await staff.getByLabel('呼改梅').isChecked());
  await staff.getByLabel('新型毒品').check();
  await staff.getByLabel('场所安全').check();
  await staff.getByLabel('几点开始').fill('09:00');
  await staff.getByLabel('几点结束').fill('10:30');
  await staff.getByLabel('场地').selectOption({ index: 1 });
  await staff.getByLabel('专项活动（可不选）').selectOption('护航开学季，法治进校园');
  await staff.getByRole('button', { name: '提出，请学校确认' }).click();
  await said(staff, '已提出，等学校确认');
  const session = new URL(staff.url()).pathname;
  await school.reload();
  const card = school.locator(`#session-${session.split('/').pop()}`);
  await card.getByText('网络保护、新型毒品、场所安全').waitFor();
  await card.getByText('武晓峰').first().waitFor();
  await card.getByText('呼改梅').first().waitFor();
  await card.getByRole('button', { name: '同意这个时间' }).click();
  await said(school, '已同意，日子定下来了');

  // A film is de-identified by one and reviewed by another, and only then on the lecture's page.
  await staff.goto('/lecture-materials/new');
  await staff.getByText('视频短片', { exact: true }).click();
  await staff.getByLabel('名称').fill('电子烟里的新型毒品');
  await staff.getByLabel('主题', { exact: true }).selectOption('新型毒品');
  await staff.getByLabel('文件', { exact: true }).setInputFiles(await film(staff));
  await staff.getByRole('button', { name: '传上来' }).click();
  await staff.getByLabel(/我从头看过/).check();
  await staff.getByRole('button', { name: '脱敏做完了' }).click();
  await said(staff, '请另一个人来审核');
  const material = new URL(staff.url()).pathname;
  await lead.goto(material);
  await plays(lead);
  await lead.getByRole('button', { name: '认不出是谁，可以用' }).click();
  await said(lead, '已脱敏、已审核');
  await look(lead, 'lecture-material');
  await illustrate(lead, 'lecture-material');
  await staff.goto(session);
  await staff.getByText('加一份').click();
  await staff.getByLabel('材料', { exact: true }).selectOption('视频短片：电子烟里的新型毒品');
  await staff.getByRole('button', { name: '加上', exact: true }).click();
  await said(staff, '已加上');
  await plays(staff);

  // It is moved to today. At so short notice the school says that it can do that.
  await staff.getByRole('link', { name: '改期、换人' }).click();
  await look(staff, 'lecture-form');
  let [start, end] = [moment(3), moment(4)];
  // It begins and ends on one day.
  if (start.day !== end.day) [start, end] = [moment(4), moment(5)];
  await staff.getByLabel('哪一天').fill(start.day);
  await staff.getByLabel('几点开始').fill(start.clock);
  await staff.getByLabel('几点结束').fill(end.clock);
  await staff.getByLabel('为什么改').fill('讲师那天开庭，今天正好在校');
  await staff.getByRole('button', { name: '改好，请学校确认' }).click();
  await said(staff, '已改，等学校重新确认');
  await school.reload();
  await card.getByLabel(/时间很近/).check();
  await card.getByRole('button', { name: '同意这个时间' }).click();
  await said(school, '已同意，日子定下来了');

  // Before it begins the pupils answer by the code on the screen, without a name.
  await staff.goto(`${session}/quiz`);
  const codes = staff.locator('section.card:has(p.address) svg');
  const [before, after, help] = await staff.locator('p.address').allInnerTexts();
  assert.equal(await scan(codes.first()), before);
  const pupils = await phone(t, stage);
  await answer(pupils, new URL(before).pathname, 2);

  // Each class says how many have come.
  await school.reload();
  await card.getByText('班级签到', { exact: true }).click();
  const teacher = await phone(t, stage);
  await teacher.goto(await card.getByRole('link', { name: /七年级1班/ }).getAttribute('href'));
  await teacher.getByLabel('到了多少人').fill('47');
  await teacher.getByRole('button', { name: '签到', exact: true }).click();
  await said(teacher, '到 47 人');
  await look(teacher, 'lecture-sign-in');
  await illustrate(teacher, 'lecture-sign-in');
  await staff.goto(`${session}/sign-in`);
  await said(staff, '到 47 / 48 人');
  await look(staff, 'lecture-sign-in-codes');
  await staff.goto(`${session}/quiz`);
  await look(staff, 'lecture-codes');

  // It is given; afterwards the same questions once more.
  await until(staff, end.at);
  await answer(pupils, new URL(after).pathname, 5, '5 很喜欢');
  await pupils.goto(new URL(after).pathname);
  await look(pupils, 'lecture-quiz');

  // The lecturer writes it down by their own link, where the film can be shown too.
  const lecturer = await phone(t, stage);
  await lecturer.goto(lecturing);
  const given = lecturer.locator('section.card').filter({ has: lecturer.locator('video') });
  await plays(lecturer);
  await given.getByText('登记上课情况').click();
  assert.equal(await given.getByLabel('到场学生（人）').inputValue(), '47');
  await given.getByLabel('讲了几分钟').fill('90');
  await given.getByLabel('发放资料（份）').fill('98');
  await given.getByLabel(/讲课和互动情况/).fill('播放视频短片，讲了三个案例');
  await given.getByLabel(/自评/).fill('时间略紧');
  await given.getByRole('button', { name: '登记', exact: true }).click();
  await said(lecturer, '已登记，等学校确认');
  await look(lecturer, 'lecturing');

  // What a pupil asked, and photos with the words that say who has agreed to them.
  await staff.goto(session);
  await staff.getByText('记一个问题').click();
  await staff.getByLabel('问了什么').fill('被网友威胁怎么办');
  await staff.getByRole('button', { name: '记下', exact: true }).click();
  await staff.getByLabel('怎么回复、怎么跟进的').fill('课后单独讲了怎么留证据、找谁帮忙');
  await staff.getByRole('button', { name: /记下.*被网友威胁怎么办/ }).click();
  await staff.getByText('加照片').click();
  await staff.getByLabel('照片', { exact: true }).setInputFiles([await photo(stage, '法治课')]);
  await staff.getByLabel('谁同意拍、怎么同意的').fill('学校已征得到场学生家长书面同意');
  await staff.getByRole('button', { name: '存照片' }).click();
  await said(staff, '照片已存');
  await look(staff, 'lecture-session');

  // The school says that it was so.
  await school.reload();
  await card.getByText('2 课时（90 分钟）').waitFor();
  assert.equal(await card.getByText('时间略紧').count(), 0);
  await card.getByLabel('学校的意见（可不填）').fill('学生听得认真');
  await card.getByRole('button', { name: '情况属实，确认' }).click();
  await said(school, '已确认');

  // A pupil asks for help. It goes to whoever answers for the team, and to nobody else.
  const pupil = await phone(t, stage);
  await pupil.goto(new URL(help).pathname);
  await look(pupil, 'lecture-help');
  await pupil.getByLabel('发生了什么').fill('有人在校门口堵我');
  await pupil.getByRole('button', { name: '告诉检察官' }).click();
  await said(pupil, '收到了');
  assert.equal((await staff.request.get('/lecture-confidences')).status(), 403);
  await lead.goto('/today');
  await lead.getByRole('link', { name: /有学生求助/ }).first().click();
  assert.equal(await lead.getByText('堵我').count(), 0);
  await lead.getByLabel('为什么要看').fill('接到求助，马上核实');
  await lead.getByRole('button', { name: '看内容' }).click();
  await said(lead, '有人在校门口堵我');

  // What was known before and after, and what the term came to, on paper too.
  await staff.goto(`${session}/quiz`);
  await said(staff, '收卷以后看结果');
  await staff.getByRole('button', { name: '收课后问卷' }).click();
  await said(staff, '收好了');
  await said(staff, '33.3%');
  await said(staff, '83.3%');
  await lead.goto('/lecture-balance');
  await look(lead, 'lecture-balance');
  await lead.goto('/lecture-summary');
  await said(lead, '83.3%');
  await said(lead, '1 场，2 课时');
  await look(lead, 'lecture-summary');
  await illustrate(lead, 'lecture-summary');
  for (const name of ['Word', 'Excel']) {
    const file = await lead.request.get(await lead.getByRole('link', { name }).getAttribute('href'));
    assert.equal((await file.body()).subarray(0, 2).toString(), 'PK');
  }
  await lead.goto('/lectures?past=1');
  await said(lead, '护航开学季，法治进校园');
  await look(lead, 'lectures-past');

  // The community is sent the film for its volunteers' law talks, and takes it.
  await staff.goto(material);
  await staff.getByLabel('社区的十二位编码').fill(community);
  await staff.getByRole('button', { name: '送去' }).click();
  await said(staff, '已送出');
  const secretary = await desktop(t, stage);
  await signIn(secretary, 'shuji');
  await secretary.goto('/law-materials');
  while ((await secretary.getByText('电子烟里的新型毒品').count()) === 0) await secretary.reload();
  await look(secretary, 'law-materials');
  await secretary.getByRole('button', { name: /收下.*电子烟里的新型毒品/ }).click();
  await said(secretary, '已收下');
  await secretary.goto('/activities');
  await secretary.locator('main ul.list').getByRole('link').first().click();
  await secretary.locator('main').getByRole('link', { name: '普法材料', exact: true }).click();
  await secretary.getByLabel('加一份').selectOption('视频短片：电子烟里的新型毒品');
  await secretary.getByRole('button', { name: '加上', exact: true }).click();
  await said(secretary, '已加上');
  await look(secretary, 'law-talk');
  const talk = await phone(t, stage);
  await talk.goto(new URL(await secretary.locator('#talk-link').innerText()).pathname);
  await look(talk, 'law-talk-shown');
  await plays(talk);
});
