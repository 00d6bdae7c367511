/** Whether a permission is granted; nobody is asked. */
export function granted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

/** An environment variable, `undefined` where reading it is not permitted. */
export function environment(variable: string): string | undefined {
  return granted({ name: "env", variable }) ? Deno.env.get(variable) : undefined;
}
