// Photos of a problem: made small on the phone, sealed, and kept apart from the record, which goes ahead of them.

import { changed } from "./bus.js";
import { h, icon } from "./h.js";
import { forget } from "./outbox.js";
import { get, isFull, save } from "./store.js";
import * as vault from "./vault.js";

const LONG_SIDE = 1600;
const QUALITY = 0.8;
const MOST = 6;

/** Of a problem: its photos that are still being made small or sealed, what went wrong, and who shows both at present. */
const desks = new WeakMap();
const deskOf = (problem) =>
  desks.get(problem) ?? desks.set(problem, { underWay: new Set(), trouble: "", paint() {} }).get(problem);

/** Whether a photo of one of `problems` is still being made. */
export const isBusy = (problems) => problems.some((problem) => deskOf(problem).underWay.size > 0);

/** Waits until no photo of `problems` is being made any more. Returns whether all of them have become photos. */
export async function made(problems) {
  const all = await Promise.all(problems.flatMap((problem) => [...deskOf(problem).underWay]));
  return all.every(Boolean);
}

/** The photos of `problem`, with a way to take one more. `touch()` is called when they have changed. */
export function photosOf(problem, door, touch) {
  const desk = deskOf(problem);
  const list = h("ul", { class: "photos" });
  const busy = h("p", { class: "quiet", role: "status" }, "照片正在存…");
  const trouble = h("p", { class: "error shown", role: "alert" });
  const input = h("input", { type: "file", accept: "image/*", capture: "environment" });
  const button = h("label", { class: "btn plain shoot" }, icon("camera"), "拍照", input);

  async function take() {
    const file = input.files[0];
    input.value = "";
    if (!file) return;
    desk.trouble = "";
    const photo = make(file);
    desk.underWay.add(photo);
    desk.paint();
    await photo;
    desk.underWay.delete(photo);
    await desk.paint();
  }

  /** Returns whether the picture has become a photo of the problem. */
  async function make(file) {
    try {
      problem.photos.push(await keep(await shrink(file), door));
      await touch(true);
      return true;
    } catch (error) {
      desk.trouble = isFull(error)
        ? "手机存储满了，这张照片没有存下。文字还在。请先到“上传”页把前面的传完再拍。"
        : "这张照片打不开，没有存下。请再拍一张。";
      return false;
    }
  }

  async function paint() {
    busy.hidden = desk.underWay.size === 0;
    trouble.textContent = desk.trouble;
    button.hidden = problem.photos.length + desk.underWay.size >= MOST;
    list.replaceChildren(...(await Promise.all(problem.photos.map((id, index) => item(id, index)))));
  }

  async function item(id, index) {
    const picture = h("img", { alt: `第 ${index + 1} 张照片` });
    const sealed = await get("pictures", id);
    if (sealed) {
      picture.src = URL.createObjectURL(
        new Blob([await vault.unsealBytes(`photo:${id}`, sealed)], { type: "image/jpeg" }),
      );
      picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
    }
    const remove = async () => {
      problem.photos = problem.photos.filter((one) => one !== id);
      await touch(true);
      await forget({ id });
      await paint();
      input.focus();
    };
    return h(
      "li",
      null,
      picture,
      h(
        "button",
        { type: "button", class: "btn plain small", onclick: remove, "aria-label": `删除第 ${index + 1} 张照片` },
        "删除",
      ),
    );
  }

  input.addEventListener("change", take);
  // The form may be painted anew while a photo is being made: whoever shows the problem then hears of it.
  desk.paint = paint;
  paint();
  return h("div", { class: "field" }, list, busy, trouble, button);
}

/** A JPEG of at most 1600 pixels on its long side, as bytes. */
async function shrink(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONG_SIDE / Math.max(picture.width, picture.height));
  const canvas = h("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return new Uint8Array(await blob.arrayBuffer());
}

async function keep(bytes, door) {
  const id = crypto.randomUUID();
  const sealed = await vault.seal(`photo:${id}`, bytes);
  await save(["photos", "pictures"], async ({ photos, pictures }) => {
    await pictures.add(sealed, id);
    await photos.add({
      id,
      record: null,
      door: door.id,
      state: "draft",
      at: Date.now(),
      size: bytes.length,
      tries: 0,
      next_try_at: 0,
    });
  });
  changed("draft", { photo: id });
  return id;
}
