/** The table that most cases begin with, empty. */
export const emptyTasks = `
  CREATE TABLE tasks (id int PRIMARY KEY, title text NOT NULL, note text DEFAULT 'none', priority int);`;

/** The same with rows. */
export const tasks = `${emptyTasks}
  INSERT INTO tasks VALUES (1, 'one', 'a', 1), (2, 'two', NULL, 2), (3, 'three', 'c', NULL);`;
