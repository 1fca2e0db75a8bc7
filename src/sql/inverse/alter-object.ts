import type { AlterDomainStmt, AlterPublicationStmt, PublicationObjSpec } from "libpg-query";
import { nameFromNodes, relationName } from "../effect/relation.js";
import { contentOf, contentsOf } from "../node.js";
import { quoteIdentifier, quoteQualified } from "../quote.js";
import { dropConstraint } from "./alter-table.js";
import { noWayBack, NOTHING_TO_TAKE_BACK, wayBack, type Inverse } from "./inverse.js";

/** By the letter that the tree has for what is altered. */
export function inverseOfAlterDomain({ subtype, typeName, name, def }: AlterDomainStmt): Inverse {
  const start = `ALTER DOMAIN ${quoteQualified(nameFromNodes(typeName))}`;
  switch (subtype) {
    case "O":
      return wayBack(`${start} DROP NOT NULL`);
    case "N":
      return wayBack(`${start} SET NOT NULL`);
    case "C":
      return dropConstraint(start, contentOf(def, "Constraint") ?? {});
    case "V":
      return NOTHING_TO_TAKE_BACK;
    case "X":
      return noWayBack(`The statement does not hold the definition of the constraint ${name ?? ""} that it drops.`);
    default:
      return noWayBack("The statement does not tell which default the domain had before.");
  }
}

/** What was added can be taken out; what was taken out had columns and filters that the statement does not tell. */
export function inverseOfAlterPublication({ pubname, pubobjects, action, options }: AlterPublicationStmt): Inverse {
  if (options !== undefined || action !== "AP_AddObjects") {
    return noWayBack("The statement does not tell what the publication held, and how it was set, before.");
  }
  const objects = contentsOf(pubobjects, "PublicationObjSpec");
  const named = objects.flatMap((object) => publishedText(object) ?? []);
  if (named.length < objects.length) {
    return noWayBack("The statement does not name the schema that it adds. Write the schema's name.");
  }
  return wayBack(`ALTER PUBLICATION ${quoteIdentifier(pubname ?? "")} DROP ${named.join(", ")}`);
}

function publishedText({ pubtable, name }: PublicationObjSpec): string | null {
  if (pubtable !== undefined) return `TABLE ${quoteQualified(relationName(pubtable.relation))}`;
  return name === undefined ? null : `TABLES IN SCHEMA ${quoteIdentifier(name)}`;
}
