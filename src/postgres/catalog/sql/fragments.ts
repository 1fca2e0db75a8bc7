import type { ObjectKind } from "../../../snapshot/object-key.js";

/**
 * One statement that reads one kind of object. Every statement takes the names of the excluded schemas as `$1`.
 *
 * Its columns: those named in `path` (and `signature`) make the key; `kind` overrides the kind; `oid` and `classId` are the
 * object's address; `unit` is the oid of what it is read anew with (see `tracked.ts`), where there is such a thing; `acl` with `aclDefault` and `owner` become the privileges; `options` (a list of `name=value`) becomes a
 * map; a column named `@x` holds the path of another object, or a list of paths; each other column is an attribute as it is.
 * What is null, false or an empty list is left out: statements give null or false for PostgreSQL's default.
 */
export interface CatalogQuery {
  readonly kind: ObjectKind;
  readonly path: readonly string[];
  readonly text: string;
  /** What its `unit` is the oid of; left out where its objects are read anew only with all others. */
  readonly unit?: UnitKind;
}

/** A relation (table, view, sequence) with all its parts, a routine, an enum, a statistics object, a publication. */
export type UnitKind = "relation" | "routine" | "enum" | "statistics" | "publication";

/** The schemas that belong to the user: `n`, with `oid` and `nspname`. */
export const userSchemas = `n as (
  select oid, nspname, nspowner, nspacl from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema' and nspname <> all ($1::text[])
)`;

/** Objects that an extension brought with it are part of the extension. */
export const notOfExtension = (catalog: string, oid: string): string => `not exists (
    select from pg_depend member where member.classid = '${catalog}'::regclass and member.objid = ${oid} and member.objsubid = 0 and member.deptype = 'e')`;

/** The comment on an object, as the alias `comment`. */
export const commentJoin = (catalog: string, oid: string, column = "0"): string =>
  `left join pg_description comment on comment.classoid = '${catalog}'::regclass and comment.objoid = ${oid} and comment.objsubid = ${column}`;

/** Access list and the built-in default to compare it with; the latter only where there is a list. */
export const privileges = (acl: string, type: string, owner: string): string =>
  `${acl}::text[] as acl, case when ${acl} is not null then acldefault(${type}, ${owner})::text[] end as "aclDefault"`;

/** Values of options that may be a secret never leave the server. */
export const withoutSecrets = (options: string): string => `(
    select array_agg(case when o ~* '^[^=]*(pass|secret|token|key|cred)' then split_part(o, '=', 1) || '=(not shown)' else o end)
    from unnest(${options}) as o)`;
