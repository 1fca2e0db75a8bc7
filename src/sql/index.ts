export { effectsOf, type Effects, type LockMode, type ObjectReference } from "./effects.js";
export { inverseOf, type Inverse } from "./inverse.js";
export type { QualifiedName } from "./name.js";
export { parseStatements } from "./parse.js";
export { quoteIdentifier, quoteLiteral, quoteQualified } from "./quote.js";
export { makeConcurrent } from "./splice.js";
export type { Statement } from "./statement.js";
