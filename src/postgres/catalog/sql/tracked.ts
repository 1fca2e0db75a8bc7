import { userMappings } from "./foreign-data.js";
import { subscriptions } from "./replication.js";

/**
 * A system catalog whose rows are watched one by one. `identity` tells a row from the others; `owner` is the object that the row says something of; `raw` is the
 * object that others may depend on by it. Each is a class and an oid.
 */
interface TrackedCatalog {
  readonly name: string;
  readonly identity: string;
  readonly owner: Address;
  readonly raw: Address;
  /** Which rows are a user's: the others are PostgreSQL's own. */
  readonly ofUser: string;
}

type Address = readonly [classId: string, oid: string];

/** The first oid that is not PostgreSQL's own (manual, "Object Identifier Types": FirstNormalObjectId). */
export const firstUserOid = 16384;

const relation = (oid: string): Address => ["'pg_class'::regclass", oid];
const type = (oid: string): Address => ["'pg_type'::regclass", oid];

function tracked(name: string, identity: string, owner: Address, raw: Address = owner): TrackedCatalog {
  return { name, identity, owner, raw, ofUser: `${raw[1]} >= ${firstUserOid}` };
}

const withOid = (name: string, owner: Address): TrackedCatalog =>
  tracked(name, "oid", owner, [`'${name}'::regclass`, "oid"]);

const trackedCatalogs: readonly TrackedCatalog[] = [
  tracked("pg_class", "oid", relation("oid")),
  tracked("pg_index", "indexrelid", relation("indrelid"), relation("indexrelid")),
  withOid("pg_constraint", [
    "case when conrelid <> 0 then 'pg_class'::regclass else 'pg_type'::regclass end",
    "case when conrelid <> 0 then conrelid else contypid end",
  ]),
  withOid("pg_attrdef", relation("adrelid")),
  withOid("pg_trigger", relation("tgrelid")),
  withOid("pg_rewrite", relation("ev_class")),
  withOid("pg_policy", relation("polrelid")),
  tracked("pg_inherits", "inhrelid || '.' || inhparent", relation("inhrelid")),
  tracked("pg_sequence", "seqrelid", relation("seqrelid")),
  tracked("pg_foreign_table", "ftrelid", relation("ftrelid")),
  tracked("pg_partitioned_table", "partrelid", relation("partrelid")),
  withOid("pg_statistic_ext", ["'pg_statistic_ext'::regclass", "oid"]),
  tracked("pg_type", "oid", type("oid")),
  withOid("pg_enum", type("enumtypid")),
  tracked("pg_proc", "oid", ["'pg_proc'::regclass", "oid"]),
  tracked("pg_aggregate", "aggfnoid::oid", ["'pg_proc'::regclass", "aggfnoid::oid"]),
  tracked("pg_publication", "oid", ["'pg_publication'::regclass", "oid"]),
  withOid("pg_publication_rel", ["'pg_publication'::regclass", "prpubid"]),
  {
    name: "pg_description",
    identity: "classoid || '.' || objoid || '.' || objsubid",
    owner: ["classoid", "objoid"],
    raw: ["classoid", "objoid"],
    ofUser: `(objoid >= ${firstUserOid} or classoid in ('pg_namespace'::regclass, 'pg_extension'::regclass))`,
  },
];

/** Columns go only with their relation, and a change of one of them is a change of that. */
const attributes = (isNew: string): string =>
  `select 'pg_attribute', 0, json_agg(json_build_array(attrelid::text, 'pg_class'::regclass::oid::int8, attrelid::int8, 'pg_class'::regclass::oid::int8, attrelid::int8))
   from (select distinct attrelid from pg_attribute where ${isNew}) a`;

const rowsOf = ({ name, identity, owner, raw, ofUser }: TrackedCatalog, isWanted: string): string =>
  `select '${name}' as catalog, (count(*) filter (where ${ofUser}))::int as count,
     json_agg(json_build_array((${identity})::text, ${[...owner, ...raw].map((part) => `(${part})::oid::int8`).join(", ")})) filter (where ${isWanted}) as rows
   from ${name}`;

/** Catalogs that seldom change: where one row of these is another one than before, everything is read again. */
const rareCatalogs: readonly (readonly [name: string, identity: string, condition: string])[] = [
  ["pg_namespace", "oid", "true"],
  ["pg_extension", "oid", "true"],
  ["pg_default_acl", "oid", "true"],
  ["pg_event_trigger", "oid", "true"],
  ["pg_foreign_data_wrapper", "oid", "true"],
  ["pg_foreign_server", "oid", "true"],
  ["pg_transform", "oid", "true"],
  ["pg_language", "oid", "true"],
  ["pg_am", "oid", "true"],
  ["pg_depend", "classid || '.' || objid", "refclassid = 'pg_extension'::regclass and deptype = 'e'"],
  ...[
    "pg_operator", "pg_opclass", "pg_opfamily", "pg_amop", "pg_amproc", "pg_cast", "pg_conversion", "pg_collation", "pg_ts_config",
    "pg_ts_dict", "pg_ts_parser", "pg_ts_template",
  ].map((name) => [name, "oid", `oid >= ${firstUserOid}`] as const), // prettier-ignore
  ["pg_ts_config_map", "mapcfg || '.' || maptokentype || '.' || mapseqno", `mapcfg >= ${firstUserOid}`],
  ["pg_range", "rngtypid", `rngtypid >= ${firstUserOid}`],
];

/** One hash over the versions of all rows that seldom change, and over the names that every other object is printed with. */
const rare = (serverVersion: number): string => {
  const catalogs = serverVersion < 150000 ? [] : [["pg_publication_namespace", "oid", "true"] as const];
  const versions = [...rareCatalogs, ...catalogs].map(
    ([name, identity, condition]) =>
      `select '${name} ' || ${identity} || ' ' || xmin || ' ' || ctid from ${name} where ${condition}`,
  );
  const printed = [
    "select 'role ' || oid || ' ' || rolname from pg_roles",
    "select 'tablespace ' || oid || ' ' || spcname from pg_tablespace",
    `select 'subscription ' || q::text from (${subscriptions.text}) q`,
    `select 'mapping ' || q::text from (${userMappings.text}) q`,
  ];
  return `select 'rare', 0, json_build_array(md5(string_agg(line, E'\\n' order by line collate "C")))
    from (${[...versions, ...printed].join("\n union all ")}) as r (line)`;
};

const mark = `select 'mark', 0, json_build_array(pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text) from pg_current_snapshot() as s`;

const all = (isWanted: (catalog: TrackedCatalog) => string, isNew: string, serverVersion: number): string =>
  [
    ...trackedCatalogs.map((catalog) => rowsOf(catalog, isWanted(catalog))),
    attributes(isNew),
    rare(serverVersion),
    mark,
  ].join("\nunion all\n");

/** Every row of a user's in the tracked catalogs. Takes the excluded schemas as `$1`. */
export const listAll = (serverVersion: number): string => all(({ ofUser }) => ofUser, "false", serverVersion);

/**
 * The rows that were written since the transaction id `$2`, and how many of a user's there are in all. Takes the excluded schemas as `$1`. `age` is the distance from
 * the next transaction id, so the comparison holds over a wraparound (manual, 25.1.5) as long as `$2` is not two billion transactions old.
 * A row that was frozen keeps its id, and after two billion transactions more that looks like one to come: no row that can be seen is from there.
 */
export const changedSince = (serverVersion: number): string => {
  const isNew = "age(xmin) between 0 and (select w from since)";
  return `with since (w) as materialized (select age($2::xid)) ${all(() => isNew, isNew, serverVersion)}`;
};

/** Rows whose objects' oids are near each other are counted together. */
export const bucketSize = 128;

const bucketOf = ({ raw }: TrackedCatalog): string => `(${raw[1]})::int8 / ${bucketSize}`;

const named = (names: readonly string[]): readonly TrackedCatalog[] =>
  trackedCatalogs.filter(({ name }) => names.includes(name));

/** How many rows of a user's there are in each bucket of these catalogs. */
export const bucketsIn = (names: readonly string[]): string =>
  named(names)
    .map(
      (catalog) => `select '${catalog.name}' as catalog, json_object_agg(bucket, count) as counts
        from (select ${bucketOf(catalog)} as bucket, count(*)::int as count from ${catalog.name} where ${catalog.ofUser} group by 1) b`,
    )
    .join(" union all ");

/** The identities of a user's rows in some buckets, which are a parameter for each of these catalogs in their order here. */
export const identitiesIn = (
  names: readonly string[],
): { readonly names: readonly string[]; readonly text: string } => ({
  names: named(names).map(({ name }) => name),
  text: named(names)
    .map(
      (catalog, index) => `select '${catalog.name}' as catalog, json_agg((${catalog.identity})::text) as identities
        from ${catalog.name} where ${catalog.ofUser} and ${bucketOf(catalog)} = any ($${index + 1}::int8[])`,
    )
    .join(" union all "),
});

const classIs = (name: string): string => `r.class = '${name}'::regclass`;

/**
 * What is to be read anew for the objects whose classes are `$1` and whose oids are `$2`: their units, and, where `$3` says that it may have another name now, those of
 * whatever depends on them, directly or through others: an aggregate prints the
 * type of its state, and depends on it only through its functions. A `unit` of kind `all` means that only reading everything helps.
 */
export const unitsOf = `with recursive reached (class, id, named) as (select * from unnest($1::oid[], $2::oid[], $3::boolean[]) t
    union select d.classid, d.objid, true from reached t join pg_depend d on t.named and d.refclassid = t.class and d.refobjid = t.id),
  r as materialized (select distinct class, id from reached),
  units (kind, unit) as (
    select case when c.relkind = 'c' then 'all' else 'relation' end, coalesce(i.indrelid, c.oid)
      from r join pg_class c on ${classIs("pg_class")} and c.oid = r.id left join pg_index i on i.indexrelid = c.oid
    union all select 'relation', d.refobjid
      from r join pg_class c on ${classIs("pg_class")} and c.oid = r.id and c.relkind = 'S'
        join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
    union all select case when b.typtype = 'e' then 'enum' when c.relkind <> 'c' then 'relation' else 'all' end,
        case when b.typtype = 'e' then b.oid else c.oid end
      from r join pg_type t on ${classIs("pg_type")} and t.oid = r.id
        left join pg_type e on e.oid = t.typelem and e.typarray = t.oid
        join pg_type b on b.oid = coalesce(e.oid, t.oid) left join pg_class c on c.oid = b.typrelid
    union all select 'routine', r.id from r where ${classIs("pg_proc")}
    union all select 'statistics', r.id from r where ${classIs("pg_statistic_ext")}
    union all select case when con.conrelid = 0 then 'all' else 'relation' end, con.conrelid
      from r join pg_constraint con on ${classIs("pg_constraint")} and con.oid = r.id
    union all select 'relation', d.adrelid from r join pg_attrdef d on ${classIs("pg_attrdef")} and d.oid = r.id
    union all select 'relation', t.tgrelid from r join pg_trigger t on ${classIs("pg_trigger")} and t.oid = r.id
    union all select 'relation', con.conrelid from r join pg_trigger t on ${classIs("pg_trigger")} and t.oid = r.id
      join pg_constraint con on con.oid = t.tgconstraint
    union all select 'relation', w.ev_class from r join pg_rewrite w on ${classIs("pg_rewrite")} and w.oid = r.id
    union all select 'relation', p.polrelid from r join pg_policy p on ${classIs("pg_policy")} and p.oid = r.id
    union all select 'publication', r.id from r where ${classIs("pg_publication")}
    union all select 'publication', p.prpubid from r join pg_publication_rel p on ${classIs("pg_publication_rel")} and p.oid = r.id
    union all select 'all', 0 from r where r.class <> all (array['pg_class', 'pg_type', 'pg_proc', 'pg_statistic_ext', 'pg_constraint', 'pg_attrdef',
      'pg_trigger', 'pg_rewrite', 'pg_policy', 'pg_publication', 'pg_publication_rel']::regclass[]))
  select distinct kind, unit from units`;
