// Today's doors: the stairwell as a picture or in the order in which it is walked, and the door that comes next.

import { book, campaignBy, sessions, nextOf, placeOf, plan, progress, stairwell, standing } from "./book.js";
import { h, icon } from "./h.js";
import { send } from "./outbox.js";
import { blank, hasAnswers, save } from "./record.js";
import { readDraft } from "./draft.js";
import { chooseSize, choosePlace, state } from "./state.js";
import { isFull } from "./store.js";
import { faultsOf } from "./fault.js";
import { doorHref, go, goOn, nextHere, tagOf, toast } from "./walk.js";
import { countsOf } from "./presence.js";
import { rollHref } from "./roll.js";

export const placeHref = ({ campaign, building, unit }) =>
  `#/at/${[campaign, building, unit].map(encodeURIComponent).join("/")}`;

export async function listView() {
  if (!book.doors.length) {
    const element = h("div", { class: "stack" });
    const paint = () => element.replaceChildren(...[today(), !sessions().length && nothing()].filter(Boolean));
    paint();
    return { element, title: "今日走访", refresh: paint };
  }
  if (!state.place || !stairwell(state.place).length)
    await choosePlace(placeOf(book.doors.find((door) => standing(door).due) ?? book.doors[0]));
  const element = h("div", { class: "stack" });
  const paint = () => element.replaceChildren(...[today(), ...summary(paint), doors(), next()].filter(Boolean));
  paint();
  return { element, title: "今日走访", refresh: paint };
}

/** The classes that whoever holds this phone holds today. */
function today() {
  const held = sessions();
  if (!held.length) return null;
  return h(
    "section",
    { class: "card" },
    h("h2", null, "今天带的课"),
    h(
      "ul",
      { class: "list" },
      held.map((session) => {
        const words = `${session.when} · ${countsOf(session)}`;
        return h("li", null, h("a", { href: rollHref(session) }, h("b", null, session.title), h("span", null, words)));
      }),
    ),
  );
}

function summary(paint) {
  const { campaign: id, building, unit } = state.place;
  const plans = plan();
  const chosen = plans.find((one) => one.id === id);
  const here = chosen.buildings.find((one) => one.id === building);
  const { total, walked, away } = progress(stairwell(state.place));
  const several = plans.length > 1 || chosen.buildings.length > 1;
  const words = `${total} 户，已走 ${walked} 户${away ? `，${away} 户要再敲` : ""}`;
  const switchTo = async () => {
    await chooseSize({ ...state.settings, list: !state.settings.list });
    paint();
  };
  const units = [...here.units].map(([name, doors]) => ({
    name,
    href: placeHref({ campaign: id, building, unit: name }),
    ...progress(doors),
  }));
  return [
    h(
      "section",
      { class: "card brief" },
      h("p", { class: "quiet" }, `${campaignBy(id)?.title ?? "走访"} · ${here.estate}`),
      h(
        "div",
        { class: "head" },
        h("h1", { tabIndex: -1 }, `${here.building} ${unit}`),
        h(
          "button",
          { type: "button", class: "btn plain small", onclick: switchTo },
          state.settings.list ? "看楼栋图" : "看走访顺序",
        ),
      ),
      h("p", { class: "quiet" }, words),
      h("progress", { max: total, value: walked, "aria-label": words }),
    ),
    (several || units.length > 1) &&
      h(
        "nav",
        { class: "filters one-line", "aria-label": "单元和楼栋", tabIndex: 0 },
        several && h("a", { href: "#/places" }, icon("building"), "换楼栋"),
        units.length > 1 &&
          units.map(({ name, href, walked, total }) =>
            h(
              "a",
              { href, "aria-current": name === unit && "true" },
              name,
              h("span", { class: "count" }, `${walked}/${total}`),
            ),
          ),
      ),
  ];
}

const doors = () => (state.settings.list ? walkingOrder(stairwell(state.place)) : matrix(stairwell(state.place)));

/** The stairwell as a table: floors from the top, doors side by side, each in the column of its number. */
function matrix(doors) {
  const floors = new Map();
  for (const door of doors) floors.set(door.floor, [...(floors.get(door.floor) ?? []), door]);
  const rows = [...floors].sort(([a], [b]) => (b ?? -99) - (a ?? -99));
  const columns = [...new Set(doors.map(column))].sort((a, b) => a.localeCompare(b, "zh", { numeric: true }));
  const aligned = columns.length <= 6 && rows.every(([, row]) => new Set(row.map(column)).size === row.length);
  const width = Math.max(...rows.map(([, row]) => row.length));
  const cells = (row) =>
    aligned
      ? columns.map((name) => row.find((door) => column(door) === name))
      : [...row, ...Array(width - row.length).fill(null)];
  return h(
    "section",
    null,
    h(
      "div",
      { class: "scroll", tabIndex: 0, role: "region", "aria-label": "楼栋图，从顶层往下" },
      h(
        "table",
        { class: "doors" },
        h(
          "tbody",
          null,
          rows.map(([floor, row]) =>
            h(
              "tr",
              null,
              h("th", { scope: "row" }, floor === null ? "—" : `${floor}层`),
              cells(row).map((door) => h("td", null, door && cell(door))),
            ),
          ),
        ),
      ),
    ),
    legend(),
  );
}

const column = (door) =>
  door.floor !== null && door.room.startsWith(`${door.floor}`) ? door.room.slice(`${door.floor}`.length) : door.room;

function cell(door) {
  const now = standing(door);
  const classes = ["door", now.kind, now.care && "care", now.unsent && "unsent"].filter(Boolean).join(" ");
  const words = now.draft ? "填了一半" : now.words;
  const marks = [door.care && `要多照看：${door.care}`, now.unsent && "未上传"].filter(Boolean).join("，");
  return h(
    "a",
    { class: classes, href: doorHref(door) },
    `${door.room} `,
    h("small", null, words),
    marks && h("span", { class: "vh" }, ` ${marks}`),
  );
}

function legend() {
  const kinds = [
    ["done", "已走"],
    ["away", "要再敲"],
    ["held", "待社区核对"],
    ["empty", "空户"],
    ["unsent", "未上传"],
    ["care", "要多照看"],
  ];
  return h(
    "ul",
    { class: "legend" },
    kinds.map(([kind, words]) => h("li", null, h("span", { class: `door ${kind}`, "aria-hidden": "true" }), words)),
  );
}

function walkingOrder(doors) {
  return h(
    "ol",
    { class: "list card" },
    doors.map((door) => {
      const now = standing(door);
      const people = door.households.flatMap((household) => household.people).length;
      const who = [
        door.households.map((household) => household.head).join("、"),
        people && `${people} 口人`,
        door.last_words,
      ]
        .filter(Boolean)
        .join(" · ");
      return h(
        "li",
        null,
        h(
          "a",
          { href: doorHref(door) },
          h("b", { class: "num" }, door.room),
          h(
            "span",
            { class: "tags" },
            door.care && h("span", { class: "tag soon" }, door.care),
            h("span", { class: tagOf(now) }, now.draft ? "填了一半" : now.words),
            now.unsent && h("span", { class: "tag" }, "↑ 未上传"),
          ),
          h("span", { class: "quiet" }, who),
        ),
      );
    }),
  );
}

/** The door that comes next, under the thumb: most are dealt with from here. */
function next() {
  const door = nextHere();
  if (!door)
    return h("div", { class: "dock" }, h("p", null, h("b", null, "今天的门都敲过了。"), " 改约的到时候会再出现。"));
  const people = door.households.flatMap((household) => household.people).length;
  const words = [door.households[0]?.head, people ? `${people} 口人` : "未登记住户", door.care, door.last_words]
    .filter(Boolean)
    .join(" · ");
  const away = door.building_id !== state.place.building;
  const other = away ? `${door.building} ${door.unit} ` : door.unit === state.place.unit ? "" : `${door.unit} `;
  return h(
    "section",
    { class: "dock next", "aria-label": "下一户" },
    h(
      "a",
      { href: doorHref(door) },
      h("small", { class: "quiet" }, away ? "这栋走完了，下一栋" : "下一户"),
      h("b", null, `${other}${door.room}`),
      h("span", { class: "quiet" }, words),
    ),
    h(
      "div",
      { class: "outcomes two" },
      h("a", { class: "btn", href: `${doorHref(door)}/home` }, "在家"),
      h(
        "button",
        { type: "button", class: "btn plain", onclick: (event) => nobody(door, event.currentTarget) },
        "没人",
      ),
    ),
  );
}

/** Nobody opens: said from the list with one tap, with whatever had been written at this door before. */
async function nobody(door, button) {
  button.disabled = true;
  try {
    const form = { ...blank(), ...(await readDraft(door.id))?.form };
    const after = nextOf(door);
    const campaign = campaignBy(door.campaign);
    const meant = { ...form, outcome: "nobody" };
    const wrong = faultsOf(meant, campaign).any;
    // Answers would go with the draft, and nobody has seen them on the way from the list.
    if (wrong || hasAnswers(form)) {
      toast(`${door.room} 填了一半，${wrong ? "有写得不对的" : "有住户的回答"}，请看一眼再记没人`);
      return go(doorHref(door));
    }
    const saved = await save(meant, door, campaign, state.account, { undoable: true });
    toast(`${door.room} 没人，已存在手机里`, { id: saved.id, form, door });
    goOn(door, after);
  } catch (error) {
    button.disabled = false;
    toast(isFull(error) ? "手机存储满了，没有保存。请先到“上传”页把前面的传完。" : "没有保存成功，请再点一次。");
  }
}

function nothing() {
  return h(
    "div",
    { class: "empty card" },
    icon("door"),
    h("h1", { tabIndex: -1 }, "还没有要走访的门"),
    h("p", null, "社区发起走访并派给您以后，名单会自己出现。有网时点一下“刷新”。"),
    h("button", { type: "button", class: "btn", onclick: () => send({ force: true }) }, "刷新"),
  );
}

/** Campaigns and buildings to choose from. */
export function placesView() {
  const choose = (campaign, building) => {
    const units = [...building.units];
    const [unit] = units.find(([, doors]) => doors.some((door) => standing(door).due)) ?? units[0];
    return placeHref({ campaign: campaign.id, building: building.id, unit });
  };
  const element = h(
    "div",
    { class: "stack" },
    h("h1", { tabIndex: -1 }, "换楼栋"),
    plan().map((campaign) =>
      h(
        "section",
        { class: "card" },
        h("h2", null, campaign.campaign?.title ?? "走访"),
        h(
          "ul",
          { class: "list" },
          campaign.buildings.map((building) => {
            const { total, walked } = progress([...building.units.values()].flat());
            return h(
              "li",
              null,
              h(
                "a",
                { href: choose(campaign, building) },
                h("b", null, `${building.estate} ${building.building}`),
                h("span", null, `${walked}/${total} 户`),
                h("progress", { max: total, value: walked, "aria-hidden": "true" }),
              ),
            );
          }),
        ),
      ),
    ),
  );
  return { element, title: "换楼栋", back: { href: "#/", words: "名单" } };
}

/** Takes a place that was chosen and goes back to its doors. */
export async function takePlace(campaign, building, unit) {
  await choosePlace({ campaign, building, unit });
  go("#/", { replace: true });
}
