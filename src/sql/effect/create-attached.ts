import type { CreatePolicyStmt, CreateTrigStmt, RangeVar, RuleStmt } from "libpg-query";
import { contentsOf, stringsOf, type Node } from "../node.js";
import { commandOf } from "./create-object.js";
import type { EffectsDraft } from "./effects.js";
import { columnsInExpression } from "./expression.js";
import type { LockMode } from "./lock-mode.js";
import { readingOf } from "./reading.js";
import { globalReference, lock, nameFromNodes, reference, referenceOf, relationName } from "./relation.js";
import type { EffectRules } from "./rules.js";
import type { EffectsPart } from "./table-element.js";

/** What hangs on a table: triggers, rules, policies. And publications and subscriptions, which list tables. */
export const createAttachedRules: EffectRules = {
  CreateTrigStmt: createTrigger,
  RuleStmt: createRule,
  CreatePolicyStmt: (content) => ({
    ...policy("CREATE POLICY", content),
    creates: [referenceOf("policy", relationName(content.table), content.policy_name)],
  }),
  AlterPolicyStmt: (content) => {
    const draft = policy("ALTER POLICY", content);
    return {
      ...draft,
      needs: [referenceOf("policy", relationName(content.table), content.policy_name), ...(draft.needs ?? [])],
    };
  },
  CreateEventTrigStmt: ({ trigname, funcname }) => ({
    command: "CREATE EVENT TRIGGER",
    nature: "schema",
    creates: [globalReference("event trigger", trigname)],
    needs: [reference("function", nameFromNodes(funcname))],
  }),
  AlterEventTrigStmt: ({ trigname }) => ({
    command: "ALTER EVENT TRIGGER",
    nature: "schema",
    needs: [globalReference("event trigger", trigname)],
  }),
  CreatePublicationStmt: ({ pubname, pubobjects }) => ({
    command: "CREATE PUBLICATION",
    nature: "schema",
    creates: [globalReference("publication", pubname)],
    ...published(pubobjects),
  }),
  AlterPublicationStmt: ({ pubname, pubobjects }) => {
    const listed = published(pubobjects);
    return {
      command: "ALTER PUBLICATION",
      nature: "schema",
      needs: [globalReference("publication", pubname), ...listed.needs],
      locks: listed.locks,
    };
  },
};

function createTrigger(content: CreateTrigStmt): EffectsDraft {
  const table = relationName(content.relation);
  const other = content.constrrel === undefined ? [] : [relationName(content.constrrel)];
  const words = content.isconstraint === true ? "CONSTRAINT TRIGGER" : "TRIGGER";
  return {
    command: commandOf(words, content.replace),
    nature: "schema",
    creates: [referenceOf("trigger", table, content.trigname)],
    needs: [
      ...[table, ...other].map((each) => reference("table", each)),
      ...stringsOf(content.columns).map((column) => referenceOf("column", table, column)),
      reference("function", nameFromNodes(content.funcname)),
    ],
    locks: [lock(table, "SHARE ROW EXCLUSIVE"), ...other.map((each) => lock(each, "ACCESS SHARE"))],
  };
}

/** A rule on SELECT makes a view of the table; any rule changes what each statement on it means. */
function createRule({ relation, rulename, replace, actions, whereClause }: RuleStmt): EffectsDraft {
  const table = relationName(relation);
  const read = readingOf([actions, whereClause]);
  const isTransitionRow = (name: string): boolean => name === "old" || name === "new";
  return {
    command: commandOf("RULE", replace),
    nature: "schema",
    creates: [referenceOf("rule", table, rulename)],
    needs: [reference("table", table), ...read.needs.filter((need) => !isTransitionRow(need.of ?? need.name))],
    locks: [lock(table, "ACCESS EXCLUSIVE"), ...read.locks.filter((each) => !isTransitionRow(each.relation.name))],
  };
}

function policy(command: string, content: CreatePolicyStmt): EffectsDraft {
  const table = relationName(content.table);
  const expressions = [content.qual, content.with_check];
  const read = readingOf(expressions);
  // With a query inside, a bare column may belong to the query's own tables.
  const columns = read.locks.length === 0 ? columnsInExpression(expressions, new Set([table.name])) : [];
  const roles = contentsOf(content.roles, "RoleSpec").flatMap(({ rolename }) => rolename ?? []);
  return {
    command,
    nature: "schema",
    needs: [
      reference("table", table),
      ...columns.map((column) => referenceOf("column", table, column)),
      ...roles.map((role) => globalReference("role", role)),
      ...read.needs,
    ],
    locks: [lock(table, "ACCESS EXCLUSIVE"), ...read.locks],
  };
}

function published(objects: readonly Node[] | undefined): Pick<EffectsPart, "needs" | "locks"> {
  const mode: LockMode = "SHARE UPDATE EXCLUSIVE";
  const listed = contentsOf(objects, "PublicationObjSpec");
  const tables = listed.flatMap(({ pubtable }) => (pubtable === undefined ? [] : [pubtable]));
  const schemas = listed.filter(({ pubobjtype }) => pubobjtype === "PUBLICATIONOBJ_TABLES_IN_SCHEMA");
  return {
    needs: [
      ...tables.flatMap(({ relation, columns }) => tableWithColumns(relation, columns)),
      ...schemas.map(({ name }) => globalReference("schema", name)),
    ],
    locks: tables.map(({ relation }) => lock(relationName(relation), mode)),
  };
}

function tableWithColumns(relation: RangeVar | undefined, columns: readonly Node[] | undefined): EffectsPart["needs"] {
  const table = relationName(relation);
  return [reference("table", table), ...stringsOf(columns).map((column) => referenceOf("column", table, column))];
}
