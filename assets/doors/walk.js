// Going from door to door.

import { h } from "./h.js";
import { felt, when } from "./bus.js";
import { choosePlace, state } from "./state.js";
import { nextAfter, placeOf, stairwell, standing } from "./book.js";
import { undo, UNDO } from "./record.js";
import { isFull } from "./store.js";

export const doorHref = (door) => `#/door/${encodeURIComponent(door.id)}`;

/** How the tag of a door looks. */
export const tagOf = ({ kind }) => ({ done: "tag done", held: "tag soon" })[kind] ?? "tag";

/** Where the last visit was, so that the next door is the one beside it. */
let last = null;

/** From a saved visit to the next door, or to the list when there is none. */
export function goOn(door, next) {
  last = door;
  if (next) choosePlace(placeOf(next));
  // The door that is done is not where “back” should lead.
  go(next ? doorHref(next) : "#/", { replace: true });
}

export function go(hash, { replace = false } = {}) {
  if (location.hash === hash) felt("again");
  else if (replace) location.replace(hash);
  else location.hash = hash;
}

/** The door to knock at next, seen from the list. */
export function nextHere() {
  const doors = stairwell(state.place);
  const near = last && doors.some((door) => door.id === last.id) && nextAfter(last);
  const here = near || doors.find((door) => standing(door).due) || nextAfter(doors.at(-1));
  return here ?? doors.find((door) => standing(door).retry);
}

const SHOWN = 5_000;
let timer = 0;

/** Says in passing what is done; where it can be taken back, for as long as that is so. */
export function toast(words, undoable) {
  const box = document.getElementById("toast");
  clearTimeout(timer);
  const end = () => box.replaceChildren();
  const back = async () => {
    clearTimeout(timer);
    const { id, form, door } = undoable;
    const done = await undo(id, form, door);
    toast(done ? `已撤销：${door.room} 没有记走访` : "已经发出去了，不能撤销。请在这一户再记一次。");
    if (done) go(doorHref(door), { replace: location.hash !== "#/" });
  };
  box.replaceChildren(
    h(
      "p",
      { class: "toast" },
      h("span", null, words),
      undoable && h("button", { type: "button", class: "btn plain small", onclick: back }, "撤销"),
    ),
  );
  timer = setTimeout(end, undoable ? UNDO : SHOWN);
}

/** What a tap does. Should it fail, that is said: nobody should wait for what has ended already. */
export const tried = (work) => async (event) => {
  try {
    await work(event);
  } catch (error) {
    console.warn(error);
    toast(isFull(error) ? "手机存储满了，没有做成。" : "没有做成，请再点一次。");
  }
};

when("locked", () => document.getElementById("toast").replaceChildren());
