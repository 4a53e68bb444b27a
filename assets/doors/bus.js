// Word of changes, to the views of this page and to other tabs.

const target = new EventTarget();
const channel = new BroadcastChannel("doorstep");

/** This page among others that show the same. */
export const TAB = crypto.randomUUID();

channel.addEventListener("message", ({ data }) =>
  target.dispatchEvent(new CustomEvent(data.what, { detail: { ...data, elsewhere: true } })),
);

/** Tells this page, and the other tabs, that something has changed: outbox, pack, draft, settings, set up, wiped. */
export function changed(what, more = {}) {
  target.dispatchEvent(new CustomEvent(what, { detail: more }));
  channel.postMessage({ what, tab: TAB, ...more });
}

/** Tells this page only. */
export const felt = (what, more = {}) => target.dispatchEvent(new CustomEvent(what, { detail: more }));

/** Hears of what has changed; the function that is returned ends it. */
export function when(what, hear) {
  const listen = async ({ detail }) => {
    try {
      await hear(detail);
    } catch (error) {
      // Locked in the middle of it, or no room: what is shown comes right with the next word.
      console.warn(error);
    }
  };
  target.addEventListener(what, listen);
  return () => target.removeEventListener(what, listen);
}
