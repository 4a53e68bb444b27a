// What the views share: whose phone this is, which stairwell is being walked, how large the text is.

import { changed } from "./bus.js";
import { get, jot } from "./store.js";
import { setAhead } from "./time.js";

export const state = {
  account: "",
  place: null,
  settings: { mode: "", size: "" },
  lasting: true,
  fullness: 0,
  waiting: null,
  // Whether the app could not be kept on the phone, so that it does not open without a network.
  homeless: false,
};

export async function readState() {
  const [vault, place, settings, community, ahead] = await Promise.all(
    ["vault", "place", "settings", "community", "ahead"].map((key) => get("meta", key)),
  );
  Object.assign(state, {
    account: vault?.account ?? "",
    place: place ?? null,
    settings: settings ?? state.settings,
    community: community ?? null,
  });
  setAhead(ahead ?? 0);
  dress();
  return vault;
}

export async function choosePlace(place) {
  state.place = place;
  await jot("place", place);
}

export async function chooseSize(settings) {
  state.settings = settings;
  dress();
  await jot("settings", settings);
  changed("settings", { settings });
}

/** 长辈版 is one attribute of the page, as on every other page. */
export function dress() {
  const { mode, size } = state.settings;
  const root = document.documentElement;
  if (mode) root.dataset.mode = mode;
  else delete root.dataset.mode;
  if (size) root.dataset.size = size;
  else delete root.dataset.size;
}
