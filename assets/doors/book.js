// The doors to walk, as the server gave them and as this phone has changed them since.

import { ask, line } from "./net.js";
import { appointment, dayOf, hasCome, today } from "./time.js";
import { all, get, keys, write } from "./store.js";
import * as vault from "./vault.js";

/** What is open in memory: nothing while the phone is locked. */
export const book = { made_at: 0, campaigns: [], words: {}, doors: [], visits: new Map(), drafts: new Set() };

export const outcomes = { home: "在家", nobody: "没人", refused: "拒访", vacant: "空户", later: "改约" };

const pieceOf = (door) => `${door.campaign}:${door.building_id}`;

/** Opens the doors, and what this phone knows of them that the server's list does not tell yet. */
export async function openBook() {
  const [head, names] = await Promise.all([get("meta", "pack"), keys("doors")]);
  if (head) Object.assign(book, await vault.unseal("pack", head.box), { made_at: head.made_at });
  const pieces = await Promise.all(names.map(async (name) => vault.unseal(name, await get("doors", name))));
  book.doors = inOrder(pieces.flat());
  await recount();
}

export function closeBook() {
  Object.assign(book, { made_at: 0, campaigns: [], words: {}, doors: [], visits: new Map(), drafts: new Set() });
}

/** Reads anew which doors have been visited from this phone, and where a form is half filled in. */
export async function recount() {
  const [outbox, receipts, drafts] = await Promise.all([all("outbox"), all("receipts"), keys("drafts")]);
  const visits = new Map();
  const recent = receipts.filter((row) => row.received_at > book.made_at || dayOf(row.made_at) === today());
  const rows = [...recent, ...outbox].sort((a, b) => a.made_at - b.made_at);
  const glances = await Promise.all(rows.map((row) => vault.unseal(`glance:${row.id}`, row.glance)));
  rows.forEach((row, index) => {
    const arrived = row.received_at !== undefined;
    visits.set(row.door, {
      ...glances[index],
      made_at: row.made_at,
      unsent: !arrived,
      newer: !arrived || row.received_at > book.made_at,
    });
  });
  book.visits = visits;
  book.drafts = new Set(drafts);
}

/** Fetches the list of doors if there is a newer one. Returns whether it is here: `ok`, `same`, `login`, `away`. */
export async function fetchPack() {
  const kept = await get("meta", "pack");
  const etag = kept?.etag ? { "if-none-match": kept.etag } : {};
  const answer = await ask("/doors/pack", { headers: etag, patience: 60_000 });
  if (answer.status === 304) return "same";
  if (answer.status === 401) line.login = "expired";
  if (answer.status !== 200 || !Array.isArray(answer.body?.doors)) return answer.status === 401 ? "login" : "away";
  await keep(answer.body, answer.etag);
  return "ok";
}

// A door that is no longer on the list stays on the phone for as long as something unsent hangs on it.
async function keep(pack, etag) {
  const [outbox, drafts] = await Promise.all([all("outbox"), keys("drafts")]);
  const tied = new Set([...outbox.map((row) => row.door), ...drafts]);
  const live = new Set(pack.campaigns.filter((one) => !one.withdrawn).map((one) => one.id));
  const doors = pack.doors.filter((door) => live.has(door.campaign) || tied.has(door.id));
  for (const door of doors) door.gone = !live.has(door.campaign);
  const there = new Set(doors.map((door) => door.id));
  const left = book.doors
    .filter((door) => tied.has(door.id) && !there.has(door.id))
    .map((door) => ({ ...door, gone: true }));
  doors.push(...left);

  const known = new Set(pack.campaigns.map((one) => one.id));
  const before = book.campaigns.filter((one) => !known.has(one.id) && left.some((door) => door.campaign === one.id));
  const campaigns = [...pack.campaigns, ...before.map((one) => ({ ...one, withdrawn: true }))];
  const head = { campaigns, words: pack.words };

  const pieces = new Map();
  for (const door of doors) pieces.set(pieceOf(door), [...(pieces.get(pieceOf(door)) ?? []), door]);
  const sealed = await Promise.all([...pieces].map(async ([name, piece]) => [name, await vault.seal(name, piece)]));
  const box = await vault.seal("pack", head);
  await write(["meta", "doors"], async (stores) => {
    await stores.doors.clear();
    for (const [name, piece] of sealed) await stores.doors.put(piece, name);
    await stores.meta.put({ made_at: pack.made_at, etag, box, checked_at: Date.now() }, "pack");
  });
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
  const look = visit?.newer ? afterVisit(door, visit) : asListed(door);
  const appointed = visit?.newer ? visit.again : door.again_on && { day: door.again_on, part: door.again_part };
  const visitedToday = Boolean(visit) && dayOf(visit.made_at) === today();
  const open = look.open && !door.gone;
  const due = open && (appointed?.day ? hasCome(appointed) : !visitedToday);
  return {
    ...look,
    ...marks,
    due,
    retry: open && !appointed?.day && visitedToday && Date.now() - visit.made_at > LATER_TODAY,
  };
}

function afterVisit(door, visit) {
  const told = visit.door?.words;
  switch (visit.outcome) {
    case "home":
      return { kind: "done", words: visit.problems ? `${visit.problems} 个问题` : "已走", open: false };
    case "nobody":
      return { kind: "away", words: told ?? `没人 ×${door.attempts + 1}`, open: true };
    case "refused":
      return { kind: "away", words: told ?? "拒访", open: false };
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

const againWords = (door) =>
  door.again_on
    ? `约${appointment(door.again_on, door.again_part, { brief: true })}`
    : door.attempts
      ? `没人 ×${door.attempts}`
      : "再敲";

/** The doors of a stairwell, in the order in which they are walked. */
export const stairwell = (place) =>
  book.doors.filter(
    (door) => door.campaign === place.campaign && door.building_id === place.building && door.unit === place.unit,
  );

export const placeOf = (door) => ({ campaign: door.campaign, building: door.building_id, unit: door.unit });

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
