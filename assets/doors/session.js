// Open, locked, gone. The phone locks itself when nobody has touched it for a while; what was being written is saved first.

import { changed, felt } from "./bus.js";
import { closeBook } from "./book.js";
import { leftOf, wouldBeLost } from "./left.js";
import { hello, line } from "./net.js";
import { count } from "./outbox.js";
import { state } from "./state.js";
import { wipe } from "./store.js";
import * as vault from "./vault.js";

const PATIENCE = 15 * 60_000;

let touched = Date.now();

export function watchTouches() {
  const note = () => {
    touched = Date.now();
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, note, { capture: true, passive: true });
  const check = () => vault.isOpen() && Date.now() - touched >= PATIENCE && lockNow();
  setInterval(check, 15_000);
  document.addEventListener("visibilitychange", () =>
    document.visibilityState === "hidden" ? state.leave?.() : check(),
  );
  addEventListener("pagehide", () => state.leave?.());
}

export async function lockNow() {
  await state.leave?.();
  vault.lock();
  closeBook();
  felt("locked");
}

/**
 * Removes everything from this phone and signs out. Returns false where that would lose something: what is neither with
 * the server nor in a file, or a half-written form that is not among `drafts`, of which somebody has been told.
 */
export async function wipeAll(drafts) {
  const there = await hello();
  const told = new Set(drafts);
  const mayGo = (here) => !wouldBeLost(leftOf(here)) && here.drafts.every((door) => told.has(door));
  // Nothing is on its way any more when the lock is ours; it stays ours until the page is left.
  const isGone = await new Promise((done, fail) => {
    navigator.locks.request("doorstep-outbox", async () => {
      const gone = await wipe(mayGo).catch(fail);
      done(gone);
      if (gone) await new Promise(() => {});
    });
  });
  if (!isGone) {
    await count();
    return false;
  }
  vault.lock();
  changed("wiped");
  if (there)
    await fetch("/logout", { method: "POST", body: new URLSearchParams({ csrf: line.csrf }), redirect: "manual" });
  location.replace("/doors");
  return true;
}
