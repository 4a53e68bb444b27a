// An old phone, a browser that blocks scripts, a network that loses one file: everything works without a line of script.
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { picture } from './support/look.mjs';
import { community, photo, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

const scriptless = { javaScriptEnabled: false };

test('a resident reports and staff accept, without script', async (t) => {
  const resident = await phone(t, stage, scriptless);
  await resident.goto(`/board/${community}`);
  await resident.getByRole('main').getByRole('link', { name: '我要反映' }).click();
  await resident.getByLabel('哪个小区').selectOption('水保所家属院');
  await resident.getByLabel('什么事').fill('大门口路灯');
  await resident.getByLabel('照片').setInputFiles([await photo(stage, '路灯'), unreadable]);
  await resident.getByRole('button', { name: '提交' }).click();
  await resident.getByRole('alert').waitFor();
  await resident.getByText('已收到 1 张照片').waitFor();
  await resident.getByLabel('什么事').fill('大门口路灯连着三晚不亮');
  await resident.getByRole('button', { name: '提交' }).click();
  await resident.getByText('收到了，谢谢您').waitFor();
  await picture(resident, 'without-script-filed');
  await resident.getByRole('link', { name: '看办理进度' }).click();
  await resident.getByRole('img', { name: '居民反映的照片 1' }).waitFor();

  const staff = await desktop(t, stage, scriptless);
  await signIn(staff, 'shegong');
  await staff.goto('/issues');
  await staff.getByRole('link', { name: '待受理' }).click();
  await staff.getByRole('row').filter({ hasText: '水保所家属院' }).getByRole('link').first().click();
  await staff.getByText('大门口路灯连着三晚不亮').waitFor();
  await staff.getByLabel('公开标题').fill('大门口路灯不亮');
  await staff.getByRole('button', { name: '受理', exact: true }).click();
  await staff.getByRole('status').filter({ hasText: '已受理' }).waitFor();
  await picture(staff, 'without-script-accepted');

  await resident.reload();
  await resident.getByRole('heading', { name: '大门口路灯不亮' }).waitFor();

  // What else opens by script: the menu, looking somebody up, changing the size of the text.
  await staff.getByText('郭丽萍', { exact: true }).first().click();
  await staff.getByRole('button', { name: '长辈版' }).click();
  await staff.getByRole('link', { name: '居民', exact: true }).click();
  await staff.getByLabel('找居民').fill('王府名苑 3-2-101');
  await staff.getByRole('button', { name: '查找' }).click();
  await staff.getByRole('link', { name: '2单元' }).first().waitFor();
});

const unreadable = { name: 'broken.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a photo') };
