// What would be lost if the phone were cleared now.

// A phone without any room cannot note down what has become of its records. This page remembers it for as long as it lives;
// afterwards they are sent, or taken away, once more, which changes nothing.

/** What the server has answered for records whose receipts could not be kept, by the records' ids. */
export const answered = new Map();

/** Ids of what was taken away in a file. */
export const filed = new Set();

/** Whether the server has no record of this content yet: of a clash it has both. */
export const isUnsent = (row) => row.state !== "clash" && !answered.has(row.id);

/**
 * Of what lies on the phone: how many visits and photos have not arrived (`unsent`, `photos`), how many of them are in no
 * file either (`visits`, `pictures`), how many only in a file (`exported`), and the doors with a half-written form, which
 * cannot leave the phone at all. `bytes` are the ids of the photos of which there is a picture.
 */
export function leftOf({ outbox, photos, drafts, bytes }) {
  const unsent = outbox.filter(isUnsent);
  const there = new Set(bytes);
  const waiting = photos.filter((photo) => photo.state !== "draft" && there.has(photo.id));
  const isInFile = (row) => row.exported_at > 0 || filed.has(row.id);
  const inNoFile = (rows) => rows.filter((row) => !isInFile(row)).length;
  return {
    unsent: unsent.length,
    photos: waiting.length,
    visits: inNoFile(unsent),
    pictures: inNoFile(waiting),
    exported: [...unsent, ...waiting].filter(isInFile).length,
    drafts,
  };
}

/** Whether something is neither with the server nor in a file. */
export const wouldBeLost = ({ visits, pictures }) => visits + pictures > 0;

/** “3 条走访、2 张照片” */
export const amounts = (visits, pictures) =>
  [visits > 0 && `${visits} 条走访`, pictures > 0 && `${pictures} 张照片`].filter(Boolean).join("、");

/**
 * Notes beside the database how much in it has not arrived: a browser that runs out of room throws a database away as a
 * whole, and then this number is all that tells of it.
 */
export function noteLeft({ unsent, photos }) {
  const noted = unsent + photos ? `${unsent}-${photos}; max-age=31536000` : "; max-age=0";
  document.cookie = `${NOTE}=${noted}; path=/doors; samesite=strict`;
}

/** What was noted last, in words: “3 条走访、2 张照片”, or nothing. */
export function lastLeft() {
  const [, visits, pictures] = document.cookie.match(`(?:^|; )${NOTE}=(\\d+)-(\\d+)`) ?? [];
  return amounts(Number(visits), Number(pictures));
}

const NOTE = "unsent";

/** What cannot be taken along. */
export const draftWords = ({ drafts }) =>
  drafts.length ? `有 ${drafts.length} 户写了一半，不能导出，清除以后就没有了。` : "";
