import { wholeMatrix } from "../matrix/whole.js";

wholeMatrix("server crash");
