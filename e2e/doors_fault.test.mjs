// A thousand visits over a line that drops requests and loses answers, to a server that is killed before, during and after
// its commits, from a page that is killed at any moment: none is lost, none is there twice, and the register is what the
// visits make of it one after the other. Chance comes from a seed; DOORSTEP_FAULT_SEED and DOORSTEP_FAULT_RECORDS set others.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { test } from 'node:test';
import { call } from './support/server.mjs';
import { setStage } from './support/stage.mjs';
import { bar, kept, unlock, workersPhone } from './support/doors.mjs';

const seed = Number(process.env.DOORSTEP_FAULT_SEED ?? 20261125);
const records = Number(process.env.DOORSTEP_FAULT_RECORDS ?? 1000);

const stage = setStage();

test(`${records} visits through every fault (seed ${seed})`, { timeout: 1_200_000 }, async (t) => {
  const random = chance(seed);
  const saved = new Set();
  const faults = { passed: 0, dropped: 0, lost: 0, before: 0, during: 0, after: 0, page: 0 };
  let page = await workersPhone(t, stage);
  const context = page.context();
  // Of each person what was last said of them: for certain, and perhaps, where the page was killed while it was saving.
  const certain = new Map();
  const perhaps = new Map();
  await context.exposeFunction('intended', (person, n) => perhaps.set(person, [...(perhaps.get(person) ?? []), n]));
  await context.exposeFunction('acknowledged', (id, person, n) => {
    saved.add(id);
    if (person) certain.set(person, n);
  });

  // Only one fault is under way at a time; what it kills is up again before the next.
  let mending = Promise.resolve();
  let killPage = () => {};
  const restart = async (when) => {
    faults[when] += 1;
    await stage.server.kill();
    await stage.server.again();
  };
  const faulty = async (route) => {
    await mending;
    const dice = random();
    const lose = () => route.fetch().then(() => route.abort(), () => route.abort()).catch(() => {});
    if (dice < 0.80) {
      faults.passed += 1;
      return route.continue().catch(() => {});
    }
    if (dice < 0.86) {
      faults.dropped += 1;
      return route.abort().catch(() => {});
    }
    if (dice < 0.92) {
      faults.lost += 1;
      return lose();
    }
    if (dice < 0.94) {
      mending = restart('before').then(() => route.abort().catch(() => {}));
    } else if (dice < 0.96) {
      // The kill races with the commit: sometimes the one is first, sometimes the other.
      const answer = lose();
      mending = new Promise((now) => setTimeout(now, random() * 12)).then(() => restart('during')).then(() => answer);
    } else if (dice < 0.98) {
      mending = lose().then(() => restart('after'));
    } else {
      faults.page += 1;
      // Before the server has the record, or after.
      mending = (random() < 0.5 ? route.abort() : route.fetch()).catch(() => {}).then(() => killPage());
    }
    return mending;
  };
  await context.route('**/offline/records/*', faulty);

  let number = 0;
  while (saved.size < records) {
    const killed = new Promise((gone) => {
      killPage = () => gone('killed');
    });
    const some = Math.min(records - saved.size, 10 + Math.floor(random() * 40));
    const done = page.evaluate(walk, { from: number, to: number + some }).catch((error) => {
      if (!/closed|destroyed|navigat/i.test(error.message)) throw error;
    });
    number += some;
    if ((await Promise.race([done, killed])) === 'killed') {
      await page.close();
      await done;
      page = await context.newPage();
      await page.goto('/doors');
      await unlock(page);
    }
  }

  // The line is good again: everything arrives.
  await mending;
  killPage = () => {};
  await context.unroute('**/offline/records/*');
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await bar(page, '全部已上传').waitFor({ timeout: 120_000 });
  await page.evaluate(refresh);
  assert.equal((await kept(page, 'outbox')).length, 0, 'something is still on the phone');
  const receipts = new Set((await kept(page, 'receipts')).map((row) => row.id));
  for (const id of saved) assert(receipts.has(id), `${id} was acknowledged and has no receipt`);

  const dump = join(stage.server.data, 'fault.jsonl');
  call(stage.server, 'backup', dump);
  const rows = (table) => rowsOf(dump, table);
  const arrived = rows('offline_records').filter((row) => receipts.has(row.id));
  assert.equal(arrived.length, receipts.size, 'a receipt without a record');
  assert.deepEqual(arrived.filter((row) => row.state !== 'accepted').map((row) => row.sentence), [], 'a record was held');
  const visits = rows('visits').filter((row) => receipts.has(row.id));
  assert.equal(visits.length, receipts.size, 'a record without its visit, or with two');
  assert.equal(rows('offline_disputes').length, 0);
  // Every third visit brought one problem, which names its number.
  const issues = rows('issues').filter((row) => row.description.startsWith('故障试验'));
  assert.equal(new Set(issues.map((row) => row.description)).size, issues.length, 'an issue is there twice');
  assert.equal(issues.length, rows('visit_issues').filter((row) => receipts.has(row.visit_id)).length);

  let compared = 0;
  for (const [person, said] of Object.entries(await page.evaluate(workplaces))) {
    const n = certain.get(person) ?? -1;
    const possible = [n, ...(perhaps.get(person) ?? []).filter((one) => one > n)].map((one) => `单位${one}`);
    if (n < 0) continue;
    assert(possible.includes(said), `the register says ${said}, the visits ${possible}`);
    compared += 1;
  }
  assert(compared > 20, `only ${compared} people were compared`);
  t.diagnostic(`${saved.size} acknowledged, ${receipts.size} arrived, ${issues.length} issues, 0 lost, 0 doubled, ${compared} people as the visits say; ${JSON.stringify(faults)}`);
  assert(faults.before + faults.during + faults.after > 0 && faults.page > 0 && faults.lost > 0, 'no fault has happened');
});

/** A small generator of chance (mulberry32). */
function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The rows of a table in a dump, which is compressed JSON by line: a table's columns, then its rows. */
function rowsOf(file, table) {
  let columns = null;
  const rows = [];
  for (const line of gunzipSync(readFileSync(file)).toString().split('\n').filter(Boolean)) {
    const value = JSON.parse(line);
    if (!Array.isArray(value)) columns = value.table === table ? value.columns : null;
    else if (columns) rows.push(Object.fromEntries(columns.map((name, at) => [name, value[at]])));
  }
  return rows;
}

// ---------- in the page: the app's own modules, without its views ----------

/** Saves visits and sends them on the way. */
async function walk({ from, to }) {
  const part = (name) => import(new URL(`${name}.js`, document.querySelector('script[src*="/doors/app.js"]').src));
  const [{ book }, record, outbox, { state }] = await Promise.all(['book', 'record', 'outbox', 'state'].map(part));
  for (let n = from; n < to; n += 1) {
    const door = book.doors[n % book.doors.length];
    const person = door.households.flatMap((household) => household.people)[0];
    const campaign = book.campaigns.find((one) => one.id === door.campaign);
    const form = { ...record.blank(), outcome: 'home', note: `第 ${n} 次` };
    for (const question of campaign.questions) form.answers[question.id] = n % 2 ? 'yes' : 'no';
    if (person) form.edits = { [person.id]: { seen: person.version, fields: { workplace: `单位${n}` } } };
    if (n % 3 === 0) {
      form.problems = [{ category: 'lighting', text: `故障试验 ${n}`, place_text: '', anonymous: true, reporter: null, photos: [] }];
    }
    if (person) await window.intended(person.id, n);
    const { id } = await record.save(form, door, campaign, state.account);
    await window.acknowledged(id, person?.id, n);
    if (n % 7 === 0) await outbox.send({ force: true });
  }
  await outbox.send({ force: true });
}

/** Looks at the doors anew. */
async function refresh() {
  const outbox = await import(new URL('outbox.js', document.querySelector('script[src*="/doors/app.js"]').src));
  await outbox.refresh();
}

/** Where each person works, as the server says now. */
async function workplaces() {
  const part = (name) => import(new URL(`${name}.js`, document.querySelector('script[src*="/doors/app.js"]').src));
  const { book } = await part('book');
  const people = book.doors.flatMap((door) => door.households.flatMap((household) => household.people));
  return Object.fromEntries(people.map((person) => [person.id, person.fields.workplace]));
}
