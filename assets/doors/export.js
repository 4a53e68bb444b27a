// When a phone cannot reach the server for long, or its owner has forgotten the PIN, its records can leave it as a file that
// only the community can read. The records leave as they lie there, sealed with the data key of this phone. When the phone
// was set up that key was sealed for the community: so the file can be made without opening anything.

import { changed } from "./bus.js";
import { filed } from "./left.js";
import { all, get, isFull, write } from "./store.js";
import { aheadOf, mended, stamp } from "./time.js";

// The community's page takes in 64 MB. Photos for which there is no room go into the next file.
const MOST_BYTES = 40_000_000;

/** Makes the file with what has not arrived, marks it as taken away, and returns it. It works on a locked phone too. */
export async function exportFile() {
  const [community, kept, escrow] = await Promise.all([get("meta", "community"), get("meta", "vault"), get("meta", "escrow")]);
  // In the order in which they were made: some follow from others.
  const outbox = (await all("outbox")).sort((a, b) => (a.chain && a.chain === b.chain ? a.place - b.place : a.made_at - b.made_at));
  const waiting = (await all("photos")).filter((photo) => photo.state !== "draft");
  const records = await Promise.all(
    outbox.map(async (row) => ({ id: row.id, ahead: aheadOf(row), box: await base64(row.box) })),
  );
  const photos = [];
  let room = outbox.reduce((left, { box }) => left - box.length, MOST_BYTES);
  // Those that are in no file yet come first, then those whose file is the oldest.
  const since = ({ id, exported_at }) => (filed.has(id) ? Infinity : (exported_at ?? 0));
  for (const { id, record, size } of waiting.sort((a, b) => since(a) - since(b) || 0)) {
    const box = await get("pictures", id);
    if (!box) continue;
    room -= size;
    if (room < 0 && photos.length) break;
    photos.push({ id, record, box: await base64(box) });
  }
  const now = Date.now();
  // By the raw clock of the phone, as the records are; with each stands how far that was behind.
  const file = { v: 1, community: community.name, account: kept.account, exported_at: now, escrow, records, photos };
  await mark({ outbox, photos }, now).catch((error) => {
    // A phone that is too full for the mark needs the file most.
    if (!isFull(error)) throw error;
    for (const { id } of [...outbox, ...photos]) filed.add(id);
  });
  changed("outbox");
  return new File([JSON.stringify(file)], `走访记录-${stamp(mended(now))}.doorstep`, { type: "application/octet-stream" });
}

/** Notes of rows, by store, that they lie in a file since `exported_at`. */
const mark = (rows, exported_at) =>
  write(Object.keys(rows), async (stores) => {
    for (const [name, store] of Object.entries(stores))
      for (const { id } of rows[name]) {
        const row = await store.get(id);
        if (row) await store.put({ ...row, exported_at });
      }
  });

/**
 * Seals the data key for the community, and behind it the token by which the server knows whose phone this is: ECDH with a
 * key of the moment, HKDF, AES-256-GCM.
 */
export async function escrowOf({ id, jwk, token }, key) {
  const plain = Uint8Array.from([...key, ...(token ? bytesOf(token) : [])]);
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const { kty, crv, x, y } = jwk;
  const theirs = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, curve, false, []);
  const ours = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, ours.privateKey, 256);
  const material = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const way = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: new TextEncoder().encode("doorstep escrow v1"),
  };
  const wrapping = await crypto.subtle.deriveKey(way, material, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const ciphertext = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, wrapping, plain);
  plain.fill(0);
  const epk = await crypto.subtle.exportKey("jwk", ours.publicKey);
  return {
    key_id: id,
    epk: { kty: epk.kty, crv: epk.crv, x: epk.x, y: epk.y },
    iv: await base64(iv),
    ciphertext: await base64(new Uint8Array(ciphertext)),
  };
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** A reader does in one go what a loop over megabytes would take seconds for. */
async function base64(bytes) {
  const reader = new FileReader();
  const read = new Promise((done, fail) => {
    reader.onload = () => done(reader.result);
    reader.onerror = () => fail(reader.error);
  });
  reader.readAsDataURL(new Blob([bytes]));
  return (await read).split(",")[1] ?? "";
}

/** Hands the file to whoever holds the phone; returns its name. */
export async function takeAway() {
  const file = await exportFile();
  const address = URL.createObjectURL(file);
  const link = Object.assign(document.createElement("a"), { href: address, download: file.name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return file.name;
}
