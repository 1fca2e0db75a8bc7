/**
 * How Rails maps the types of a migration to PostgreSQL (Active Record, PostgreSQL adapter, native database types), each written as
 * PostgreSQL itself prints it.
 */
const PLAIN_TYPES: ReadonlyMap<string, string> = new Map([
  ["string", "character varying"],
  ["float", "double precision"],
  ["decimal", "numeric"],
  ["datetime", "timestamp(6) without time zone"],
  ["timestamp", "timestamp without time zone"],
  ["timestamptz", "timestamp with time zone"],
  ["time", "time without time zone"],
  ["binary", "bytea"],
  ["bit_varying", "bit varying"],
  ["primary_key", "bigserial PRIMARY KEY"],
  ...(
    "text integer bigint date boolean json jsonb uuid inet cidr macaddr hstore xml tsvector citext ltree bit money interval oid " +
    "point line lseg box path polygon circle int4range int8range numrange tsrange tstzrange daterange"
  )
    .split(" ")
    .map((name) => [name, name] as const),
]);

/** Types that stand for something else than one column of a type. */
const SPECIAL_TYPES = ["references", "belongs_to", "digest", "token", "rich_text", "attachment", "attachments"];

/** For a message: every type that an attribute can have. */
export const KNOWN_TYPES = [...PLAIN_TYPES.keys(), ...SPECIAL_TYPES].toSorted().join(", ");

/** 1 GiB - 1: the most that PostgreSQL stores in one value. */
const LONGEST_VALUE_BYTES = 0x3fffffff;
/** PostgreSQL manual, Character Types. */
const LONGEST_STRING = 10_485_760;
/** PostgreSQL manual, Arbitrary Precision Numbers. */
const HIGHEST_PRECISION = 1000;

/** The PostgreSQL type, or what an attribute of this Rails type would have to look like. */
export type TypeReading = { readonly type: string } | { readonly expected: string };

/**
 * @param name a Rails type.
 * @param modifier what stands in braces after it, such as `40` or `10,2`; null without braces.
 */
export function columnType(name: string, modifier: string | null): TypeReading {
  const plain = PLAIN_TYPES.get(name);
  if (plain === undefined) return { expected: `one of the types ${KNOWN_TYPES}` };
  if (modifier === null) return { type: plain };
  switch (name) {
    case "string":
      return limited(modifier, LONGEST_STRING, name, (limit) => `character varying(${limit})`);
    case "text":
    case "binary":
      // Sizes are for MySQL; Rails passes over them on PostgreSQL.
      if (/^(?:tiny|medium|long)$/.test(modifier)) return { type: plain };
      return limited(modifier, LONGEST_VALUE_BYTES, name, () => plain);
    case "integer":
      return limited(modifier, 8, name, (bytes) => (bytes <= 2 ? "smallint" : bytes <= 4 ? "integer" : "bigint"));
    case "decimal":
      return decimal(modifier);
    default:
      return { expected: `${name} without {…}, which only string, text, binary, integer, decimal and references take` };
  }
}

function limited(modifier: string, most: number, name: string, type: (limit: number) => string): TypeReading {
  const limit = Number(modifier);
  if (/^\d{1,10}$/.test(modifier) && limit >= 1 && limit <= most) return { type: type(limit) };
  return { expected: `${name}{…} with a limit from 1 to ${most}` };
}

/** Rails takes a comma, a dot or a hyphen, since a shell may give the first a meaning of its own. */
function decimal(modifier: string): TypeReading {
  const [, precision = "", scale = ""] = /^(\d{1,4})[,.-](\d{1,4})$/.exec(modifier) ?? [];
  const fits = Number(precision) >= 1 && Number(precision) <= HIGHEST_PRECISION && Number(scale) <= HIGHEST_PRECISION;
  if (precision !== "" && fits) return { type: `numeric(${Number(precision)},${Number(scale)})` };
  return { expected: `decimal{precision,scale}, such as decimal{10,2}, each at most ${HIGHEST_PRECISION}` };
}
