import { free } from "./free.js";
import { hide } from "./hide.js";
import { hiding } from "./hiding.js";
import { keys } from "./keys.js";
import { reach } from "./reach.js";
import { settle } from "./settle.js";

/** What a change drops is hidden, brought back, settled and purged. */
export const hidingSchema = [reach, keys, hiding, hide, free, settle].join("\n");
