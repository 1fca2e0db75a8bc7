import type { ParseResult, ScanResult } from "libpg-query";

/** The functions of PostgreSQL's parser that Belay uses. */
export interface Parser {
  parse(text: string): Promise<ParseResult>;
  scan(text: string): Promise<ScanResult>;
  /** The place of the error in characters from 0 (null where the parser gives none) if PostgreSQL refused the text. */
  refusalOf(thrown: unknown): { readonly message: string; readonly offsetCharacters: number | null } | null;
}

/**
 * The parser, loaded when it is first needed: that costs 100 to 250 ms, which a command that reads no SQL should not pay. The module
 * system keeps it after that.
 */
export async function loadParser(): Promise<Parser> {
  const { parse, scan, hasSqlDetails } = await import("libpg-query");
  return {
    parse,
    scan,
    refusalOf(thrown) {
      if (!hasSqlDetails(thrown)) return null;
      const place = thrown.sqlDetails?.cursorPosition ?? -1;
      return { message: thrown.message, offsetCharacters: place < 0 ? null : place };
    },
  };
}
