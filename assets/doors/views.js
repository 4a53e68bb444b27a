// What is looked at once the phone is open.

export { doorView } from "./door.js";
export { listView, placesView, takePlace } from "./list.js";
export { lessonView } from "./lesson.js";
export { uploadView } from "./upload.js";
