import { contentOf, type Node } from "../../sql/node.js";
import type { QualifiedName } from "../../sql/name.js";
import type { Constraint, Command } from "./alter-text.js";
import type { Names } from "./names.js";
import { sameTree } from "./same-tree.js";

/** Where a subcommand stands: what its forms are written with. */
export interface Place {
  readonly table: QualifiedName;
  /** `ALTER TABLE app.tasks`, in the author's words. */
  readonly prefix: string;
  /** `app.tasks`, in the author's words. */
  readonly tableWords: string;
  readonly only: boolean;
  readonly names: Names;
  readonly group: number;
}

/** Whether a statement is an ALTER TABLE of exactly these subcommands. */
export function altersBy(commands: readonly Command[]): (node: Node) => boolean {
  const expected = commands.map((command) => ({ AlterTableCmd: command }));
  return (node) => sameTree(contentOf(node, "AlterTableStmt")?.cmds, expected);
}

/** Whether a statement is an ALTER TABLE that adds exactly this constraint. */
export function adds(constraint: Constraint): (node: Node) => boolean {
  const command = { subtype: "AT_AddConstraint", def: { Constraint: constraint }, behavior: "DROP_RESTRICT" } as const;
  return altersBy([command]);
}
