import { describe, expect, it } from "vitest";
import { parse, block, railsChange, statementsOf } from "./report.js";

const up = async (command: string): Promise<readonly string[]> => statementsOf((await railsChange(command)).up);
const down = async (command: string): Promise<readonly string[]> => statementsOf((await railsChange(command)).down);

describe("rails generate migration", () => {
  it.each([
    "rails generate migration AddNoteToParcels note:text",
    "rails g migration AddNoteToParcels note:text",
    "bin/rails g migration add_note_to_parcels note:text",
    "./bin/rails g migration AddNoteToParcels note:text",
    "bundle exec rails g migration AddNoteToParcels note:text",
    "bundle exec bin/rails g migration AddNoteToParcels note:text",
    "RAILS_ENV=production rails g migration AddNoteToParcels note:text",
    "env RAILS_ENV=production ruby bin/rails g migration AddNoteToParcels note:text",
    "rails g migration --force AddNoteToParcels 'note:text'",
    "rails g active_record:migration AddNoteToParcels note:text",
    'cd app && rails g migration AddNoteToParcels "note":text; rails db:migrate # now',
  ])("is understood however it is started: %s", async (command) => {
    const change = (await parse(block("bash", command))).actions.find(({ kind }) => kind === "schema");
    expect(change).toMatchObject({
      request: {
        migration: {
          name: "add_note_to_parcels",
          title: "AddNoteToParcels",
          operation: { kind: "add", table: "parcels" },
        },
      },
    });
  });

  it.each([
    ["note", "character varying"],
    ["note:index", "character varying"],
    ["a:string", "character varying"],
    ["a:string{40}", "character varying(40)"],
    ["a:text", "text"],
    ["a:text{medium}", "text"],
    ["a:text{500}", "text"],
    ["a:integer", "integer"],
    ["a:integer{1}", "smallint"],
    ["a:integer{2}", "smallint"],
    ["a:integer{3}", "integer"],
    ["a:integer{4}", "integer"],
    ["a:integer{5}", "bigint"],
    ["a:integer{8}", "bigint"],
    ["a:bigint", "bigint"],
    ["a:float", "double precision"],
    ["a:decimal", "numeric"],
    ["a:decimal{10,2}", "numeric(10,2)"],
    ["a:decimal{10.2}", "numeric(10,2)"],
    ["a:decimal{10-2}", "numeric(10,2)"],
    ["a:datetime", "timestamp(6) without time zone"],
    ["a:timestamp", "timestamp without time zone"],
    ["a:timestamptz", "timestamp with time zone"],
    ["a:time", "time without time zone"],
    ["a:date", "date"],
    ["a:binary", "bytea"],
    ["a:boolean", "boolean"],
    ["a:jsonb", "jsonb"],
    ["a:uuid", "uuid"],
    ["a:bit_varying", "bit varying"],
    ["a:int4range", "int4range"],
    ["a:string!", "character varying NOT NULL"],
    ["a:string{4}!", "character varying(4) NOT NULL"],
    ["a:string?", "character varying"],
  ])("maps %s to %s", async (attribute, type) => {
    const name = attribute.split(":")[0];
    expect((await up(`rails g migration AddXToParcels '${attribute}'`))[0]).toBe(
      `ALTER TABLE parcels ADD COLUMN ${name} ${type}`,
    );
  });

  it("adds a digest under its own name", async () => {
    expect(await up("rails g migration AddPasswordToUsers password:digest")).toEqual([
      "ALTER TABLE users ADD COLUMN password_digest character varying",
    ]);
  });

  it.each([
    ["a:string:index", "CREATE INDEX CONCURRENTLY index_parcels_on_a ON parcels (a)"],
    ["a:index", "CREATE INDEX CONCURRENTLY index_parcels_on_a ON parcels (a)"],
    ["a:string:uniq", "CREATE UNIQUE INDEX CONCURRENTLY index_parcels_on_a ON parcels (a)"],
    ["a:token", "CREATE UNIQUE INDEX CONCURRENTLY index_parcels_on_a ON parcels (a)"],
    ["a:token:index", "CREATE UNIQUE INDEX CONCURRENTLY index_parcels_on_a ON parcels (a)"],
  ])("builds the index of %s without blocking writers, and takes it back first", async (attribute, index) => {
    expect(await up(`rails g migration AddAToParcels ${attribute}`)).toEqual([
      "ALTER TABLE parcels ADD COLUMN a character varying",
      index,
    ]);
    expect(await down(`rails g migration AddAToParcels ${attribute}`)).toEqual([
      "DROP INDEX CONCURRENTLY index_parcels_on_a",
      "ALTER TABLE parcels DROP COLUMN a",
    ]);
  });

  it("adds a reference with its index, and its foreign key unvalidated until the index stands between", async () => {
    expect(await up("rails g migration AddUserRefToProducts user:references")).toEqual([
      "ALTER TABLE products ADD COLUMN user_id bigint NOT NULL",
      "ALTER TABLE products ADD CONSTRAINT fk_rails_dee2631783 FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
      "CREATE INDEX CONCURRENTLY index_products_on_user_id ON products (user_id)",
      "ALTER TABLE products VALIDATE CONSTRAINT fk_rails_dee2631783",
    ]);
    expect(await down("rails g migration AddUserRefToProducts user:references")).toEqual([
      "DROP INDEX CONCURRENTLY index_products_on_user_id",
      "ALTER TABLE products DROP CONSTRAINT fk_rails_dee2631783",
      "ALTER TABLE products DROP COLUMN user_id",
    ]);
  });

  it("says beforehand that a required column fails on a table with rows", async () => {
    expect((await railsChange("rails g migration AddUserRefToProducts user:references")).warnings).toEqual([
      "products.user_id is NOT NULL without a default: this fails where the table has rows",
    ]);
    expect((await railsChange("rails g migration AddUserRefToProducts user:references?")).warnings).toEqual([]);
  });

  it("gives a polymorphic reference its type and one index over both, and no foreign key", async () => {
    expect(await up("rails g migration AddOwnerToParcels 'owner:belongs_to{polymorphic}:uniq'")).toEqual([
      "ALTER TABLE parcels ADD COLUMN owner_type character varying NOT NULL",
      "ALTER TABLE parcels ADD COLUMN owner_id bigint NOT NULL",
      "CREATE UNIQUE INDEX CONCURRENTLY index_parcels_on_owner ON parcels (owner_type, owner_id)",
    ]);
  });

  it("creates a table with its key and its times, and takes it back whole", async () => {
    const command = "rails g migration CreateTaskRuns execution_task:references status:string:index cost:decimal{12,4}";
    expect(await up(command)).toEqual([
      "CREATE TABLE task_runs ( id bigserial PRIMARY KEY, execution_task_id bigint NOT NULL, status character varying, " +
        "cost numeric(12,4), created_at timestamp(6) without time zone NOT NULL, updated_at timestamp(6) without time zone NOT NULL, " +
        "CONSTRAINT fk_rails_5da1c06195 FOREIGN KEY (execution_task_id) REFERENCES execution_tasks (id) )",
      "CREATE INDEX index_task_runs_on_execution_task_id ON task_runs (execution_task_id)",
      "CREATE INDEX index_task_runs_on_status ON task_runs (status)",
    ]);
    expect(await down(command)).toEqual(["DROP TABLE task_runs"]);
  });

  it.each([
    ["--no-timestamps", "CREATE TABLE boxes ( id bigserial PRIMARY KEY )"],
    ["--skip-timestamps", "CREATE TABLE boxes ( id bigserial PRIMARY KEY )"],
    ["--timestamps=false --primary-key-type=integer", "CREATE TABLE boxes ( id serial PRIMARY KEY )"],
    ["--no-timestamps --primary-key-type uuid", "CREATE TABLE boxes ( id uuid DEFAULT gen_random_uuid() PRIMARY KEY )"],
    ["--no-timestamps --primary-key-type=string", "CREATE TABLE boxes ( id character varying PRIMARY KEY )"],
  ])("obeys %s", async (options, table) => {
    expect(await up(`rails g migration CreateBox ${options}`)).toEqual([table]);
  });

  it("gives references the type of the key that is asked for", async () => {
    const [table] = await up("rails g migration CreateBox crate:references --no-timestamps --primary-key-type=uuid");
    expect(table).toContain("crate_id uuid NOT NULL");
  });

  it.each([
    [
      "CreateJoinTableUserProduct user product",
      "CREATE TABLE products_users ( user_id bigint NOT NULL, product_id bigint NOT NULL )",
    ],
    [
      "create_join_table_music_artists_music_records music_artists music_records",
      "CREATE TABLE music_artists_records ( music_artist_id bigint NOT NULL, music_record_id bigint NOT NULL )",
    ],
  ])("creates a join table: %s", async (command, table) => {
    expect(await up(`rails g migration ${command}`)).toEqual([table]);
  });

  it("indexes a join table over both columns, beginning with the one that asks for it", async () => {
    expect((await up("rails g migration CreateMediaJoinTable artists musics:uniq")).slice(1)).toEqual([
      "CREATE UNIQUE INDEX index_artists_musics_on_music_id_and_artist_id ON artists_musics (music_id, artist_id)",
    ]);
    expect((await up("rails g migration CreateJoinTableUserProduct user:references product"))[0]).toContain(
      "REFERENCES users (id)",
    );
  });

  it("removes columns for good, and says that there is no way back", async () => {
    const change = await railsChange(
      "rails g migration RemoveOwnerAndNoteFromParcels owner:references{polymorphic} note:text:index",
    );
    expect(statementsOf(change.up)).toEqual([
      "ALTER TABLE parcels DROP COLUMN owner_type",
      "ALTER TABLE parcels DROP COLUMN owner_id",
      "ALTER TABLE parcels DROP COLUMN note",
    ]);
    expect(change.irreversible).toBe(
      "the values of parcels.owner_type, parcels.owner_id, parcels.note are lost when the columns are dropped",
    );
    expect(change.up).toContain(`-- belay:irreversible ${change.irreversible}\n`);
    expect(change.down).toBe(`-- There is no way back from RemoveOwnerAndNoteFromParcels: ${change.irreversible}\n`);
  });

  it("takes the table after the last `to` and after the first `from`", async () => {
    expect(await up("rails g migration AddLinkToPageToBooks link")).toEqual([
      "ALTER TABLE books ADD COLUMN link character varying",
    ]);
    expect(await up("rails g migration RemoveNoteFromDaysFromStart note")).toEqual([
      "ALTER TABLE days_from_starts DROP COLUMN note",
    ]);
  });

  it("shortens the name of an index as Rails does", async () => {
    const column = `a${"b".repeat(60)}`;
    const [, index = ""] = await up(`rails g migration AddBToParcels ${column}:index`);
    const name = / (idx_on_\S+) ON/.exec(index)?.[1] ?? "";
    expect(name).toMatch(/^idx_on_ab+_[0-9a-f]{10}$/);
    expect(Buffer.byteLength(name)).toBe(62);
  });

  it("finds the table of a name in the singular", async () => {
    expect(await up("rails g migration AddNoteToParcel note")).toEqual([
      "ALTER TABLE parcels ADD COLUMN note character varying",
    ]);
  });

  it("quotes a name that means something in SQL", async () => {
    expect(await up("rails g migration AddOrderToUser order:integer Size")).toEqual([
      'ALTER TABLE users ADD COLUMN "order" integer',
      'ALTER TABLE users ADD COLUMN "Size" character varying',
    ]);
  });

  it.each([
    ["AddAToB 'ai_model:string); DROP TABLE x; --'", "rails-attribute"],
    ["AddAToB ai_model:string); DROP TABLE x; --", "rails-attribute"],
    ["AddAToB 'a b:string'", "name"],
    ["AddAToB 'a\";DROP TABLE x;--:string'", "name"],
    ["'AddATo\"B' a", "rails-name"],
    ["'Add A To B' a", "rails-name"],
    ["Admin/AddAToB a", "rails-name"],
    ["AddAToB a:strange", "rails-type"],
    ["AddAToB a:enum", "rails-type"],
    ["AddAToB a:string:strange", "rails-attribute"],
    ["AddAToB a:string:index:uniq", "rails-attribute"],
    ["AddAToB a:", "rails-attribute"],
    ["AddAToB a:string{x}", "rails-type"],
    ["AddAToB a:string{0}", "rails-type"],
    ["AddAToB a:integer{9}", "rails-type"],
    ["AddAToB a:decimal{10}", "rails-type"],
    ["AddAToB a:float{4}", "rails-type"],
    ["AddAToB a:references{strange}", "rails-type"],
    ["AddAToB a:string b:text a:text", "column-twice"],
    ["CreateB id:integer", "column-twice"],
    ["CreateB created_at:datetime", "column-twice"],
    [`AddAToB ${"a".repeat(64)}`, "name"],
    [`AddAToB ${"a".repeat(61)}:references`, "name"],
    [`AddAToB${"b".repeat(62)} a`, "name"],
    [`AddAToB ${"a:".repeat(200)}`, "rails-attribute"],
    ["AddAToB a --strange", "rails-option"],
    ["AddAToB a --primary-key-type=money", "rails-option"],
    ["--force", "rails-name"],
    ["CreateJoinTableAB a:references{polymorphic} b", "rails-attribute"],
  ])("is refused with its line: %s", async (command, code) => {
    await expect(railsChange(`# a comment\nrails g migration ${command}`)).rejects.toMatchObject({
      kind: "usage",
      code: `proposal-${code}`,
      message: expect.stringMatching(/^report\.md:9: expected .+, found /) as string,
    });
  });

  it("names the known types to someone who asks for another", async () => {
    await expect(railsChange("rails g migration AddAToB a:strange")).rejects.toThrow(
      /bigint, .*citext, .*references, .*string, .*found "strange"/,
    );
  });
});
