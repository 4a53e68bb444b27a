// From a form to a record, whose bytes are made once and never again: the server compares them.

import { campaignBy, outcomes, sealDraft } from "./book.js";
import { changed } from "./bus.js";
import { count, HELD, tally } from "./outbox.js";
import { stepAt } from "./presence.js";
import * as store from "./store.js";
import { known, mended } from "./time.js";
import * as vault from "./vault.js";

/** How long a visit that was saved with one tap may be taken back. */
export const UNDO = 10_000;

export const blank = () => ({
  outcome: "",
  again: {},
  answers: {},
  usage: "",
  edits: {},
  findings: [],
  problems: [],
  note: "",
});

/** A problem of which nothing has been said is none. */
export const isEmpty = (problem) => !problem.text.trim() && !problem.category && problem.photos.length === 0;

/** Whether anything in a form would be missed. */
export function isBlank(form) {
  const { answers, edits, findings, problems, note, usage, again, outcome } = form;
  const written = [note.trim(), usage, again.day, outcome].some(Boolean);
  return (
    !written &&
    !Object.keys(answers).length &&
    !Object.keys(edits).length &&
    !findings.length &&
    problems.every(isEmpty)
  );
}

/** The body of the record, in the shape that the server reads. */
export function bodyOf(form, door, campaign) {
  return {
    campaign: door.campaign,
    dwelling: door.dwelling,
    outcome: form.outcome,
    again: form.outcome === "later" ? { day: form.again.day, part: form.again.part } : null,
    answers: form.outcome === "home" ? answersOf(form, campaign) : [],
    usage: form.usage || null,
    edits: Object.entries(form.edits).map(([resident, { seen, fields }]) => ({ resident, seen, fields })),
    findings: form.findings,
    problems: form.problems.filter((problem) => !isEmpty(problem)).map(problemOf),
    note: form.note.trim(),
  };
}

const answersOf = (form, campaign) =>
  (campaign?.questions ?? [])
    .map((question) => ({ question: question.id, value: form.answers[question.id] }))
    .filter(({ value }) => isAnswer(value));

const isAnswer = (value) => value !== undefined && value !== "" && value.length !== 0;

/** Whether somebody has answered at the door, which only a visit that found them at home can tell. */
export const hasAnswers = (form) => Object.values(form.answers).some(isAnswer);

function problemOf({ category, text, place_text, anonymous, reporter, photos }) {
  const named = !anonymous && (reporter?.name || reporter?.phone);
  const { name, phone } = reporter ?? {};
  return {
    category,
    text: text.trim(),
    place_text: place_text.trim(),
    anonymous,
    reporter: named ? { name, phone } : null,
    photos,
  };
}

/**
 * Saves a visit: when this returns, the record is on the phone's disk, its photos wait for it, and its draft is gone; all
 * three in one transaction. Errors: the phone is full, and nothing has changed.
 */
export async function save(form, door, campaign, account, { undoable = false } = {}) {
  const body = bodyOf(form, door, campaign);
  const glance = {
    title: `${door.building}${door.unit} ${door.room}`,
    outcome: body.outcome,
    words: outcomes[body.outcome],
    again: body.again,
    problems: body.problems.length,
    texts: body.problems.map((problem) => problem.text),
    photos: body.problems.flatMap((problem) => problem.photos).length,
  };
  const id = await keep({ kind: "visit", account, body }, door.id, glance, {
    hold: undoable ? HELD : 0,
    with: async ({ drafts, photos }, id) => {
      await drafts.delete(door.id);
      for (const photo of body.problems.flatMap((problem) => problem.photos)) {
        const kept = await photos.get(photo);
        if (kept) await photos.put({ ...kept, record: id, state: "waiting" });
      }
    },
  });
  return { id, glance };
}

/**
 * Saves a step of the roll call of a class; `glance` is what is shown of it: a title, words, and how the child stands. The steps
 * of one class are sent one after the other, as they were made. Errors: the phone is full, and nothing has changed.
 */
export const saveStep = (session, step, glance, account) => {
  const said = { kind: "roll", account, body: { session: session.id, ...step } };
  return keep(said, stepAt(session.id, step.child ?? step.keeper), glance, { chain: session.id });
};

/**
 * Puts a record into the outbox; `at` is what it is about, `glance` what is shown of it, `chain` what it must not overtake, and
 * `with` what has to be written with it. Returns its id.
 */
async function keep(said, at, glance, { hold = 0, chain = "", with: write = async () => {} } = {}) {
  const id = crypto.randomUUID();
  const made_at = Date.now();
  const record = { kind: said.kind, schema: 1, account: said.account, made_at, body: said.body };
  const row = {
    id,
    door: at,
    chain,
    state: "waiting",
    made_at,
    // By which clock that was, so that it can be told later too.
    ahead: known(),
    since: mended(tally.contact),
    hold_until: hold ? made_at + hold : 0,
    next_try_at: 0,
    tries: 0,
    exported_at: 0,
    box: await vault.seal(`record:${id}`, new TextEncoder().encode(JSON.stringify(record))),
    glance: await vault.seal(`glance:${id}`, glance),
  };
  await store.save(["outbox", "drafts", "photos"], async (stores) => {
    // The clock of a phone may go back, and two tabs may save at once: a place in the chain is what this transaction gives.
    const before = chain ? (await stores.outbox.getAll()).filter((other) => other.chain === chain) : [];
    await stores.outbox.add({ ...row, place: 1 + Math.max(0, ...before.map((other) => other.place)) });
    await write(stores, id);
  });
  changed("outbox", { saved: at });
  // The bar counts the record before anything else says that it is there.
  await count().catch(console.warn);
  return id;
}

/** Takes a visit back that has not been sent; its form becomes the draft again. False if it is too late. */
export async function undo(id, form, door) {
  const row = await store.get("outbox", id);
  if (!row) return false;
  // What was tapped is taken back; what was written stays.
  const kept = { ...form, outcome: "" };
  const box = isBlank(kept) ? null : await sealDraft(kept, door, campaignBy(door.campaign));
  const done = await store.write(["outbox", "drafts", "photos"], async ({ outbox, drafts, photos }) => {
    const now = await outbox.get(id);
    if (!now || now.tries > 0 || now.hold_until <= Date.now()) return false;
    await outbox.delete(id);
    if (box) await drafts.put({ door: row.door, at: Date.now(), tab: "", box });
    for (const photo of (await photos.getAll()).filter((one) => one.record === id)) {
      await photos.put({ ...photo, record: null, state: "draft" });
    }
    return true;
  });
  if (done) changed("outbox");
  return done;
}
