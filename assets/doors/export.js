// When a phone cannot reach the server for long, its records can leave it as a file that only the community can read.

import { changed } from "./bus.js";
import { all, get, write } from "./store.js";
import { state } from "./state.js";
import { stamp } from "./time.js";
import * as vault from "./vault.js";

/** Makes the file with all that has not arrived, marks it as taken away, and returns it. */
export async function exportFile() {
  const community = await get("meta", "community");
  const outbox = await all("outbox");
  const waiting = (await all("photos")).filter((photo) => photo.state !== "draft");
  const records = await Promise.all(
    outbox.map(async ({ id, box }) => ({ id, bytes: await base64(await vault.unsealBytes(`record:${id}`, box)) })),
  );
  const photos = [];
  for (const { id, record } of waiting) {
    const sealed = await get("pictures", id);
    if (sealed) photos.push({ id, record, bytes: await base64(await vault.unsealBytes(`photo:${id}`, sealed)) });
  }
  const sealed = await sealFor(community.key.jwk, new TextEncoder().encode(JSON.stringify({ records, photos })));
  const file = { v: 1, community: community.name, account: state.account, key_id: community.key.id, ...sealed };
  const now = Date.now();
  await write(["outbox", "photos"], async (stores) => {
    for (const { id } of outbox) {
      const row = await stores.outbox.get(id);
      if (row) await stores.outbox.put({ ...row, exported_at: now });
    }
    for (const { id } of photos) {
      const row = await stores.photos.get(id);
      if (row) await stores.photos.put({ ...row, exported_at: now });
    }
  });
  changed("outbox");
  return new File([JSON.stringify(file)], `走访记录-${stamp(now)}.doorstep`, { type: "application/octet-stream" });
}

/** ECDH with a key of the moment, HKDF, AES-256-GCM: nobody but the holder of the community's key opens it, not even this phone. */
async function sealFor(jwk, plain) {
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
    info: new TextEncoder().encode("doorstep export v1"),
  };
  const key = await crypto.subtle.deriveKey(way, material, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const ciphertext = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain);
  const epk = await crypto.subtle.exportKey("jwk", ours.publicKey);
  return {
    epk: { kty: epk.kty, crv: epk.crv, x: epk.x, y: epk.y },
    iv: await base64(iv),
    ciphertext: await base64(new Uint8Array(ciphertext)),
  };
}

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
