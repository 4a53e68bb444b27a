// How views are made: elements and texts, never markup, so that nothing that somebody wrote can become part of the page.

// The browser keeps what is typed into a field, in clear: to fill it in again, and to bring a closed page back.
const KEPT_BY_BROWSERS = ["input", "select", "textarea"];

/** An element. `on…` props are listeners, booleans and objects are properties where there is one, the rest attributes. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  if (KEPT_BY_BROWSERS.includes(tag)) element.setAttribute("autocomplete", "off");
  const { value, ...others } = props ?? {};
  for (const [name, prop] of Object.entries(others)) {
    if (prop === false || prop === null || prop === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), prop);
    else if (name in element && typeof prop !== "string") element[name] = prop;
    else element.setAttribute(name, prop === true ? "" : prop);
  }
  element.append(...children.flat(Infinity).filter((child) => child || child === 0));
  // A select takes a value only when its options are there.
  if (value !== undefined && value !== null) element.value = value;
  return element;
}

const icons = new URL("../icons.svg", import.meta.url).pathname;

/** A drawing of icons.svg, which says nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

let last = 0;
/** An id for a label and its field. */
export const fresh = () => `f${++last}`;

/** A text field with its label; `write(value)` hears every change; `error` says what is wrong with what is in it. */
export function textField(label, value, write, props = {}) {
  const { tag = "input", hint, error, ...more } = props;
  const id = fresh();
  const input = h(tag, { id, value: value ?? "", oninput: () => write(input.value), ...more });
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  if (described) input.setAttribute("aria-describedby", described);
  return h(
    "div",
    { class: error ? "field invalid" : "field", tabIndex: error ? -1 : null },
    h("label", { for: id }, label),
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
    error && h("p", { class: "error", id: `${id}-error` }, error),
    input,
  );
}

/** A list to choose one from, with its label. */
export function selectField(label, options, value, write, none = "不选") {
  const id = fresh();
  const choices = [
    h("option", { value: "" }, none),
    ...options.map((one) => h("option", { value: one.value }, one.label)),
  ];
  const select = h("select", { id, value: value ?? "", onchange: () => write(select.value) }, choices);
  return h("div", { class: "field" }, h("label", { for: id }, label), select);
}

/** Tiles to choose from: one of them, or with `many` any number; `write` gets a value or an array of them. */
export function tiles(legend, options, value, write, { many = false, error = "", hint = "" } = {}) {
  const name = fresh();
  const isShort = options.every((one) => one.label.length <= 3 && !one.mark);
  const chosen = new Set(many ? (value ?? []) : [value]);
  const tile = (one) => {
    const input = h("input", {
      type: many ? "checkbox" : "radio",
      name,
      value: one.value,
      checked: chosen.has(one.value),
    });
    input.addEventListener("change", () => {
      if (!many) return write(one.value);
      if (input.checked) chosen.add(one.value);
      else chosen.delete(one.value);
      write(options.map((option) => option.value).filter((option) => chosen.has(option)));
    });
    return h(
      "label",
      { class: "tile" },
      input,
      h("span", null, one.label, one.mark && h("small", { class: "quiet" }, ` ${one.mark}`)),
    );
  };
  return h(
    "fieldset",
    { class: error ? "field invalid" : "field", tabIndex: -1 },
    h("legend", null, legend),
    hint && h("p", { class: "hint" }, hint),
    error && h("p", { class: "error" }, error),
    h("div", { class: isShort ? "tiles short" : "tiles" }, options.map(tile)),
  );
}
