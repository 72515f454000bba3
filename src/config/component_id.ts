/** `type` or `type/name`, such as `otlp_grpc/second`. */
export interface ComponentId {
  readonly type: string;
  readonly name: string | undefined;
}

/** Parses an id as the Collector does. A string is an error message. */
export function parseComponentId(id: string): ComponentId | string {
  const slash = id.indexOf('/');
  const type = (slash === -1 ? id : id.slice(0, slash)).trim();
  const name = slash === -1 ? undefined : id.slice(slash + 1).trim();
  if (!/^[a-zA-Z]\w{0,62}$/.test(type)) return `"${id}" must be a type, or a type and a name, such as "debug" or "debug/second"`;
  if (name === '') return `"${id}" has nothing after the slash: write "${type}" or "${type}/name"`;
  return { type, name };
}
