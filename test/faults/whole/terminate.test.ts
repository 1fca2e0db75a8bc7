import { wholeMatrix } from "../matrix/whole.js";

wholeMatrix("terminate");
