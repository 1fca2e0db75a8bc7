import type { CreateFunctionStmt, CreateRangeStmt, DefElem, DefineStmt, ObjectType } from "libpg-query";
import { contentOf, contentsOf, stringsOf, type Node } from "../node.js";
import type { EffectsDraft } from "./effects.js";
import type { ObjectKind } from "./object-reference.js";
import { objectKindOf, objectWords } from "./object-type.js";
import { readingOf } from "./reading.js";
import { globalReference, nameFromNodes, nameFromParts, reference, referenceOf, relationName } from "./relation.js";
import type { EffectRules } from "./rules.js";
import { typeReferences } from "./type-name.js";

/** CREATE of what lives in a schema and is no relation: types, domains, functions */
export const createObjectRules: EffectRules = {
  CompositeTypeStmt: ({ typevar, coldeflist }) => ({
    ...create("type", "CREATE TYPE"),
    creates: [reference("type", relationName(typevar))],
    needs: contentsOf(coldeflist, "ColumnDef").flatMap((column) => typeReferences(column.typeName)),
  }),
  CreateEnumStmt: ({ typeName }) => ({
    ...create("type", "CREATE TYPE"),
    creates: [reference("type", nameFromNodes(typeName))],
  }),
  CreateRangeStmt: createRange,
  CreateDomainStmt: ({ domainname, typeName, constraints }) => ({
    ...create("domain"),
    creates: [
      reference("domain", nameFromNodes(domainname)),
      ...contentsOf(constraints, "Constraint").flatMap(({ conname }) =>
        conname === undefined ? [] : [referenceOf("constraint", nameFromNodes(domainname), conname)],
      ),
    ],
    needs: [...typeReferences(typeName), ...readingOf(constraints).needs],
  }),
  CreateFunctionStmt: createFunction,
  DefineStmt: define,
  CreateCastStmt: ({ sourcetype, targettype, func }) => ({
    ...create("cast"),
    creates: [globalReference("cast", `${lastName(sourcetype?.names)} as ${lastName(targettype?.names)}`)],
    needs: [
      ...typeReferences(sourcetype),
      ...typeReferences(targettype),
      ...(func === undefined ? [] : [reference("function", nameFromNodes(func.objname))]),
    ],
  }),
  CreateConversionStmt: ({ conversion_name, func_name }) => ({
    ...create("conversion"),
    creates: [reference("conversion", nameFromNodes(conversion_name))],
    needs: [reference("function", nameFromNodes(func_name))],
  }),
  CreateOpClassStmt: ({ opclassname, datatype }) => ({
    ...create("operator class"),
    creates: [reference("operator class", nameFromNodes(opclassname))],
    needs: typeReferences(datatype),
  }),
  CreateOpFamilyStmt: ({ opfamilyname }) => ({
    ...create("operator family"),
    creates: [reference("operator family", nameFromNodes(opfamilyname))],
  }),
  CreateTransformStmt: ({ type_name, lang, replace }) => ({
    ...create("transform", commandOf("TRANSFORM", replace)),
    creates: [globalReference("transform", `${lastName(type_name?.names)} for ${lang ?? ""}`)],
    needs: typeReferences(type_name),
  }),
};

/** The start of the effects of a CREATE. */
export function create(
  kind: ObjectKind,
  command = `CREATE ${kind.toUpperCase()}`,
): { readonly command: string; readonly nature: "schema" } {
  return { command, nature: "schema" };
}

/** `CREATE OR REPLACE …` where the statement says so. */
export function commandOf(words: string, replace: boolean | undefined): string {
  return `CREATE ${replace === true ? "OR REPLACE " : ""}${words}`;
}

function createFunction(content: CreateFunctionStmt): EffectsDraft {
  const kind = content.is_procedure === true ? "procedure" : "function";
  const parameters = contentsOf(content.parameters, "FunctionParameter");
  const body = readingOf([content.sql_body, parameters.map(({ defexpr }) => defexpr)]);
  return {
    ...create(kind, commandOf(kind.toUpperCase(), content.replace)),
    creates: [reference(kind, nameFromNodes(content.funcname))],
    needs: [
      ...parameters.flatMap(({ argType }) => typeReferences(argType)),
      ...typeReferences(content.returnType),
      ...body.needs,
    ],
    locks: body.locks,
  };
}

function createRange({ typeName, params }: CreateRangeStmt): EffectsDraft {
  const subtype = contentsOf(params, "DefElem").find((option: DefElem) => option.defname === "subtype");
  return {
    ...create("type"),
    creates: [reference("type", nameFromNodes(typeName))],
    needs: typeReferences(contentOf(subtype?.arg, "TypeName")),
  };
}

/** Aggregates, operators, base types, collations and the parts of text search. */
function define({ kind, defnames, if_not_exists, replace }: DefineStmt): EffectsDraft {
  const type: ObjectType = kind ?? "OBJECT_TYPE";
  return {
    ...create("type", commandOf(objectWords(type), replace)),
    ifNotExists: if_not_exists === true,
    creates: [reference(objectKindOf(type), nameFromNodes(defnames))],
  };
}

function lastName(names: readonly Node[] | undefined): string {
  return nameFromParts(stringsOf(names)).name;
}
