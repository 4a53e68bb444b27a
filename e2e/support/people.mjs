// The people of the demo community, and what they carry in their hands.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { password } from './server.mjs';

/** The demo community's code in public addresses. */
export const community = '141102004999';

const jsQR = readFileSync(createRequire(import.meta.url).resolve('jsqr'), 'utf8');

/** Signs in with the login name of a demo account, and leaves the page where that person begins. */
export async function signIn(page, login) {
  await page.goto('/login');
  await page.getByLabel('账号').fill(login);
  await page.getByLabel('密码').fill(password);
  await page.getByRole('button', { name: '登录', exact: true }).click();
  // The sign-in page stays where it is until a password has been checked, which takes its time on purpose.
  await page.waitForURL((url) => url.pathname !== '/login').catch(async () => {
    assert.fail(`${login} could not sign in:\n${await page.locator('body').innerText()}`);
  });
}

/** What a phone's camera reads from a QR code, as it is painted on the screen. */
export async function scan(code) {
  const page = code.page();
  // A code that changes by itself does not wait until its picture has been taken, so where it is in sight the screen is taken.
  const [box, screen] = [await code.boundingBox(), page.viewportSize()];
  const inSight = box && box.x >= 0 && box.y >= 0 && box.x + box.width <= screen.width && box.y + box.height <= screen.height;
  const painted = inSight ? await page.screenshot({ clip: box }) : await code.screenshot({ animations: 'disabled' });
  if (!(await page.evaluate(() => 'jsQR' in window))) await page.evaluate(jsQR);
  const text = await page.evaluate(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    const { data, width, height } = pen.getImageData(0, 0, image.width, image.height);
    return window.jsQR(data, width, height)?.data;
  }, `data:image/png;base64,${painted.toString('base64')}`);
  assert(text, 'the QR code cannot be read');
  return text;
}

/** A photo as a phone takes one, of something that can be told apart by its words, ready for `setInputFiles`. */
export async function photo({ browser }, words) {
  const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
  await page.setContent(
    `<body style="margin:0;height:100vh;display:grid;place-items:center;font:700 64px sans-serif;color:#fff;
      background:radial-gradient(circle at 30% 70%,#39424d,#8a6f4d 60%,#b7b0a0)">${words}</body>`,
  );
  const buffer = await page.screenshot({ type: 'jpeg', quality: 85 });
  await page.close();
  return { name: `${words}.jpg`, mimeType: 'image/jpeg', buffer };
}

/** How many sheets of A4 a page fills when it is printed. */
export async function sheets(page) {
  const pdf = await page.pdf({ preferCSSPageSize: true });
  return pdf.toString('latin1').match(/\/Type\s*\/Page\b/g).length;
}
