import { giveBack } from "./give-back.js";
import { image } from "./image.js";
import { notKeptSchema } from "./not-kept.js";
import { values } from "./values.js";
import { write } from "./write.js";

export const rowsSchema = [notKeptSchema, image, write, values, giveBack].join("\n");
