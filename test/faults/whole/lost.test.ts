import { wholeMatrix } from "../matrix/whole.js";

wholeMatrix("lost answer");
