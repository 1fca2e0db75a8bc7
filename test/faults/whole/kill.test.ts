import { wholeMatrix } from "../matrix/whole.js";

wholeMatrix("SIGKILL");
