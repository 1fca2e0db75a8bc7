export { changesOf, type ProposedChange } from "./changes-of.js";
export { parseProposal } from "./parse-proposal.js";
export type { Action, AdvisoryAction, Proposal, SchemaAction } from "./proposal.js";
