// Small comforts. Every page works without them.
import { tally } from "./tally.js";

// Of whoever is signed in; the token stands in the form that signs out.
const token = document.querySelector('form[action="/logout"] input[name="csrf"]');
if (token) tally(token.value);

// Shows the chosen photos before they are sent.
for (const input of document.querySelectorAll("input[data-photos]")) {
  const list = document.querySelector(`[data-preview="${input.id}"]`);
  input.addEventListener("change", () => {
    list.replaceChildren(
      ...[...input.files].map((file, index) => {
        const picture = document.createElement("img");
        picture.src = URL.createObjectURL(file);
        picture.alt = `第 ${index + 1} 张照片`;
        picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
        const item = document.createElement("li");
        item.append(picture);
        return item;
      }),
    );
  });
}

// A file that is too large is said before minutes are spent on sending it.
for (const input of document.querySelectorAll("input[type=file][data-most]")) {
  input.addEventListener("change", () => {
    const most = Number(input.dataset.most);
    const large = [...input.files].some((file) => file.size > most * 1024 * 1024);
    input.setCustomValidity(large ? `文件超过 ${most} MB，请压缩或者拆开再传` : "");
    input.reportValidity();
  });
}

// A form is sent once, however often the button is tapped.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// A phone may still hold what was written down at doors. Signing out leaves it there, which whoever signs out should know.
for (const form of document.querySelectorAll('form[action="/logout"]')) {
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const left = await leftByDoors().catch(() => null);
    if (left === null) return form.submit();
    const dialog = document.createElement("dialog");
    const add = (parent, tag, props) => parent.appendChild(Object.assign(document.createElement(tag), props));
    dialog.className = "card";
    dialog.setAttribute("aria-labelledby", "leaving");
    add(dialog, "h2", { id: "leaving", textContent: "手机里还存着敲门走访" });
    const first = left ? `还有 ${left} 件走访和照片没有上传。` : "走访都传上去了，名单还在手机里。";
    add(dialog, "p", { textContent: `${first}只退出登录，手机里的不会丢，也不会清除。` });
    const ways = add(dialog, "div", { className: "actions" });
    add(ways, "a", { className: "btn", href: "/doors#/upload", textContent: "去上传、清除" });
    const go = add(ways, "button", { type: "button", className: "btn plain", textContent: "只退出登录" });
    go.addEventListener("click", () => form.submit());
    const stay = add(ways, "button", { type: "button", className: "btn plain", textContent: "先不退出" });
    stay.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      delete form.dataset.sent;
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** How many visits and photos wait on this phone; null where the app for doors has not been set up. */
async function leftByDoors() {
  // Asked for by name, since opening it would make it.
  if (!(await indexedDB.databases()).some(({ name }) => name === "doorstep")) return null;
  const answer = (request) =>
    new Promise((done, fail) => {
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
  const db = await answer(indexedDB.open("doorstep"));
  try {
    const tx = db.transaction(["meta", "outbox", "photos"]);
    const vault = await answer(tx.objectStore("meta").get("vault"));
    const visits = await answer(tx.objectStore("outbox").getAll());
    const photos = await answer(tx.objectStore("photos").getAll());
    const waiting = [...visits, ...photos].filter(({ state }) => state !== "clash" && state !== "draft");
    return vault ? waiting.length : null;
  } finally {
    db.close();
  }
}

// Coming back with the browser's back button makes the form usable again.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// Copies a text that a button names.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.textContent = "已复制";
  });
}

// Prints the page.
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Errors of a form are read out and seen first.
document.getElementById("errors")?.focus();

// Turns a screen that nobody touches to the next page after a while, until somebody says stop.
for (const next of document.querySelectorAll("a[data-stay]")) {
  // While the server is away the screen stays as it is: an error page would never turn again.
  const turn = setInterval(async () => {
    const there = await fetch(next.href, { cache: "no-store" }).then((answer) => answer.ok, () => false);
    if (there) location.replace(next.href);
  }, next.dataset.stay * 1000);
  for (const button of document.querySelectorAll("button[data-pause]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      clearInterval(turn);
      button.textContent = "已暂停";
    });
  }
}
