/** Whether tests run in their long form, as `deno task endurance` asks for. */
export const isLong = Deno.env.get("AGILE_QUANT_ENDURANCE") === "long";

/** How often something is done in the long form; undefined in the short one. */
export function long(times: number): number | undefined {
  return isLong ? times : undefined;
}
