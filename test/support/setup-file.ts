import { afterAll } from "vitest";
import { clearUp } from "./after-file.js";

// Run before each test file: a module that several files share is itself run once only.
afterAll(clearUp);
