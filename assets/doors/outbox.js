// Sending what was saved. A record leaves the phone's outbox only in the transaction that keeps the server's receipt; until
// then it is sent again and again, the same bytes, and one that the server cannot take holds up no other but those that follow from it.

import { changed, felt, when } from "./bus.js";
import { book, fetchPack } from "./book.js";
import { all, get, jot, keys, write } from "./store.js";
import { ask, hello, line } from "./net.js";
import { answered, isUnsent, leftOf, noteLeft } from "./left.js";
import { sentAt } from "./time.js";
import * as vault from "./vault.js";

const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 300_000;
const AT_ONCE = 4;
const PACK_AGE = 600_000;
const KEPT = 30 * 86_400_000;
const LEFT = 3_600_000;
// A photo whose record the server has not got after so many tries will not find it later.
const MOST_ABSENT = 10;
// So many receipts may be asked for at once.
const MOST_ASKED = 100;

/** How long a visit that was saved with one tap is kept from being sent, so that it can be taken back. */
export const HELD = 11_000;

/** What the bar shows, and whether something is under way. */
export const tally = {
  unsent: 0,
  oldest: 0,
  clashes: 0,
  held: 0,
  refused: 0,
  photos: 0,
  sending: false,
  contact: 0,
  left: leftOf({ outbox: [], photos: [], drafts: [], bytes: [] }),
};

let account = "";
let timer = 0;
let pauses = 0;
// Somebody wanted to send during a round, which may have passed already what they have in mind.
let wanted = false;

/** Begins to send whenever there is hope: now, when the network comes back, when the page is looked at again. */
export function start(whose) {
  account = whose;
  addEventListener("online", () => send({ force: true }));
  addEventListener("offline", () => {
    line.online = false;
    felt("tally");
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && send({ force: true }));
  when("outbox", () => plan());
}

/** Sends nothing more: another version has taken over. */
export function stop() {
  account = "";
  clearTimeout(timer);
}

/** Counts what is still on the phone. */
export async function count() {
  const [outbox, photos, receipts, drafts, bytes, contact, kept] = await Promise.all([
    all("outbox"),
    all("photos"),
    all("receipts"),
    keys("drafts"),
    keys("pictures"),
    get("meta", "contact"),
    get("meta", "vault"),
  ]);
  const unsent = outbox.filter(isUnsent);
  tally.unsent = unsent.length;
  tally.oldest = Math.min(...unsent.map((row) => row.made_at));
  tally.clashes = outbox.filter((row) => row.state === "clash").length;
  tally.refused = [...unsent, ...photos].filter((row) => row.state === "refused").length;
  tally.held = receipts.filter((row) => row.state === "held").length;
  tally.photos = photos.filter((row) => row.state !== "draft").length;
  tally.contact = contact ?? 0;
  tally.left = leftOf({ outbox, photos, drafts, bytes });
  // Where the browser has thrown everything away, the number must outlive it.
  if (kept) noteLeft(tally.left);
  felt("tally");
}

/**
 * Sends what is due; with `force` also what would have waited for its next try, and with `refused` what the server has
 * turned down, since what was wrong may have been put right there. Somebody wants the latter, so that it waits for its turn
 * where all else is left to who sends already. One tab at a time.
 */
export async function send(how = {}) {
  if (!vault.isOpen() || !account) return;
  clearTimeout(timer);
  const mine = await navigator.locks.request("doorstep-outbox", { ifAvailable: !how.refused }, async (lock) => {
    if (!lock) {
      wanted ||= Boolean(how.force);
      return false;
    }
    wanted = false;
    tally.sending = true;
    felt("tally");
    try {
      await round(how);
    } catch (error) {
      // Locked in the middle of it, or trouble with the disk: what was not noted is sent again, and gets the same receipt.
      if (!(error instanceof vault.Locked)) console.warn(error);
      pauses += 1;
    } finally {
      tally.sending = false;
      await count().catch(() => felt("tally"));
    }
    return true;
  });
  if (mine && wanted) return send({ force: true });
  await plan(mine ? 0 : FIRST_PAUSE).catch(console.warn);
}

async function round(how) {
  const who = await hello();
  if (!who) {
    pauses += 1;
    return;
  }
  if (who.account !== account) {
    line.login = "other";
    return;
  }
  await jot("contact", Date.now());

  const done = { arrived: 0, failed: 0 };
  // What could not be noted of a row leaves it due: it is not tried twice in a round.
  const tried = new Set();
  for (;;) {
    const unsent = (await all("outbox")).filter(isUnsent);
    const due = unsent
      .filter((row) => !tried.has(row.id) && isDue(row, how) && !followsAny(unsent, row))
      .sort((a, b) => a.tries - b.tries || a.made_at - b.made_at);
    if (!due.length) break;
    for (const { id } of due) tried.add(id);
    await inParallel(due, sendRecord, done);
    if (line.login === "expired" || !line.online) break;
  }
  const waiting = new Set((await all("outbox")).filter(isUnsent).map((row) => row.id));
  const photos = (await all("photos")).filter((row) => isDue(row, how) && !waiting.has(row.record));
  let arrived = done.arrived;
  if (line.login === "ok" && line.online) await inParallel(photos, sendPhoto, done);
  // Photos that have gone may have made room.
  await keepAnswered();
  pauses = done.failed ? pauses + 1 : 0;

  if (line.login === "ok" && line.online) arrived += await review();

  const pack = await get("meta", "pack");
  if (line.login === "ok" && line.online && (arrived || !pack || Date.now() - pack.checked_at > PACK_AGE))
    await refresh();
}

/** Asks what has become of the records that wait for somebody in the community. Returns how many have been decided. */
export async function review() {
  const held = (await all("receipts")).filter((row) => row.state === "held");
  let decided = 0;
  for (let from = 0; from < held.length; from += MOST_ASKED) {
    const rows = held.slice(from, from + MOST_ASKED);
    const body = JSON.stringify({ ids: rows.map((row) => row.id) });
    const post = () =>
      ask("/offline/receipts", { method: "POST", body, headers: { "content-type": "application/json" } });
    let answer = await post();
    if (answer.status === 403 && (await tokenIsNew())) answer = await post();
    if (answer.status !== 200 || !Array.isArray(answer.body?.receipts)) break;
    for (const said of answer.body.receipts) {
      const row = rows.find((one) => one.id === said.id);
      if (!row || !["accepted", "dismissed"].includes(said.state)) continue;
      const receipt = await receiptOf(row, said);
      await write(["receipts"], ({ receipts }) => receipts.put(receipt));
      decided += 1;
    }
  }
  if (decided) changed("outbox");
  return decided;
}

/** Fetches the doors anew and tells the views. */
export async function refresh() {
  const how = await fetchPack();
  if (how === "same")
    await write(["meta"], async ({ meta }) =>
      meta.put({ ...(await meta.get("pack")), checked_at: Date.now() }, "pack"),
    ).catch(console.warn);
  if (how === "ok" || how === "same") changed("pack", { made_at: book.made_at });
  // What is said of the login above every view has changed.
  if (how === "other") felt("tally");
  return how;
}

const isDue = (row, { force, refused }) =>
  (row.state === "waiting" || (refused && row.state === "refused")) && wait(row, force) <= 0;

/** Whether something must be sent before it: of one chain a record that overtook another would say what cannot be. */
const followsAny = (rows, { chain, place }) => chain && rows.some((row) => row.chain === chain && row.place < place);

/** How long a row still waits. A time that lies further ahead than any pause comes from a clock that has been set back. */
function wait({ hold_until = 0, next_try_at = 0 }, force = false) {
  const hold = hold_until - Date.now();
  const pause = force ? 0 : next_try_at - Date.now();
  return Math.max(hold > HELD ? 0 : hold, pause > LONGEST_PAUSE ? 0 : pause);
}

/** Works off a list, a few at a time; stops when the line is down. Counts in `done` what arrived and what failed here. */
async function inParallel(rows, one, done) {
  const queue = rows[Symbol.iterator]();
  let silent = 0;
  const worker = async () => {
    for (const row of queue) {
      const status = await one(row).catch((error) => {
        if (error instanceof vault.Locked) throw error;
        console.warn(error);
        done.failed += 1;
      });
      if (status === 200) done.arrived += 1;
      silent = status === 0 ? silent + 1 : 0;
      if (status === 401 || silent >= AT_ONCE) return;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function sendRecord(row) {
  const body = await vault.unsealBytes(`record:${row.id}`, row.box);
  const put = () =>
    ask(`/offline/records/${row.id}`, {
      method: "PUT",
      body,
      headers: { "content-type": "application/json", "x-sent-at": `${sentAt(row)}` },
    });
  let answer = await put();
  // A new session has a new token: that is no fault of the record.
  if ((answer.status === 403 || answer.status === 422) && (await tokenIsNew())) answer = await put();
  const { status, body: said } = answer;

  if (status === 200 && said?.id === row.id && ["accepted", "held", "dismissed"].includes(said.state)) {
    await take(row, said);
    return 200;
  }
  if (status === 409) await note(row, { state: "clash", first: said?.first ?? null }, said?.sentence);
  else if ([403, 413, 422].includes(status))
    await note(row, { state: "refused" }, said?.sentence ?? `服务器没有收下（${status}）`);
  else if (status === 401) line.login = "expired";
  else await note(row, later(row), status && said?.sentence);
  changed("outbox");
  return status;
}

/** The receipt is written and the record goes, in one transaction. */
async function take(row, said) {
  const receipt = await receiptOf(row, said);
  try {
    await write(["outbox", "receipts"], async ({ outbox, receipts }) => {
      await receipts.put(receipt);
      await outbox.delete(row.id);
    });
    answered.delete(row.id);
  } catch (error) {
    // No room: the record stays until there is, but the server has it, and its photos may go.
    console.warn(error);
    answered.set(row.id, said);
  }
  changed("outbox");
}

/** Tries once more to keep the receipts for which there was no room. */
async function keepAnswered() {
  for (const [id, said] of answered) {
    const row = await get("outbox", id);
    if (row) await take(row, said);
    else answered.delete(id);
  }
}

/** What is kept of a record when the server has answered for it. */
async function receiptOf(row, said) {
  const glance = await vault.unseal(`glance:${row.id}`, row.glance);
  return {
    id: row.id,
    door: row.door,
    state: said.state,
    made_at: row.made_at,
    received_at: said.received_at,
    kept_at: Date.now(),
    glance: await vault.seal(`glance:${row.id}`, { ...glance, door: said.answer?.door }),
    box: await vault.seal(`receipt:${row.id}`, { sentence: said.sentence, answer: said.answer }),
  };
}

async function sendPhoto(photo) {
  const sealed = await get("pictures", photo.id);
  if (!sealed) return forget(photo);
  const body = await vault.unsealBytes(`photo:${photo.id}`, sealed);
  const path = `/offline/records/${photo.record}/photos/${photo.id}`;
  const { status, body: said } = await ask(path, {
    method: "PUT",
    body,
    headers: { "content-type": "image/jpeg" },
    patience: 120_000,
  });
  if (status === 200 && said) await forget(photo);
  else if (status === 401) line.login = "expired";
  else {
    // Photos go when their record has its receipt, so that a server without the record has lost it, as after a restore.
    const absent = (photo.absent ?? 0) + (status === 404 ? 1 : 0);
    const refused = [403, 409, 413, 422].includes(status) || absent >= MOST_ABSENT;
    const words = status === 404 ? "社区找不到这张照片的走访。" : status && said?.sentence;
    const told = words ? await vault.seal(`told:${photo.id}`, words) : undefined;
    await write(["photos"], async ({ photos }) => {
      const now = await photos.get(photo.id);
      if (now) await photos.put({ ...now, ...(refused ? { state: "refused" } : later(photo)), absent, told });
    });
  }
  changed("outbox");
  return status;
}

/** A photo that has arrived, or that somebody gives up, needs no room any more. */
export async function forget(photo) {
  await write(["photos", "pictures"], async ({ photos, pictures }) => {
    await photos.delete(photo.id);
    await pictures.delete(photo.id);
  });
  return 200;
}

async function note(row, change, sentence) {
  const told = sentence ? await vault.seal(`told:${row.id}`, sentence) : undefined;
  await write(["outbox"], async ({ outbox }) => {
    const now = await outbox.get(row.id);
    if (now) await outbox.put({ ...now, ...change, told });
  });
}

/** Somebody wants a record or a photo (`store`: "outbox" or "photos") that was refused to be tried once more. */
export async function tryAgain(store, id) {
  await write([store], async ({ [store]: rows }) =>
    rows.put({ ...(await rows.get(id)), state: "waiting", next_try_at: 0, absent: 0 }),
  );
  await send({ force: true });
}

/** A clash that somebody has looked at: the server has both, so the phone need not keep it. */
export async function settle(id) {
  const row = await get("outbox", id);
  const box = await vault.seal(`receipt:${id}`, { sentence: "两份都在社区，由社区核对。", answer: null });
  await write(["outbox", "receipts"], async ({ outbox, receipts }) => {
    const { door, made_at, glance, first } = row;
    await receipts.put({
      id,
      door,
      state: "clash",
      made_at,
      received_at: first?.received_at ?? made_at,
      kept_at: Date.now(),
      glance,
      box,
    });
    await outbox.delete(id);
  });
  changed("outbox");
}

/**
 * Receipts of more than thirty days have done their service, and those of a roll call, which name a child, when its day is over; a
 * photo of a draft that is gone has none to do.
 */
export async function tidy() {
  const before = Date.now() - KEPT;
  const day = new Date().setHours(0, 0, 0, 0);
  await write(["receipts", "drafts", "photos", "pictures"], async ({ receipts, drafts, photos, pictures }) => {
    for (const row of await receipts.getAll())
      if (row.kept_at < (row.door.startsWith("roll:") ? day : before) && row.state !== "held") await receipts.delete(row.id);
    const doors = new Set(await drafts.getAllKeys());
    for (const { id, state, door, at } of await photos.getAll()) {
      if (state !== "draft" || doors.has(door) || at > Date.now() - LEFT) continue;
      await photos.delete(id);
      await pictures.delete(id);
    }
  });
}

async function tokenIsNew() {
  const before = line.csrf;
  const who = await hello();
  return who?.account === account && line.csrf !== before;
}

function later(row) {
  const tries = row.tries + 1;
  return { state: "waiting", tries, next_try_at: Date.now() + pauseOf(tries) };
}

// Half of the pause is chance, so that a whole team that comes out of a stairwell does not knock at once.
const pauseOf = (tries) => Math.min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE) * (0.5 + Math.random() / 2);

/** Sets the clock for the next round: when the next record is due, or the line may be back. */
async function plan(least = 200) {
  clearTimeout(timer);
  if (!vault.isOpen() || !account || line.login === "other") return;
  const [outbox, photos] = await Promise.all([all("outbox"), all("photos")]);
  const waiting = new Set(outbox.filter(isUnsent).map((row) => row.id));
  const rows = [...outbox.filter(isUnsent), ...photos.filter((row) => !waiting.has(row.record))].filter(
    (row) => row.state === "waiting",
  );
  const due = Math.min(...rows.map((row) => wait(row)));
  if (due === Infinity) return;
  clearTimeout(timer);
  timer = setTimeout(send, Math.max(due, pauses ? pauseOf(pauses) : 0, least));
}
