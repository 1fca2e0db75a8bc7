import { giveBack } from "./give-back.js";
import { image } from "./image.js";
import { write } from "./write.js";

export const rowsSchema = [image, write, giveBack].join("\n");
