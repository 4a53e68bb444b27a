// Correcting the register at the door: a person's fields, who has gone, who has come, how the dwelling is used.

import { book } from "./book.js";
import { h, selectField, textField, tiles } from "./h.js";
import { today } from "./time.js";

/** The part of the form that corrects the register. `touch()` is called after each change; `faults` are those of the form. */
export function registerOf(form, door, touch, faults) {
  return h(
    "details",
    { class: "act", open: faults.edits?.size > 0 || faults.findings?.size > 0 },
    h("summary", null, "改登记"),
    door.households.map((household) => household.people.map((person) => personOf(form, person, touch, faults.edits?.get(person.id)))),
    comersOf(form, door, touch, faults.findings),
    tiles("住房性质", book.words.usages ?? [], form.usage || door.usage, (value) => {
      form.usage = value === door.usage ? "" : value;
      touch();
    }),
  );
}

function personOf(form, person, touch, faults) {
  const details = h("details", { class: "act" }, h("summary", null, `${person.name} ${person.words}`));
  // Many people with many fields: they are made when somebody looks.
  const fill = () =>
    details.childElementCount === 1 &&
    details.append(h("div", { class: "stack" }, goneOf(form, person, touch), fieldsOf(form, person, touch, faults)));
  details.addEventListener("toggle", fill);
  if (form.edits[person.id] || form.findings.some((one) => one.resident === person.id)) {
    fill();
    details.open = true;
  }
  return details;
}

function fieldsOf(form, person, touch, faults) {
  return (book.words.fields ?? []).map((field) => {
    const before = person.fields?.[field.value];
    const sealed = before === null;
    const written = form.edits[person.id]?.fields[field.value];
    const write = (value) => {
      // The version that was on the screen, not the one that is there when the form is sent.
      const { fields } = (form.edits[person.id] ??= { seen: person.version, fields: {} });
      if (value === (before ?? "")) delete fields[field.value];
      else fields[field.value] = value;
      if (!Object.keys(fields).length) delete form.edits[person.id];
      touch();
    };
    if (field.kind === "select") return selectField(field.label, field.options ?? [], written ?? before, write);
    const kept = field.value === "phone" && person.phone ? `现在是 ${person.phone}` : "已登记，不显示";
    const hint = sealed || (field.value === "phone" && person.phone) ? `${kept}。要改才填。` : "";
    return textField(field.label, written ?? before ?? "", write, {
      type: field.kind === "tel" ? "tel" : field.kind === "date" ? "date" : "text",
      hint,
      max: field.kind === "date" && today(),
      maxlength: field.value === "name" ? 30 : 100,
      error: faults?.[field.value],
    });
  });
}

const gone = [
  { value: "", label: "还住这里" },
  { value: "moved_out", label: "搬走了" },
  { value: "died", label: "去世了" },
];

function goneOf(form, person, touch) {
  const found = () => form.findings.find((one) => one.resident === person.id);
  const words = h("div");
  const paint = () => {
    const finding = found();
    const label = finding?.kind === "died" ? "补充说明（可不写）" : "搬到哪里（可不写）";
    const write = (value) => {
      finding.words = value;
      touch();
    };
    words.replaceChildren(...(finding ? [textField(label, finding.words, write, { maxlength: 60 })] : []));
  };
  const write = (kind) => {
    const others = form.findings.filter((one) => one.resident !== person.id);
    const one = { kind, resident: person.id, seen: person.version, words: found()?.words ?? "" };
    form.findings = kind ? [...others, one] : others;
    paint();
    touch();
  };
  paint();
  return [tiles(`${person.name}现在`, gone, found()?.kind ?? "", write), words];
}

/** People who are here and not on the register. */
function comersOf(form, door, touch, faults) {
  const list = h("div");
  const comers = () => form.findings.filter((one) => one.kind === "moved_in" || one.kind === "born");
  const paint = () => list.replaceChildren(...comers().map(comer));
  const add = (kind) => () => {
    // Of several households somebody has to say which; `undefined` is not said yet, null is none of them.
    const household = door.households.length > 1 ? undefined : (door.households[0]?.id ?? null);
    form.findings.push({ kind, household, name: "", sex: "", birth_date: "", relation: "", phone: "", identity: "" });
    touch();
    paint();
    list.lastElementChild.querySelector("input").focus();
  };

  function comer(one) {
    const set = (name) => (value) => {
      one[name] = value;
      touch();
    };
    const remove = () => {
      form.findings = form.findings.filter((other) => other !== one);
      touch();
      paint();
    };
    const born = one.kind === "born";
    const wrong = faults?.get(form.findings.indexOf(one)) ?? {};
    const households = door.households.map((household) => ({ value: household.id, label: `${household.head}家` }));
    return h(
      "fieldset",
      { class: "problem" },
      h(
        "div",
        { class: "head" },
        h("h3", null, born ? "新生儿" : "新来的人"),
        h("button", { type: "button", class: "btn plain small", onclick: remove }, "不记了"),
      ),
      textField("姓名", one.name, set("name"), { maxlength: 30, error: wrong.name }),
      tiles("性别", book.words.sexes ?? [], one.sex, set("sex")),
      textField("出生日期", one.birth_date, set("birth_date"), { type: "date", max: today(), error: wrong.birth_date }),
      selectField("与户主关系", book.words.relations ?? [], one.relation, set("relation")),
      households.length > 1 &&
        tiles(
          "哪一户",
          [...households, { value: "", label: born ? "都不是" : "另立一户" }],
          one.household === undefined ? undefined : (one.household ?? ""),
          (value) => set("household")(value || null),
          { error: wrong.household ?? "" },
        ),
      !born && textField("电话（可不写）", one.phone, set("phone"), { type: "tel", maxlength: 20, error: wrong.phone }),
      textField("身份证号（可不写）", one.identity, set("identity"), { maxlength: 24, error: wrong.identity }),
    );
  }

  paint();
  const button = (kind, words) => h("button", { type: "button", class: "btn plain", onclick: add(kind) }, words);
  return h(
    "div",
    { class: "stack" },
    list,
    h("div", { class: "actions" }, button("moved_in", "新来的人"), button("born", "新生儿")),
  );
}
