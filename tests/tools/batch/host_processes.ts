/** Waits until something is the case; five minutes at most. */
export async function until(holds: () => Promise<boolean>, seconds = 300): Promise<void> {
  const started = performance.now();
  while (!await holds()) {
    if (performance.now() - started > 1000 * seconds) throw new Error("it has not come about");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Runs a shell script. */
export async function shell(script: string, env: Record<string, string> = {}, ...args: string[]) {
  const command = new Deno.Command("sh", { args: ["-c", script, ...args], env, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  return { success, out, err };
}

/**
 * Sends a signal to all processes that have these variables, the oldest first.
 *
 * @param parents Whether Slurm's own processes that have started them get it as well.
 * @returns Whether there were any.
 */
export async function signalProcesses(
  variables: string[],
  signal: string,
  parents = false,
): Promise<boolean> {
  const script = `signal=$1 parents=$2; shift 2
    files=$(grep -lzs "" /proc/[0-9]*/environ)
    for variable; do files=$(grep -lzsFx -- "$variable" $files); done
    for file in $files; do
      pid=\${file#/proc/}; pid=\${pid%/environ}
      [ "$pid" = $$ ] && continue
      parent=$(ps -o ppid= -p "$pid" | tr -d " ")
      case $parents$(ps -o comm= -p "$parent") in trueslurmstepd*) kill -"$signal" "$parent";; esac
      kill -"$signal" "$pid" && found=yes
    done
    [ "$found" = yes ]`;
  return (await shell(script, {}, "sh", signal, String(parents), ...variables)).success;
}
