import { idOf } from "../peers/change-id.js";
import type { BenchChange } from "../peers/peer.js";

/** Pairs of the usual kinds, in turn; the same for the same number. */
export function pairs(count: number): readonly BenchChange[] {
  return Array.from({ length: count }, (_, index) => {
    const id = idOf(index, `change_${index}`);
    const table = `t_${index}`;
    const kinds = [
      [`CREATE TABLE ${table} (id bigint PRIMARY KEY, note text);`, `DROP TABLE ${table};`],
      [
        `ALTER TABLE tasks ADD COLUMN c_${index} integer NOT NULL DEFAULT 0;`,
        `ALTER TABLE tasks DROP COLUMN c_${index};`,
      ],
      [`CREATE INDEX i_${index} ON tasks (id, note);`, `DROP INDEX i_${index};`],
      [
        `ALTER TABLE tasks ADD CONSTRAINT k_${index} CHECK (id > ${index});`,
        `ALTER TABLE tasks DROP CONSTRAINT k_${index};`,
      ],
    ] as const;
    const [up, down] = kinds[index % kinds.length] ?? kinds[0];
    return { id, up, down };
  });
}

/** The tables whose column goes and comes: one with rows, one without. A session's first use of a function costs more, so another table goes before, and one after, either way. */
export const tables = ["first", "large", "empty", "last"] as const;
export type Table = (typeof tables)[number];

export function fill(rows: number): readonly string[] {
  const columns = "(id bigint PRIMARY KEY, note text NOT NULL DEFAULT 'x', size integer)";
  return [
    ...tables.map((table) => `CREATE TABLE ${table} ${columns}`),
    `INSERT INTO large (id, size) SELECT i, i % 100 FROM generate_series(1, ${rows}) AS i`,
    "VACUUM ANALYZE",
  ];
}

export function dropOf(table: Table): BenchChange {
  const order = tables.indexOf(table) + 1;
  return {
    id: `2026010100000${order}_drop_${table}_size`,
    up: `ALTER TABLE ${table} DROP COLUMN size;`,
    down: `ALTER TABLE ${table} ADD COLUMN size integer;`,
  };
}
