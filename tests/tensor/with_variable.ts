/** Does some work while an environment variable is as a user may set it; then it is as it was. */
export async function withVariable<Result>(
  name: string,
  value: string,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const before = Deno.env.get(name);
  Deno.env.set(name, value);
  try {
    return await work();
  } finally {
    if (before === undefined) Deno.env.delete(name);
    else Deno.env.set(name, before);
  }
}
