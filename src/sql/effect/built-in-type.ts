/** The types that every PostgreSQL has (PostgreSQL manual, Data Types, and the pseudo-types), under the names that people write. */
const BUILT_IN_TYPES: ReadonlySet<string> = new Set(
  `
  aclitem any anyarray anycompatible anycompatiblearray anycompatiblemultirange anycompatiblenonarray anycompatiblerange anyelement
  anyenum anymultirange anynonarray anyrange bigserial bit bool boolean box bpchar bytea char cid cidr circle cstring date
  datemultirange daterange decimal event_trigger fdw_handler float4 float8 gtsvector index_am_handler inet int int2 int2vector int4
  int4multirange int4range int8 int8multirange int8range integer internal interval json jsonb jsonpath language_handler line lseg
  macaddr macaddr8 money name numeric nummultirange numrange oid oidvector path pg_lsn pg_snapshot point polygon record refcursor
  regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype serial serial2
  serial4 serial8 smallserial table_am_handler text tid time timestamp timestamptz timetz trigger tsm_handler tsmultirange tsquery
  tsrange tstzmultirange tstzrange tsvector txid_snapshot unknown uuid varbit varchar void xid xid8 xml
  `
    .trim()
    .split(/\s+/),
);

export function isBuiltInType(name: string): boolean {
  return BUILT_IN_TYPES.has(name);
}
