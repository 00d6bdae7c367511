/** Imported by a program that asks what importing a module does: see `effectsOfImport`. */
import vm from "node:vm";

/** What reaches outside, starts something or leaves something behind. */
const doors: Record<string, { object: object; names: string[] }> = {
  Deno: everyFunctionOf(Deno),
  console: everyFunctionOf(console),
  WebAssembly: everyFunctionOf(WebAssembly),
  vm: everyFunctionOf(vm),
  globalThis: {
    object: globalThis,
    names: ["addEventListener", "fetch", "setTimeout", "setInterval", "Worker", "WebSocket"],
  },
};

function everyFunctionOf(object: object): { object: object; names: string[] } {
  const entries = Object.entries(Object.getOwnPropertyDescriptors(object));
  return {
    object,
    names: entries.flatMap(([name, { value }]) => typeof value === "function" ? [name] : []),
  };
}

/** Replaces the functions of the doors by ones that note their names when they are called. */
function watchDoors(note: (name: string) => void): void {
  for (const [door, { object, names }] of Object.entries(doors)) {
    for (const name of names) {
      const value = new Proxy(Reflect.get(object, name), {
        apply(target, self, parameters) {
          note(`calls ${door}.${name}`);
          return Reflect.apply(target, self, parameters);
        },
        construct(target, parameters) {
          note(`constructs ${door}.${name}`);
          return Reflect.construct(target, parameters);
        },
      });
      Object.defineProperty(object, name, { value, configurable: true, writable: true });
    }
  }
}

/** TensorFlow.js as far as its state is looked at. */
export interface TensorFlow {
  engine(): { backendName?: string; registryFactory: object; registry: object };
  env(): { flags: object };
  getKernelsForBackend(name: string): { kernelName: string }[];
}

/** The state that all modules of a program share, as text under names. */
function sharedState(tf: TensorFlow): Map<string, string> {
  const state = new Map<string, string>();
  const shared = { globalThis, Array, Map, Object, Promise, String, Symbol, Math, JSON };
  for (const [name, object] of Object.entries(shared)) {
    state.set(`keys of ${name}`, Reflect.ownKeys(object).map(String).join());
    const { prototype } = object as { prototype?: object };
    if (prototype) state.set(`keys of ${name}s`, Reflect.ownKeys(prototype).map(String).join());
  }
  const { backendName, registryFactory, registry } = tf.engine();
  state.set("backend in use", `${backendName}`);
  state.set("backends", Object.keys(registryFactory).join());
  state.set("backends that started", Object.keys(registry).join());
  state.set("flags of TensorFlow.js", JSON.stringify(tf.env().flags));
  for (const backend of Object.keys(registryFactory)) {
    const kernels = tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName);
    state.set(`kernels of ${backend}`, kernels.join());
  }
  return state;
}

/**
 * What a module does when it is imported: functions that it calls and shared state that it changes.
 *
 * @param load Imports it; the packages that it imports are loaded already.
 */
export async function effectsOf(load: () => Promise<unknown>, tf: TensorFlow): Promise<string[]> {
  const effects: string[] = [];
  watchDoors((name) => effects.push(name));
  const before = sharedState(tf);
  await load();
  for (const [name, value] of sharedState(tf)) {
    if (value !== before.get(name)) effects.push(`changes ${name}`);
  }
  return effects;
}
