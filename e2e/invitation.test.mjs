// Somebody who works on a phone gets their account from hand to hand: the administrator shows a code, the phone scans it and
// asks for a PIN of its owner's choice.
import { test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { glance, illustrate, look } from './support/look.mjs';
import { scan, signIn } from './support/people.mjs';
import { setStage } from './support/stage.mjs';

const stage = setStage();

test('a property manager gets a phone ready', async (t) => {
  const administrator = await desktop(t, stage);
  await signIn(administrator, 'anquan');
  await administrator.getByRole('link', { name: '杜永强' }).click();
  await administrator.getByText('给一张手机邀请码').click();
  await administrator.getByRole('button', { name: '做邀请码' }).click();
  await administrator.getByRole('heading', { name: '邀请 杜永强' }).waitFor();
  await glance(administrator, 'invitation-sheet');
  await illustrate(administrator, 'admin-invitation');
  const invitation = await scan(administrator.locator('.qr'));

  const manager = await phone(t, stage);
  await manager.goto(invitation);
  await manager.getByRole('heading', { name: '杜*强，您好' }).waitFor();
  await look(manager, 'invitation');
  await illustrate(manager, 'property-invitation');
  await choosePin(manager, '123456');
  await manager.getByRole('alert').waitFor();
  await glance(manager, 'invitation-weak-pin');
  await choosePin(manager, '840617');
  await manager.getByRole('heading', { name: '今日待办' }).waitFor();
  await look(manager, 'invitation-begun');

  const thief = await phone(t, stage);
  await thief.goto(invitation);
  await thief.getByRole('heading', { name: '杜*强，您好' }).waitFor({ state: 'detached' });
  await glance(thief, 'invitation-used');
});

async function choosePin(page, pin) {
  await page.getByLabel('设 6 位数字 PIN 码').fill(pin);
  await page.getByLabel('再输一遍').fill(pin);
  await page.getByRole('button', { name: '启用这部手机' }).click();
}
