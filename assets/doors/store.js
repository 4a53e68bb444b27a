// What is kept on the phone. Ids, states, times and order numbers stand in clear; everything else is sealed before it
// comes here, since a transaction does not wait for cryptography.

import { deleteDB, openDB } from "../idb.js";
import { felt } from "./bus.js";

const NAME = "doorstep";
const VERSION = 1;

let opened;

/**
 * Opens the database, also anew when the browser has closed it, as it does on a full disk: what is on the screen stays there
 * and can be saved once there is room. Steps are only ever added to the upgrade: old stores keep what is in them.
 */
export function open() {
  if (opened) return opened;
  const mine = openDB(NAME, VERSION, {
    upgrade(db, from) {
      if (from < 1) {
        db.createObjectStore("meta");
        db.createObjectStore("doors"); // a building of a campaign in one sealed piece, so that it opens at once
        db.createObjectStore("drafts", { keyPath: "door" });
        db.createObjectStore("outbox", { keyPath: "id" });
        db.createObjectStore("receipts", { keyPath: "id" });
        db.createObjectStore("photos", { keyPath: "id" });
        db.createObjectStore("pictures"); // the bytes of photos, apart, so that counting photos does not read them
      }
    },
    // A newer version in another tab wants to upgrade: drafts are saved, then this page gives way.
    blocking: () => felt("superseded"),
    terminated: () => forget(mine),
  });
  mine.catch(() => forget(mine));
  opened = mine;
  return mine;
}

const forget = (which) => {
  if (opened === which) opened = undefined;
};

export async function close() {
  const closing = opened;
  forget(closing);
  (await closing)?.close();
}

/** A transaction over `names`. */
async function begin(names, mode) {
  const db = open();
  let tx;
  try {
    tx = (await db).transaction(names, mode, { durability: "strict" });
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    // Closed, and the word of it is still to come.
    forget(db);
    tx = (await open()).transaction(names, mode, { durability: "strict" });
  }
  // Whoever began it hears of a failure from what they asked of it.
  tx.done.catch(() => {});
  return tx;
}

/**
 * Removes everything if `mayGo` holds of what lies here at this very moment: `{outbox, photos, drafts, bytes}`, the latter
 * two as keys. Returns whether it has. Whatever another page saves is there before, and counts, or fails in `write`.
 */
export async function wipe(mayGo) {
  const done = await write([...(await open()).objectStoreNames], async (stores) => {
    const { outbox, photos, drafts, pictures } = stores;
    const [rows, shots] = [await outbox.getAll(), await photos.getAll()];
    const here = { outbox: rows, photos: shots, drafts: await drafts.getAllKeys(), bytes: await pictures.getAllKeys() };
    if (!mayGo(here)) return false;
    for (const store of Object.values(stores)) await store.clear();
    return true;
  });
  if (!done) return false;
  await close();
  await deleteDB(NAME);
  return true;
}

/** What is thrown where something should be saved on a phone that another page has cleared. */
export class Cleared extends Error {}

/** As `write`, but only onto a phone that is still somebody's. */
export const save = (names, work) =>
  write(["meta", ...names], async (stores) => {
    if (!(await stores.meta.get("vault"))) throw new Cleared("cleared");
    return work(stores);
  });

/**
 * Keeps what makes this phone somebody's, all of it or nothing. False if it is somebody's already: what lies here is sealed
 * with their key, and another key would close it for ever.
 */
export const claim = (meta) =>
  write(["meta"], async (stores) => {
    if (await stores.meta.get("vault")) return false;
    for (const [key, value] of Object.entries(meta)) await stores.meta.put(value, key);
    return true;
  });

/** Runs `work(stores)` in one transaction that is on the disk when this returns: all of it, or nothing. */
export async function write(names, work) {
  const tx = await begin(names, "readwrite");
  try {
    const result = await work(Object.fromEntries(names.map((name) => [name, tx.objectStore(name)])));
    await tx.done;
    return result;
  } catch (error) {
    try {
      tx.abort();
    } catch {
      // It has ended already.
    }
    throw error;
  }
}

export const get = (store, key) => read(store, (rows) => rows.get(key));
export const all = (store) => read(store, (rows) => rows.getAll());
export const keys = (store) => read(store, (rows) => rows.getAllKeys());

async function read(name, ask) {
  const once = async () => ask((await begin([name], "readonly")).store);
  // Reading changes nothing: what the browser breaks off by closing the database is asked once more.
  return once().catch((error) => (error.name === "AbortError" ? once() : Promise.reject(error)));
}

export const setMeta = (key, value) => write(["meta"], ({ meta }) => meta.put(value, key));

/** Notes what the phone can do without: one that has no room for a number can still send. */
export const jot = (key, value) => setMeta(key, value).catch(console.warn);

// The first says so itself; the others are what Chromium says when the disk fails it, and closes the database.
const FULL = new Set(["QuotaExceededError", "UnknownError", "AbortError", "DataError"]);

/** Whether an error means that the phone has no room left. */
export const isFull = (error) => FULL.has(error?.name) || FULL.has(error?.inner?.name);

/** How full the browser's share of the phone is, from 0 to 1; 0 where the browser does not say. */
export async function fullness() {
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  return quota ? usage / quota : 0;
}
