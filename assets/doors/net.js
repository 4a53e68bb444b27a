// Asking the server. An answer, a login page and silence are three different things, and none of them may lose anything.

import { jot } from "./store.js";
import { setAhead } from "./time.js";

/** What is known of the way to the server: shown in the bar. */
export const line = { online: navigator.onLine, login: "unknown", csrf: "", account: "", name: "" };

/**
 * Asks the server. Returns `{status, body, etag}` with the body read as JSON where it is JSON; `{status: 0}` when nobody
 * answered, and `{status: 401}` when the server wants a login or a PIN first.
 */
export async function ask(path, { method = "GET", body, headers = {}, patience = 30_000 } = {}) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), patience);
  const csrf = method === "GET" ? {} : { "x-csrf": line.csrf };
  try {
    const answer = await fetch(path, {
      method,
      body,
      headers: { ...csrf, ...headers },
      redirect: "manual",
      cache: "no-store",
      signal: control.signal,
    });
    line.online = true;
    if (answer.type === "opaqueredirect" || answer.status === 401) return { status: 401, body: null };
    const text = answer.status === 204 || answer.status === 304 ? "" : await answer.text();
    return { status: answer.status, body: json(text), etag: answer.headers.get("etag") };
  } catch {
    // Broken off in the middle counts as unanswered, even if the server has understood: it will give the same answer again.
    line.online = false;
    return { status: 0, body: null };
  } finally {
    clearTimeout(timer);
  }
}

/** Asks who is signed in, and for the token that changes must carry. */
export async function hello() {
  const answer = await ask("/offline/hello", { patience: 15_000 });
  if (answer.status === 200 && answer.body?.account) {
    line.login = "ok";
    line.csrf = answer.body.csrf;
    line.account = answer.body.account;
    line.name = answer.body.name;
    await keepClock(answer.body.now - Date.now());
    return answer.body;
  }
  if (answer.status === 401) line.login = "expired";
  // A page of a hotel's or a shop's network is not the server.
  else line.online = answer.status === 429 || answer.status >= 500;
  return null;
}

/** What the server says of the time still holds when there is no network. */
async function keepClock(ahead) {
  if (!Number.isFinite(ahead)) return;
  setAhead(ahead);
  await jot("ahead", ahead);
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
