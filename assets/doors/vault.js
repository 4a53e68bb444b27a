// Whoever finds the phone must not read who lives where. A random data key seals everything personal; a key from the PIN
// wraps the data key. The open key lives in this module's memory only and cannot be taken out of the browser's hands.

const ROUNDS = 600_000;
const AES = { name: "AES-GCM", length: 256 };

let key = null;

export const isOpen = () => key !== null;

export function lock() {
  key = null;
}

/**
 * Makes a new data key, and returns what to keep of it, in which nothing helps without the PIN, and its bytes, for whoever
 * seals them for the community. `use()` opens it, when it is kept.
 */
export async function create(pin, account) {
  const salt = random(16);
  const iv = random(12);
  const wrapping = await fromPin(pin, salt, ROUNDS);
  // Only a key that may leave can be wrapped; this one is gone when its bytes are.
  const born = await crypto.subtle.generateKey(AES, true, ["encrypt", "decrypt"]);
  const wrapped = new Uint8Array(await crypto.subtle.wrapKey("raw", born, wrapping, { name: "AES-GCM", iv }));
  const kept = { v: 1, account, salt, rounds: ROUNDS, iv, wrapped, wrong: 0, wait_until: 0 };
  const made = await unwrap(kept, wrapping);
  const use = () => {
    key = made;
  };
  return { kept, bytes: new Uint8Array(await crypto.subtle.exportKey("raw", born)), use };
}

/** Opens the data key; false if the PIN is wrong. */
export async function unlock(kept, pin) {
  const wrapping = await fromPin(pin, kept.salt, kept.rounds);
  try {
    key = await unwrap(kept, wrapping);
  } catch {
    return false;
  }
  return true;
}

export const LONGEST_WAIT = 300_000;

/** How long to wait after so many wrong PINs, in milliseconds. */
export const delayAfter = (wrong) => (wrong < 3 ? 0 : Math.min(5_000 * 2 ** (wrong - 3), LONGEST_WAIT));

/** After this many wrong PINs the phone no longer decides alone. */
export const MOST_WRONG = 10;

/** Seals bytes, or a value as JSON. `place` is where it is kept: moved elsewhere it does not open. */
export async function seal(place, value) {
  const iv = random(12);
  const plain = value instanceof Uint8Array ? value : new TextEncoder().encode(JSON.stringify(value));
  const box = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(place) }, opened(), plain);
  const sealed = new Uint8Array(12 + box.byteLength);
  sealed.set(iv);
  sealed.set(new Uint8Array(box), 12);
  return sealed;
}

export async function unsealBytes(place, sealed) {
  const way = { name: "AES-GCM", iv: sealed.subarray(0, 12), additionalData: bytes(place) };
  return new Uint8Array(await crypto.subtle.decrypt(way, opened(), sealed.subarray(12)));
}

export const unseal = async (place, sealed) => JSON.parse(new TextDecoder().decode(await unsealBytes(place, sealed)));

/** What is thrown when something should be sealed or opened after the phone has locked itself. */
export class Locked extends Error {}

function opened() {
  if (!key) throw new Locked("locked");
  return key;
}

async function fromPin(pin, salt, iterations) {
  const material = await crypto.subtle.importKey("raw", bytes(pin), "PBKDF2", false, ["deriveKey"]);
  const way = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(way, material, AES, false, ["wrapKey", "unwrapKey"]);
}

const unwrap = (kept, wrapping) =>
  crypto.subtle.unwrapKey("raw", kept.wrapped, wrapping, { name: "AES-GCM", iv: kept.iv }, AES, false, [
    "encrypt",
    "decrypt",
  ]);

const random = (length) => crypto.getRandomValues(new Uint8Array(length));
const bytes = (text) => new TextEncoder().encode(text);
