/**
 * The name of an object as a statement writes it. `schema` is null where the statement leaves it to the search path: it is never
 * invented. Both parts are plain text, not yet quoted.
 */
export interface QualifiedName {
  readonly schema: string | null;
  readonly name: string;
}

export function sameName(left: QualifiedName, right: QualifiedName): boolean {
  return left.schema === right.schema && left.name === right.name;
}
