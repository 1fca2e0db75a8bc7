export * from "./gate.js";
export * from "./measurement.js";
export * from "./reading.js";
export * from "./validate-gate.js";
export * from "./verdict.js";
