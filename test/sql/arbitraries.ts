import * as fc from "fast-check";

/** The longest name that PostgreSQL does not cut (manual, Identifiers and Key Words). */
const MAX_NAME_BYTES = 63;

/** Characters that are easy to get wrong: quotes, backslashes, dollars, comments, and more than one byte. */
const trickyCharacter = fc.constantFrom(
  '"',
  "'",
  "\\",
  "$",
  "-",
  "/",
  "*",
  ";",
  " ",
  "\n",
  "\t",
  "ü",
  "😀",
  "é",
  "%",
  ":",
  "A",
);

const character = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
  { weight: 2, arbitrary: trickyCharacter },
  { weight: 2, arbitrary: fc.constantFrom("a", "b", "_", "1") },
);

/** Any text without NUL and without half a surrogate pair, which UTF-8 cannot hold. */
export const storableText: fc.Arbitrary<string> = fc
  .array(character, { maxLength: 40 })
  .map((characters) => characters.join(""))
  .filter((text) => !text.includes("\0") && !/\p{Cs}/u.test(text));

/** Key words of each class of the grammar, which a name may be too. */
const keyWord = fc.constantFrom(
  "select",
  "user",
  "left",
  "int",
  "between",
  "values",
  "index",
  "concurrently",
  "json_table",
  "none",
);

/** Any name that PostgreSQL can store, key words among them. */
export const identifiers: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: storableText.filter((text) => text !== "" && Buffer.byteLength(text) <= MAX_NAME_BYTES) },
  { weight: 1, arbitrary: keyWord },
);

/** White space and comments as people put them between words; each ends where a word may start. */
export const filler: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(" ", "\n", "\t", "\r\n", "/* ; ü */", "/* a /* nested */ */", "-- index; 😀\n", "--'\n"), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => ` ${parts.join("")} `);

/** Statements whose text holds what a naive cutter would stumble over. */
export const statementTexts: fc.Arbitrary<string> = fc.constantFrom(
  "select 1",
  "select ';' as \"a;b\", $$ ; -- $$, $tag$ $$ ; $tag$, E'\\';'",
  "create table t (a int default 1, b text default 'ü😀;')",
  "create function f() returns int language sql begin atomic select 1; select 2; end",
  "create function g() returns int language plpgsql as $body$ begin perform 1; return 2; end; $body$",
  "insert into t values (1, U&'d\\0061t\\+000061')",
  "create rule r as on insert to t do also (insert into u values (1); insert into v values (2))",
  "comment on table \"😀;\" is 'it''s'",
);
