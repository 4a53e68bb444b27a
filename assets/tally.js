// Counts what the work on a page costs: fields filled in, taps, and seconds in which somebody was doing something. Only the sums
// leave the page, when it is left; what was tapped or written does not.

/** Whoever does nothing for so long is doing something else. */
const REST = 60_000;

/**
 * Tells when the page is left or put away.
 * @param {string} csrf the token that forms carry
 */
export function tally(csrf) {
  let entries = 0;
  let taps = 0;
  let spent = 0;
  let last = performance.now();
  const act = () => {
    const now = performance.now();
    spent += Math.min(now - last, REST);
    last = now;
  };
  // What a program does on the page is no work of anybody's.
  const count = (event, also) => {
    if (!event.isTrusted) return;
    also?.();
    act();
  };
  addEventListener("pointerup", (event) => count(event, () => (taps += 1)), { capture: true, passive: true });
  addEventListener("change", (event) => count(event, () => (entries += 1)), true);
  for (const name of ["keydown", "scroll"]) addEventListener(name, count, { capture: true, passive: true });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      last = performance.now();
      return;
    }
    act();
    if (entries || taps) {
      const seconds = String(Math.round(spent / 1000));
      navigator.sendBeacon("/tally", new URLSearchParams({ csrf, entries: String(entries), taps: String(taps), seconds }));
    }
    entries = taps = spent = 0;
  });
}
