// Photos of a problem: made small on the phone, sealed, and kept apart from the record, which goes ahead of them.

import { changed } from "./bus.js";
import { h, icon } from "./h.js";
import { forget } from "./outbox.js";
import { get, isFull, save } from "./store.js";
import * as vault from "./vault.js";

const LONG_SIDE = 1600;
const QUALITY = 0.8;
const MOST = 6;

/** The photos of `problem`, with a way to take one more. `touch()` is called when they have changed. */
export function photosOf(problem, door, touch) {
  const list = h("ul", { class: "photos" });
  const trouble = h("p", { class: "error shown", role: "alert", hidden: true });
  const input = h("input", { type: "file", accept: "image/*", capture: "environment" });
  const button = h("label", { class: "btn plain shoot" }, icon("camera"), "拍照", input);

  async function take() {
    const file = input.files[0];
    input.value = "";
    if (!file) return;
    trouble.hidden = true;
    try {
      const id = await keep(await shrink(file), door);
      problem.photos.push(id);
      await touch(true);
      await paint();
    } catch (error) {
      trouble.textContent = isFull(error)
        ? "手机存储满了，这张照片没有存下。文字还在。请先到“上传”页把前面的传完再拍。"
        : "这张照片打不开，没有存下。请再拍一张。";
      trouble.hidden = false;
    }
  }

  async function paint() {
    const items = await Promise.all(problem.photos.map((id, index) => item(id, index)));
    list.replaceChildren(...items);
    button.hidden = problem.photos.length >= MOST;
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
  paint();
  return h("div", { class: "field" }, list, trouble, button);
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
