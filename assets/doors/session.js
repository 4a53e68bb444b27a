// Open, locked, gone. The phone locks itself when nobody has touched it for a while; what was being written is saved first.

import { changed, felt } from "./bus.js";
import { closeBook } from "./book.js";
import { leftOf, noteLeft, wouldBeLost } from "./left.js";
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
 * Removes everything from this phone, signs out and begins anew. Returns a sentence if it has not, because it failed or would
 * lose something: what is neither with the server nor in a file, or a half-written form that is not among `drafts`, of which
 * somebody has been told.
 */
export async function wipeAll(drafts) {
  const told = new Set(drafts);
  const mayGo = (here) => !wouldBeLost(leftOf(here)) && here.drafts.every((door) => told.has(door));
  // Nothing is on its way any more when the lock is ours; it stays ours until the page is left.
  const trouble = await new Promise((done) => {
    navigator.locks.request("doorstep-outbox", async () => {
      const why = await wipe(mayGo).then(
        (gone) => (gone ? "" : "刚才又存了新的，没有清除。请再看一遍。"),
        (error) => {
          console.warn(error);
          return "没有清除成功，请再点一次。";
        },
      );
      done(why);
      if (!why) await new Promise(() => {});
    });
  });
  if (trouble) {
    await count();
    return trouble;
  }
  vault.lock();
  noteLeft({ unsent: 0, photos: 0 });
  changed("wiped");
  // Nothing lies here any more, whether the server hears of it or not; the page that follows says if it has not.
  if (!(await signOut())) sessionStorage.setItem(STILL_IN, "yes");
  location.replace("/doors");
  return "";
}

const STILL_IN = "still signed in";

/** Whether this phone was cleared while the server could not be told that somebody signs out. */
export const isStillIn = () => sessionStorage.getItem(STILL_IN) !== null;

/** Signs out; false if the server has not heard of it. */
export async function signOut() {
  // Without a login that holds there is none to end.
  if (!(await hello())) return line.login === "expired";
  const body = new URLSearchParams({ csrf: line.csrf });
  const answer = await fetch("/logout", { method: "POST", body, redirect: "manual" }).catch(console.warn);
  if (answer?.type !== "opaqueredirect") return false;
  sessionStorage.removeItem(STILL_IN);
  return true;
}
