import { refuse } from "../../../lib/core/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { shell, signalProcesses, until } from "./host_processes.ts";

/** Slurm on this machine, with several nodes that it takes for machines of one core each. */
export interface SlurmCluster {
  /** The variables with which Slurm's commands find it. */
  variables: { SLURM_CONF: string };
  nodes: readonly string[];
  /** Runs one of Slurm's commands. */
  ask(program: string, ...args: string[]): Promise<string>;
  /** A node dies: its daemon and all that runs on it are killed at once. */
  kill(node: string): Promise<void>;
  /** Stops the processes that a task of a job runs; says whether there are any. */
  stop(task: string): Promise<boolean>;
}

/** Whether Slurm can be started here. */
export async function hasSlurm(): Promise<boolean> {
  const programs = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol"];
  const script = `export PATH="$PATH:/usr/sbin"; command -v ${programs.join(" ")} > /dev/null`;
  return Deno.build.os === "linux" && (await shell(script)).success;
}

/** Starts Slurm, runs a test and ends all that Slurm has started. */
export async function withSlurm(
  { count, arraySize }: { count: number; arraySize: number },
  test: (cluster: SlurmCluster) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const nodes = Array.from({ length: count }, (_, index) => `n${index + 1}`);
    const variables = { SLURM_CONF: `${folder}/slurm.conf` };
    await Deno.chmod(folder, 0o711); // munge wants nobody else to write in the folders of its socket
    await Deno.writeFile(`${folder}/munge.key`, crypto.getRandomValues(new Uint8Array(1024)), {
      mode: 0o600,
    });
    for (const name of ["state", "log", ...nodes.map((node) => `spool-${node}`)]) {
      await Deno.mkdir(`${folder}/${name}`);
    }
    await Deno.writeTextFile(variables.SLURM_CONF, await configuration(folder, nodes, arraySize));
    const file = (name: string) => `${folder}/munge.${name}`;
    const munge = ["key-file", "socket", "pid-file", "log-file", "seed-file"]
      .map((option) => `--${option}=${file(option.replace("-file", ""))}`);
    const daemons = new Map<string, Deno.ChildProcess>();
    const start = (name: string, program: string, ...args: string[]) =>
      daemons.set(
        name,
        new Deno.Command(`/usr/sbin/${program}`, {
          args,
          env: variables,
          ...{ stdin: "null", stdout: "null", stderr: "null" } as const,
        }).spawn(),
      );
    const ask = async (program: string, ...args: string[]) => {
      const { success, out, err } = await shell('"$0" "$@"', variables, program, ...args);
      return success ? out : refuse(`run ${program}`, "it must succeed", err);
    };
    try {
      start("munged", "munged", "--foreground", "--force", ...munge);
      await until(() => Deno.lstat(file("socket")).then(() => true, () => false));
      start("slurmctld", "slurmctld", "-D");
      for (const node of nodes) start(node, "slurmd", "-D", "-N", node);
      const idle = () => ask("sinfo", "--noheader", "--Node", "--format=%T").catch(() => "");
      await until(async () => (await idle()).split("\n").every((state) => state === "idle"));
      await test({
        ...{ variables, nodes, ask },
        async kill(node) {
          daemons.get(node)!.kill("SIGKILL");
          await daemons.get(node)!.status;
          await signalProcesses([`SLURMD_NODENAME=${node}`, conf(variables)], "KILL", true);
        },
        async stop(task) {
          const [job, number] = task.split("_");
          const own = [`SLURM_ARRAY_JOB_ID=${job}`, `SLURM_ARRAY_TASK_ID=${number}`];
          return await signalProcesses([...own, conf(variables)], "STOP");
        },
      });
    } finally {
      for (const daemon of [...daemons.values()].reverse()) {
        try {
          daemon.kill("SIGKILL");
        } catch {
          // It has ended.
        }
        await daemon.status;
      }
      await signalProcesses([conf(variables)], "KILL", true);
    }
  });
}

const conf = ({ SLURM_CONF }: SlurmCluster["variables"]) => `SLURM_CONF=${SLURM_CONF}`;

/** slurm.conf of daemons that all run on this machine, as whoever runs the test. */
async function configuration(
  folder: string,
  nodes: readonly string[],
  arraySize: number,
): Promise<string> {
  const { out } = await shell("hostname -s; id -un");
  const [host, user] = out.split("\n");
  const [port, ...ports] = freePorts(1 + nodes.length);
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${port}
AuthInfo=socket=${folder}/munge.socket,cred_expire=5
SlurmUser=${user}
SlurmdUser=${user}
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool-%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/%n.pid
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdLogFile=${folder}/log/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SlurmdTimeout=5
KillWait=1
ReturnToService=2
MaxArraySize=${arraySize}
${
    nodes.map((node, index) =>
      `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[index]} CPUs=1`
    ).join("\n")
  }
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

/** Ports that nobody listens on. */
function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}
