import type { Knex } from "knex";

export const belay = { title: "CreateExecutionTasks" };

/** The tasks of an application, and what went wrong with them: the gates of belay.config.ts read the latter. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("execution_tasks", (table) => {
    table.bigIncrements("id");
    table.text("name").notNullable();
    table.text("status").notNullable().defaultTo("waiting");
    table.integer("priority");
    table.integer("attempts").notNullable().defaultTo(0);
    table.jsonb("payload").notNullable().defaultTo("{}");
    table.text("legacy_note");
    table.timestamp("created_at").notNullable().defaultTo(knex.fn.now());
    table.timestamp("finished_at");
    table.index(["status", "created_at"], "idx_execution_tasks_status");
  });
  await knex.schema.createTable("task_errors", (table) => {
    table.bigIncrements("id");
    table.text("message").notNullable();
    table.timestamp("at").notNullable().defaultTo(knex.fn.now());
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable("task_errors");
  await knex.schema.dropTable("execution_tasks");
}
