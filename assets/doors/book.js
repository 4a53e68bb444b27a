// The doors to walk, as the server gave them and as this phone has changed them since.

import { ask, hello, line } from "./net.js";
import { state } from "./state.js";
import { appointment, dayOf, hasCome, mended, today } from "./time.js";
import { answered } from "./left.js";
import { all, get, isFull, jot, keys, write } from "./store.js";
import * as vault from "./vault.js";

/** What is open in memory: nothing while the phone is locked. */
export const book = blankBook();

function blankBook() {
  return { made_at: 0, campaigns: [], words: {}, sessions: [], doors: [], visits: new Map(), drafts: new Set() };
}

export const outcomes = { home: "在家", nobody: "没人", refused: "拒访", vacant: "空户", later: "改约" };

const pieceOf = (door) => `${door.campaign}:${door.building_id}`;

/** Opens the doors, and what this phone knows of them that the server's list does not tell yet. */
export async function openBook() {
  const [head, names] = await Promise.all([get("meta", "pack"), keys("doors")]);
  const said = head && { ...(await vault.unseal("pack", head.box)), made_at: head.made_at };
  if (said?.sessions?.some(isOver)) await forgetSessions(said, head);
  const pieces = await Promise.all(names.map(async (name) => vault.unseal(name, await get("doors", name))));
  if (!vault.isOpen()) return;
  Object.assign(book, said, { doors: inOrder(pieces.flat()) });
  await recount();
}

export function closeBook() {
  Object.assign(book, blankBook());
}

// A class is known on its day only: what the phone keeps of children goes with the day, whether or not there is a network.
const isOver = (session) => session.until <= mended(Date.now());

async function forgetSessions(said, head) {
  said.sessions = said.sessions.filter((session) => !isOver(session));
  const { campaigns, words, sessions } = said;
  // Without the server's mark the list is fetched anew, since it is not what the server gave any more.
  const box = await vault.seal("pack", { campaigns, words, sessions });
  await jot("pack", { ...head, box, etag: "" });
}

/** The classes of today that the owner of this phone holds. */
export const sessions = () => book.sessions.filter((session) => !isOver(session));

/** Seals a form that is half filled in, together with its door: that may leave the list before somebody comes back to it. */
export const sealDraft = (form, door, campaign) => vault.seal(`draft:${door.id}`, { form, door, campaign });

/** What is kept of a form that is half filled in: `{form, door, campaign, at}`, or null. */
export async function openDraft(id) {
  const row = await get("drafts", id);
  if (!row) return null;
  const kept = await vault.unseal(`draft:${id}`, row.box);
  // The first version of the app kept the form alone.
  return { ...(kept.form ? kept : { form: kept }), at: row.at };
}

/**
 * Reads anew which doors have been visited from this phone, and where a form is half filled in. A door that has left the list
 * while somebody was writing at it comes back with its draft.
 */
export async function recount() {
  const [outbox, receipts, drafts] = await Promise.all([all("outbox"), all("receipts"), keys("drafts")]);
  const visits = new Map();
  // What the community has turned down is no visit. What it has not decided yet is one, however old.
  const isKnown = (row) => row.received_at > book.made_at || dayOf(mended(row.made_at)) === today();
  const recent = receipts.filter((row) => row.state === "held" || (row.state !== "dismissed" && isKnown(row)));
  const rows = [...recent, ...outbox].sort((a, b) => a.made_at - b.made_at);
  const glances = await Promise.all(rows.map((row) => vault.unseal(`glance:${row.id}`, row.glance)));
  rows.forEach((row, index) => {
    const arrived = row.received_at !== undefined;
    visits.set(row.door, {
      ...glances[index],
      made_at: row.made_at,
      unsent: !arrived && !answered.has(row.id),
      held: row.state === "held",
      newer: !arrived || row.received_at > book.made_at,
    });
  });
  const known = new Set(book.doors.map((door) => door.id));
  const begun = await Promise.all(drafts.filter((door) => !known.has(door)).map(openDraft));
  if (!vault.isOpen()) return;
  book.visits = visits;
  book.drafts = new Set(drafts);
  const back = begun.filter((draft) => draft?.door && !doorBy(draft.door.id));
  if (!back.length) return;
  book.doors = inOrder([...book.doors, ...back.map(({ door }) => ({ ...door, gone: true }))]);
  for (const { campaign } of back) if (campaign && !campaignBy(campaign.id)) book.campaigns.push(campaign);
}

/**
 * Fetches the list of doors if there is a newer one. Returns whether it is here: `ok`, `same`, `login`, `none` for somebody
 * who may not walk, `other` when it is for somebody else than the owner of this phone, `away`, `full` without room for it.
 */
export async function fetchPack() {
  const kept = await get("meta", "pack");
  // With doors that have left the list the phone has more than the server's list: they go when nothing hangs on them.
  const isAsListed = kept?.etag && !book.doors.some((door) => door.gone);
  const etag = isAsListed ? { "if-none-match": kept.etag } : {};
  const answer = await ask("/doors/pack", { headers: etag, patience: 60_000 });
  if (answer.status === 304) return "same";
  if (answer.status === 401) line.login = "expired";
  if (answer.status !== 200 || !Array.isArray(answer.body?.doors))
    return { 401: "login", 403: "none" }[answer.status] ?? "away";
  if (answer.body.account !== state.account) {
    if (await hello()) line.login = "other";
    return "other";
  }
  try {
    await keep(answer.body, answer.etag);
  } catch (error) {
    if (!isFull(error)) throw error;
    return "full";
  }
  return "ok";
}

// A door that is no longer on the list stays on the phone for as long as something unsent hangs on it.
async function keep(pack, etag) {
  const [outbox, drafts] = await Promise.all([all("outbox"), keys("drafts")]);
  const tied = new Set([...outbox.map((row) => row.door), ...drafts]);
  const doors = [...pack.doors];
  const there = new Set(doors.map((door) => door.id));
  const left = book.doors
    .filter((door) => tied.has(door.id) && !there.has(door.id))
    .map((door) => ({ ...door, gone: true }));
  doors.push(...left);

  const known = new Set(pack.campaigns.map((one) => one.id));
  const before = book.campaigns.filter((one) => !known.has(one.id) && left.some((door) => door.campaign === one.id));
  const campaigns = [...pack.campaigns, ...before];
  const head = { campaigns, words: pack.words, sessions: pack.sessions ?? [] };

  const pieces = new Map();
  for (const door of doors) pieces.set(pieceOf(door), [...(pieces.get(pieceOf(door)) ?? []), door]);
  const sealed = await Promise.all([...pieces].map(async ([name, piece]) => [name, await vault.seal(name, piece)]));
  const box = await vault.seal("pack", head);
  await write(["meta", "doors"], async (stores) => {
    await stores.doors.clear();
    for (const [name, piece] of sealed) await stores.doors.put(piece, name);
    await stores.meta.put({ made_at: pack.made_at, etag, box, checked_at: Date.now() }, "pack");
  });
  // Locked meanwhile: what is open in memory stays empty.
  if (!vault.isOpen()) return;
  Object.assign(book, head, { made_at: pack.made_at, doors: inOrder(doors) });
  await recount();
}

/** Doors as they are walked: building by building, stairwell by stairwell, each in its order. */
function inOrder(doors) {
  const first = new Map();
  const keysOf = ({ campaign, building_id, unit }) => [
    `${campaign}:${building_id}`,
    `${campaign}:${building_id}:${unit}`,
  ];
  for (const door of doors)
    for (const key of keysOf(door)) first.set(key, Math.min(door.order, first.get(key) ?? Infinity));
  const ranked = doors.map((door) => ({ door, ranks: keysOf(door).map((key) => first.get(key)), keys: keysOf(door) }));
  ranked.sort(
    (a, b) =>
      a.ranks[0] - b.ranks[0] ||
      a.keys[0].localeCompare(b.keys[0]) ||
      a.ranks[1] - b.ranks[1] ||
      a.keys[1].localeCompare(b.keys[1], "zh", { numeric: true }) ||
      a.door.order - b.door.order,
  );
  return ranked.map(({ door }) => door);
}

export const doorBy = (id) => book.doors.find((door) => door.id === id);
export const campaignBy = (id) => book.campaigns.find((one) => one.id === id);

// After so long it is worth a second try at a door that nobody has opened.
const LATER_TODAY = 2 * 3_600_000;

/**
 * How a door stands now: a class of the picture and few words for it; whether it is `due`, that is to be knocked at today,
 * or at least worth a `retry`.
 */
export function standing(door) {
  const visit = book.visits.get(door.id);
  const marks = { unsent: Boolean(visit?.unsent), draft: book.drafts.has(door.id), care: door.care };
  const waits = visit?.held && !["done", "given_up"].includes(door.state);
  const look = waits ? waiting : visit?.newer ? afterVisit(door, visit) : asListed(door);
  const appointed = visit?.newer ? visit.again : door.again_on && { day: door.again_on, part: door.again_part };
  const visitedToday = Boolean(visit) && dayOf(mended(visit.made_at)) === today();
  const open = look.open && !door.gone && !waits;
  const due = open && (appointed?.day ? hasCome(appointed) : !visitedToday);
  return {
    ...look,
    ...marks,
    due,
    retry: open && !appointed?.day && visitedToday && Date.now() - visit.made_at > LATER_TODAY,
  };
}

/** A visit that the community has to look at first: nobody need knock again until it has. */
const waiting = { kind: "held", words: "待社区核对", open: true };

function afterVisit(door, visit) {
  switch (visit.outcome) {
    case "home":
      return { kind: "done", words: visit.problems ? `${visit.problems} 个问题` : "已走", open: false };
    case "nobody":
      return visit.door?.state === "given_up"
        ? { kind: "away", words: "不再敲", open: false }
        : { kind: "away", words: `没人×${door.attempts + 1}`, open: true };
    case "refused":
      return { kind: "away", words: "拒访", open: false };
    case "vacant":
      return { kind: "empty", words: "空户", open: false };
    default:
      return {
        kind: "away",
        words: visit.again ? `约${appointment(visit.again.day, visit.again.part, { brief: true })}` : "改约",
        open: true,
      };
  }
}

function asListed(door) {
  const people = door.households.reduce((count, household) => count + household.people.length, 0);
  switch (door.state) {
    case "done":
      return { kind: "done", words: "已走", open: false };
    case "given_up":
      return { kind: "away", words: "不再敲", open: false };
    case "again":
      return { kind: "away", words: againWords(door), open: true };
    default:
      if (door.usage === "vacant") return { kind: "empty", words: "空户", open: true };
      return { kind: "", words: people ? `${people}人` : "未登记", open: true };
  }
}

/** When to come again: agreed on at the door, or only when people are likelier to be home. */
function againWords(door) {
  const time = door.again_on && { day: door.again_on, part: door.again_part };
  const words = time && appointment(time.day, time.part, { brief: true });
  if (door.appointed && time) return `约${words}`;
  const again = time && !hasCome(time) ? `${words}再去` : "再去";
  return door.attempts ? `没人×${door.attempts}，${again}` : again;
}

/** The doors of a stairwell, in the order in which they are walked. */
export const stairwell = (place) =>
  book.doors.filter(
    (door) => door.campaign === place.campaign && door.building_id === place.building && door.unit === place.unit,
  );

export const placeOf = (door) => ({ campaign: door.campaign, building: door.building_id, unit: door.unit });

/** The same home in another campaign, if it is to be knocked at for that as well. */
export const alsoDue = (door) =>
  book.doors.find((one) => one.dwelling === door.dwelling && one.campaign !== door.campaign && standing(one).due);

/** Where to go when this door is done: nobody should have to come back to a home for another campaign. */
export const nextOf = (door) => alsoDue(door) ?? nextAfter(door);

/** The next door to knock at after this one: on in this building, then what was passed over there, then the next building. */
export function nextAfter(door) {
  const doors = book.doors.filter((one) => one.campaign === door.campaign);
  const here = doors.findIndex((one) => one.id === door.id);
  const round = [...doors.slice(here + 1), ...doors.slice(0, Math.max(here, 0))].filter((one) => standing(one).due);
  return round.find((one) => one.building_id === door.building_id) ?? round[0];
}

/** Campaigns with their buildings and stairwells, each with its doors, in walking order. */
export function plan() {
  const campaigns = new Map();
  for (const door of book.doors) {
    const buildings = campaigns.get(door.campaign) ?? campaigns.set(door.campaign, new Map()).get(door.campaign);
    const building = buildings.get(door.building_id) ?? {
      id: door.building_id,
      estate: door.estate,
      building: door.building,
      units: new Map(),
    };
    buildings.set(door.building_id, building);
    building.units.set(door.unit, [...(building.units.get(door.unit) ?? []), door]);
  }
  return [...campaigns].map(([id, buildings]) => ({
    id,
    campaign: campaignBy(id),
    buildings: [...buildings.values()],
  }));
}

/** How many of some doors are walked, and how many want another visit. */
export function progress(doors) {
  const all = doors.map(standing);
  return {
    total: all.length,
    walked: all.filter((one) => !one.open).length,
    away: all.filter((one) => one.open && one.kind === "away").length,
  };
}
