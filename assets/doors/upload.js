// What is still on the phone, what has arrived, and everything that is about the phone rather than about a door.

import { outcomes } from "./book.js";
import { when } from "./bus.js";
import { takeAway } from "./export.js";
import { h, icon } from "./h.js";
import { line } from "./net.js";
import { amounts, answered, draftWords, isUnsent, wouldBeLost } from "./left.js";
import { forget, refresh, review, send, settle, tally, tryAgain } from "./outbox.js";
import { chooseSize, state } from "./state.js";
import { all, get } from "./store.js";
import { clock, mended, sinceWords } from "./time.js";
import { toast, tried } from "./walk.js";
import { lockNow, wipeAll } from "./session.js";
import * as vault from "./vault.js";

export async function uploadView() {
  const element = h("div", { class: "stack" });
  const view = { element, title: "上传", back: { href: "#/", words: "名单" } };
  view.refresh = async () => {
    view.sends = tally.sending;
    const [outbox, receipts, photos, pack, worker] = await Promise.all([
      all("outbox"),
      all("receipts"),
      all("photos"),
      get("meta", "pack"),
      navigator.serviceWorker.getRegistration("/doors"),
    ]);
    const opened = await Promise.all(outbox.sort((a, b) => a.made_at - b.made_at).map(openRow));
    const sent = await Promise.all(
      receipts
        .sort((a, b) => b.kept_at - a.kept_at)
        .slice(0, 200)
        .map(openReceipt),
    );
    const stuck = await Promise.all(photos.filter((photo) => photo.state === "refused").map(openPhoto));
    const clashes = opened.filter((row) => row.state === "clash");
    const unsent = opened.filter(isUnsent);
    const unkept = opened.filter((row) => answered.has(row.id)).map((row) => ({ ...row, ...answered.get(row.id) }));
    element.replaceChildren(
      ...[
        h("h1", { tabIndex: -1 }, "上传"),
        stateOf(unsent),
        clashes.length && section("需要核对", clashes.map(clashOf)),
        stuck.length && section("传不上去的照片", stuck.map(photoOf)),
        unsent.length && section(`未上传（${unsent.length}）`, unsent.map(unsentOf)),
        sent.length + unkept.length > 0 && section("已上传", [...unkept, ...sent].map(receiptOf)),
        phone(pack, Boolean(worker?.active)),
      ].filter(Boolean),
    );
  };
  await view.refresh();
  return view;
}

const openRow = async (row) => ({
  ...row,
  glance: await vault.unseal(`glance:${row.id}`, row.glance),
  told: row.told ? await vault.unseal(`told:${row.id}`, row.told) : "",
});
const openReceipt = async (row) => ({
  ...row,
  glance: await vault.unseal(`glance:${row.id}`, row.glance),
  ...(await vault.unseal(`receipt:${row.id}`, row.box)),
});
const openPhoto = async (row) => ({ ...row, told: row.told ? await vault.unseal(`told:${row.id}`, row.told) : "" });

const section = (heading, items) =>
  h(
    "section",
    { class: "card" },
    h("h2", null, heading),
    h(
      "ul",
      { class: "list slips" },
      items.map((item) => h("li", null, item)),
    ),
  );

function stateOf(unsent) {
  const { left } = tally;
  const words = unsent.length
    ? `${unsent.length} 条未上传，${sinceWords(tally.oldest)}`
    : tally.photos
      ? `走访都已上传，还有 ${tally.photos} 张照片在传`
      : "全部已上传";
  const contact = tally.contact ? `上次和服务器联系：${clock(mended(tally.contact))}` : "还没有和服务器联系过";
  const trouble =
    line.login === "expired"
      ? "登录已过期，重新登录后会自己接着传。"
      : line.online
        ? ""
        : "现在离线。有网以后会自己传，不用守着。";
  return h(
    "section",
    { class: "card" },
    h("p", null, h("b", null, words)),
    h("p", { class: "quiet" }, [contact, trouble].filter(Boolean).join("。")),
    tally.held > 0 && h("p", null, `${tally.held} 条待社区核对。社区看过以后，结果会写在下面。`),
    (unsent.length > 0 || tally.photos > 0) &&
      h(
        "button",
        { type: "button", class: "btn", disabled: tally.sending, onclick: tried(sendAll) },
        icon("upload"),
        tally.sending ? "正在上传…" : "立即上传",
      ),
    (unsent.length > 0 || tally.photos > 0) &&
      h("button", { type: "button", class: "btn plain", onclick: exportAll }, "导出成文件"),
    left.exported > 0 &&
      wouldBeLost(left) &&
      h(
        "p",
        { class: "note soon" },
        `还有 ${amounts(left.visits, left.pictures)}没有导出。一个文件装不下的，再点一次“导出成文件”，会装进下一个。`,
      ),
    (unsent.length > 0 || tally.photos > 0) &&
      h(
        "p",
        { class: "quiet" },
        "几天都连不上网时，把文件交给社区录入。文件是加密的，只有社区打得开；导出以后这里照样会接着传。",
      ),
  );
}

/** Also what was turned down before: a permission may be back. What is turned down again does not go unsaid. */
async function sendAll() {
  await send({ force: true, refused: true });
  if (tally.refused) toast(`还有 ${tally.refused} 件传不上去，原因写在下面`);
}

const exportAll = tried(async () => toast(`已导出：${await takeAway()}，在手机的“下载”里`));

const titleOf = ({ glance, made_at }) => [
  h("b", null, glance.title),
  h("span", null, `${glance.words ?? outcomes[glance.outcome]}${glance.problems ? `，${glance.problems} 个问题` : ""}`),
  h("span", { class: "quiet" }, clock(mended(made_at))),
];

function unsentOf(row) {
  const words =
    row.state === "refused"
      ? h("span", { class: "tag late" }, "传不上去")
      : row.tries
        ? h("span", { class: "tag soon" }, `已试 ${row.tries} 次`)
        : h("span", { class: "tag" }, "等着上传");
  return [
    h("p", { class: "slipline" }, titleOf(row)),
    h(
      "p",
      { class: "tags" },
      words,
      row.exported_at > 0 && h("span", { class: "tag" }, `已导出 ${clock(mended(row.exported_at))}`),
    ),
    row.told && h("p", null, row.told),
    row.state === "refused" && h("p", { class: "quiet" }, "内容还在手机里，不会丢。可以再试，或导出成文件交给社区。"),
    row.state === "refused" &&
      small("再试一次", () => tryAgain("outbox", row.id)),
  ].filter(Boolean);
}

function clashOf(row) {
  return [
    h("p", { class: "slipline" }, titleOf(row)),
    h("p", null, "这个编号在社区已经有一份内容不同的记录。两份社区都留着，由社区核对，这里不再上传。"),
    row.first &&
      h(
        "dl",
        { class: "facts" },
        h("dt", null, "社区那份"),
        h("dd", null, `${clock(row.first.made_at)} 记的，${clock(row.first.received_at)} 收到`),
        h("dt", null, "这一份"),
        h("dd", null, `${clock(mended(row.made_at))} 记的`),
      ),
    row.glance.texts?.length > 0 && h("p", null, `这一份写的：${row.glance.texts.join("；")}`),
    row.told && h("p", null, row.told),
    small("知道了，收起", () => settle(row.id)),
  ].filter(Boolean);
}

function receiptOf(row) {
  const [look, words] = {
    accepted: ["done", "已收到"],
    held: ["soon", "待社区核对"],
    dismissed: ["late", "社区不登记"],
    clash: ["soon", "需要核对"],
  }[row.state];
  const warnings = row.answer?.warnings ?? [];
  return [
    h("p", { class: "slipline" }, titleOf(row)),
    h(
      "p",
      { class: "tags" },
      h("span", { class: `tag ${look}` }, `${words} ${clock(row.received_at)}`),
      warnings.length > 0 && h("span", { class: "tag soon" }, "有没登记的"),
    ),
    row.state === "dismissed" && h("p", null, `社区不登记：${row.sentence}`),
    ["held", "clash"].includes(row.state) && h("p", null, row.sentence),
    warnings.map((sentence) => h("p", null, sentence)),
    row.answer?.clashes > 0 && h("p", null, `有 ${row.answer.clashes} 处登记别人先改了，由社区核对。`),
    (row.answer?.issues ?? []).map((issue) => slipOf(issue, row.glance.texts?.[issue.problem])),
  ].filter(Boolean);
}

/** What the resident takes away: the code, large enough to be read out and written down. */
function slipOf(issue, words) {
  const code = issue.code.replace(/(.{4})(?=.)/g, "$1-");
  const copy = async (event) => {
    const button = event.currentTarget;
    const address = new URL(issue.link, location.href).href;
    try {
      await navigator.clipboard.writeText(`${issue.number} 回执码 ${code}\n${address}`);
      button.textContent = "已复制";
    } catch {
      button.textContent = "复制不了，请抄下回执码";
    }
  };
  return h(
    "div",
    { class: "slip card" },
    h("p", { class: "quiet" }, [issue.number, words].filter(Boolean).join(" · ")),
    h("p", null, "回执码 ", h("span", { class: "code" }, code)),
    h(
      "button",
      { type: "button", class: "btn plain small", onclick: copy, "aria-label": `复制 ${issue.number} 的链接` },
      "复制",
    ),
  );
}

const small = (words, work) => h("button", { type: "button", class: "btn plain small", onclick: tried(work) }, words);

function photoOf(photo) {
  return [
    h("p", null, photo.told || "这张照片服务器没有收下。"),
    photo.exported_at > 0 && h("p", { class: "tags" }, h("span", { class: "tag" }, `已导出 ${clock(mended(photo.exported_at))}`)),
    h("p", { class: "quiet" }, "照片还在手机里。可以再试，或在上面导出成文件交给社区；不要了就删除。"),
    h(
      "div",
      { class: "actions" },
      small("再试一次", () => tryAgain("photos", photo.id)),
      small("删除这张照片", () => forget(photo).then(() => send({ force: true }))),
    ),
  ].filter(Boolean);
}

/** 长辈版, the list and the app itself, locking, and leaving this phone. */
function phone(pack, opensOffline) {
  const { mode, size } = state.settings;
  const sizes = [
    ["", "", "标准"],
    ["elder", "", "长辈版"],
    ["elder", "26", "长辈版 大"],
    ["elder", "30", "长辈版 特大"],
  ];
  return h(
    "section",
    { class: "card" },
    h("h2", null, "这部手机"),
    h(
      "div",
      { class: "actions", role: "group", "aria-label": "字的大小" },
      sizes.map(([one, points, words]) =>
        h(
          "button",
          {
            type: "button",
            class: "btn plain small",
            "aria-pressed": `${mode === one && size === points}`,
            onclick: () => chooseSize({ ...state.settings, mode: one, size: points }),
          },
          words,
        ),
      ),
    ),
    h(
      "div",
      { class: "head" },
      h("p", { class: "quiet" }, pack ? `名单 ${clock(mended(pack.checked_at))} 和社区对过` : "名单还没有取到"),
      h("button", { type: "button", class: "btn plain small", onclick: renewList }, "刷新名单"),
    ),
    h("p", { class: "quiet" }, opensOffline ? "没有网也能打开、能填。" : "还没有存到手机里，没有网时打不开。"),
    state.fullness > 0.8 &&
      h(
        "p",
        { class: "note soon" },
        `手机给本应用的存储已用 ${Math.round(state.fullness * 100)}%。上传以后照片会自动删掉。`,
      ),
    h(
      "div",
      { class: "actions" },
      h("button", { type: "button", class: "btn plain", onclick: lockNow }, icon("lock"), "锁定"),
      h("button", { type: "button", class: "btn danger", onclick: leave }, "退出并清除"),
    ),
  );
}

const renewed = {
  ok: "名单已经更新",
  same: "名单没有变化",
  login: "登录已过期，名单没有更新",
  none: "您现在没有走访的任务或权限，名单没有更新",
  other: "现在登录的不是这部手机的主人，名单没有更新",
  away: "现在连不上，名单没有更新",
  full: "手机存储满了，名单没有更新",
};

const renewList = tried(async () => {
  await review();
  toast(renewed[await refresh()]);
});

/** Asks before everything goes. What is saved meanwhile, in another window too, changes the question. */
function leave() {
  const dialog = h("dialog", { class: "card", "aria-labelledby": "leave" });
  let trouble = "";

  function paint() {
    const { left } = tally;
    const blocked = wouldBeLost(left);
    const words = blocked
      ? `还有 ${amounts(left.visits, left.pictures)}没有上传，也没有导出，现在不能清除。请先“立即上传”或“导出成文件”。`
      : [
          "手机里的名单和回执都会删掉，找不回来。",
          left.exported > 0 && `有 ${left.exported} 件只导出、还没有上传：请先确认文件已经交给社区。`,
          !line.online && "现在离线，登录要等有网时再退出。",
          draftWords(left),
        ]
          .filter(Boolean)
          .join("");
    const clear = async () => {
      trouble = await wipeAll(left.drafts);
      paint();
    };
    const stays = h("button", { type: "button", class: "btn plain", onclick: () => dialog.close() }, "不清除");
    dialog.replaceChildren(
      ...[
        h("h2", { id: "leave" }, blocked ? "现在不能清除" : "清除这部手机里的走访，并退出登录？"),
        trouble && h("p", { class: "error shown", role: "alert" }, trouble),
        h("p", null, words),
        h(
          "div",
          { class: "actions" },
          stays,
          !blocked && h("button", { type: "button", class: "btn danger", onclick: clear }, "清除并退出"),
        ),
      ].filter(Boolean),
    );
    stays.focus();
  }

  let shown = JSON.stringify(tally.left);
  const stop = when("tally", () => {
    if (shown === JSON.stringify(tally.left)) return;
    shown = JSON.stringify(tally.left);
    paint();
  });
  dialog.addEventListener("close", () => {
    stop();
    dialog.remove();
  });
  paint();
  document.body.append(dialog);
  dialog.showModal();
}
