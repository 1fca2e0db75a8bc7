export type { Attribute, CatalogObject, Snapshot } from "./snapshot.js";
export { fingerprint, snapshotOf } from "./snapshot.js";
export type { Difference } from "./difference.js";
export { describeDifference, differences } from "./difference.js";
export { expectedAfterUndo } from "./undo.js";
