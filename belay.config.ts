import { defineConfig } from "belay";

// The project of this repository: `npm start` copies it to a fresh folder and plays with it there.
export default defineConfig({
  targets: {
    // embedded:<name> is a database of Belay's own sandbox server.
    staging: { url: process.env["STAGING_URL"] ?? "embedded:staging" },
    production: { url: process.env["DATABASE_URL"] ?? "embedded:production" },
  },
  stages: [
    // Short, so that one can watch: a service with real users bakes for minutes, or for a day.
    { name: "staging", targets: ["staging"], gates: ["queue", "errors"], bake: "2s" },
    { name: "production", targets: ["production"], gates: ["queue", "errors"], bake: "2s", approval: true },
  ],
  gates: {
    // Nobody may be queueing for a lock, neither before we come nor because of us.
    queue: {
      probe: "sql",
      query:
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query_start < now() - interval '1 second'",
      phase: ["before", "after"],
      success: { max: 0 },
      interval: "200ms",
      count: 2,
    },
    // What the application itself noted down as gone wrong.
    errors: {
      probe: "sql",
      query: "select count(*) from task_errors where at > now() - interval '1 minute'",
      phase: "after",
      success: { max: 0 },
      interval: "300ms",
      count: 6,
    },
  },
  policy: {
    lock: { budget: "200ms", patience: "30s" },
    // A few rows of each table go along to the scratch copy, so that the way back is proved on data too.
    rehearsal: { required: true, maxAge: "7d", on: "embedded", sample: 500 },
    rollBack: "rollout",
    keep: "7d",
  },
});
