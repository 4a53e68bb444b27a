// How the children of a class stand: as the server said, and as this phone has changed it since.

import { book, sessions } from "./book.js";
import { mended } from "./time.js";

/** What a step of a roll call is kept under, as a visit is under its door. */
export const stepAt = (session, about = "") => `roll:${session}:${about}`;

/** What this phone has said last of a child, a keeper, or with nothing of the class itself. */
export const saidOf = (session, about) => book.visits.get(stepAt(session.id, about));

/** The same, while the server's list does not tell it yet; what the community has not registered does not count. */
function newer(session, about) {
  const said = saidOf(session, about);
  return said?.newer && !said.held ? said : null;
}

export const standingOf = (session, child) => newer(session, child.id)?.standing ?? child.standing;
export const isOpen = (session) => session.open || Boolean(newer(session, ""));
export const isThere = (session, keeper) => keeper.there || Boolean(newer(session, keeper.id));

/** “在这里 5 个，接走 2 个，共 12 个孩子” */
export function countsOf(session) {
  const all = session.children.map((child) => standingOf(session, child));
  const count = (standing) => all.filter((one) => one === standing).length;
  return `在这里 ${count("here")} 个，接走 ${count("released")} 个，共 ${all.length} 个孩子`;
}

/** How many children of a class are still here though they should have been fetched long ago. */
export const leftBehind = (session) =>
  mended(Date.now()) < session.alarm_at
    ? 0
    : session.children.filter((child) => standingOf(session, child) === "here").length;

/** The classes of today in which somebody was left behind. */
export const alarmed = () => sessions().filter((session) => leftBehind(session) > 0);
