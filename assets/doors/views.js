// What is looked at once the phone is open.

export { doorView } from "./door.js";
export { listView, placesView, takePlace } from "./list.js";
export { rollView } from "./roll.js";
export { uploadView } from "./upload.js";
