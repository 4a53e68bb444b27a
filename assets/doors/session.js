// Open, locked, gone. The phone locks itself when nobody has touched it for a while; what was being written is saved first.

import { changed, felt } from "./bus.js";
import { closeBook } from "./book.js";
import { hello, line } from "./net.js";
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

/** Removes everything from this phone and signs out. The caller has made sure that nothing is lost. */
export async function wipeAll() {
  const there = await hello();
  vault.lock();
  // Nothing is on its way any more when the lock is ours, and it stays ours until the page is left.
  await new Promise((mine) => navigator.locks.request("doorstep-outbox", () => (mine(), new Promise(() => {}))));
  await wipe();
  changed("wiped");
  if (there)
    await fetch("/logout", { method: "POST", body: new URLSearchParams({ csrf: line.csrf }), redirect: "manual" });
  location.replace("/doors");
}
