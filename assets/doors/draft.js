// What is being filled in at a door, saved a moment after each change, so that a call, an empty battery or a slip of the
// thumb costs nothing.

import { doorBy, openDraft, sealDraft } from "./book.js";
import { changed, felt, TAB, when } from "./bus.js";
import { save } from "./store.js";
import * as vault from "./vault.js";
import { isBlank } from "./record.js";

const PAUSE = 400;

/** Forms, with door and campaign, that could not be saved: as long as the page lives they are not lost. */
const unsaved = new Map();

/** The draft of a door, or null. */
export async function readDraft(door) {
  return unsaved.has(door) ? { ...unsaved.get(door), at: Date.now() } : openDraft(door);
}

/**
 * Keeps `form` as the draft of `at`, a door, and its `campaign`. `touch()` after a change; `flush()` saves what is not saved
 * yet and tells whether it could; `end()` stops, waits for what is under way, and keeps anything later from bringing the
 * draft back. `warn(why)` hears "elsewhere" when another tab has filled in the same door, "saved" when it has saved it, and
 * the error when nothing could be saved.
 */
export function keepDraft(at, campaign, form, warn) {
  const door = at.id;
  const whole = { form, door: at, campaign };
  let timer = 0;
  let dirty = false;
  let ended = false;
  let seen = Date.now();
  let chain = Promise.resolve(true);

  const stop = () => {
    clearTimeout(timer);
    timer = 0;
  };

  const flush = () => {
    stop();
    if (!dirty || ended) return chain;
    dirty = false;
    chain = chain.then(put).then(
      () => true,
      (error) => {
        dirty = true;
        unsaved.set(door, whole);
        if (!(error instanceof vault.Locked)) warn(error);
        return false;
      },
    );
    return chain;
  };

  async function put() {
    const now = Date.now();
    const box = isBlank(form) ? null : await sealDraft(form, at, campaign);
    const other = await save(["drafts"], async ({ drafts }) => {
      const before = await drafts.get(door);
      if (box) await drafts.put({ door, at: now, tab: TAB, box });
      else await drafts.delete(door);
      return before && before.tab && before.tab !== TAB && before.at > seen;
    });
    unsaved.delete(door);
    seen = now;
    if (other) warn("elsewhere");
    changed("draft", { door });
    // Its door has left the list meanwhile, and is back there as long as something is written at it.
    if (box && !doorBy(door)) felt("pack");
  }

  when("draft", (word) => {
    if (!ended && word.elsewhere && word.door === door) warn("elsewhere");
  });
  when("outbox", (word) => {
    if (!ended && word.elsewhere && word.saved === door) warn("saved");
  });

  return {
    touch() {
      dirty = true;
      // Counted from the first change: somebody who writes without a pause is saved again and again meanwhile.
      timer ||= setTimeout(flush, PAUSE);
    },
    flush,
    async end() {
      ended = true;
      stop();
      await chain;
      unsaved.delete(door);
    },
    /** Goes on after all, because what should have ended it has failed. */
    revive() {
      ended = false;
      unsaved.set(door, whole);
    },
  };
}
