import { expect, test } from "vitest";
import { joinAlterations } from "../../src/postgres/catalog/run-emissions.js";

test("neighbouring alterations of one table become one statement, and no others", () => {
  expect(
    joinAlterations([
      'ALTER TABLE "a"."t" ADD CONSTRAINT "c" CHECK (true)',
      'ALTER TABLE "a"."t" ADD CONSTRAINT "d" CHECK (\n false)',
      'ALTER TABLE "a"."t" ATTACH PARTITION x DEFAULT',
      'ALTER TABLE "a"."t" ADD CONSTRAINT "e" CHECK (true)',
      'ALTER TABLE "a"."u" ADD CONSTRAINT "c" CHECK (true)',
      'ALTER TABLE ONLY "a"."u" ALTER COLUMN "x" SET DEFAULT 1',
      'ALTER TABLE ONLY "a"."u" ALTER COLUMN "y" SET DEFAULT 2',
      "select 1",
    ]),
  ).toEqual([
    'ALTER TABLE "a"."t" ADD CONSTRAINT "c" CHECK (true), ADD CONSTRAINT "d" CHECK (\n false)',
    'ALTER TABLE "a"."t" ATTACH PARTITION x DEFAULT',
    'ALTER TABLE "a"."t" ADD CONSTRAINT "e" CHECK (true)',
    'ALTER TABLE "a"."u" ADD CONSTRAINT "c" CHECK (true)',
    'ALTER TABLE ONLY "a"."u" ALTER COLUMN "x" SET DEFAULT 1, ALTER COLUMN "y" SET DEFAULT 2',
    "select 1",
  ]);
});
