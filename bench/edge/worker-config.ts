/**
 * A Worker as workerd is told of it: modules, text bindings, Durable Objects on SQLite. Pure; starts nothing.
 */

export type WorkerModule = { readonly name: string; readonly kind: 'esModule' | 'data' }

export type WorkerStart = {
  readonly modules: readonly WorkerModule[]
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
  readonly port: number
  /** On this machine; absent: nobody can look inside. */
  readonly inspectorPort?: number
  readonly settings: Readonly<Record<string, string>>
  readonly objects: readonly { readonly binding: string; readonly className: string }[]
}

/**
 * Returns the text of a config.capnp beside the modules. The objects' data is a folder `objects` there, as in a real
 * process: writing a file is part of what a ledger costs.
 */
export function workerConfig(start: WorkerStart): string {
  const { modules, compatibilityDate, compatibilityFlags, port, settings, objects } = start
  const bindings = [
    ...Object.entries(settings).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`),
    ...objects.map(
      ({ binding, className }) =>
        `(name = ${quoted(binding)}, durableObjectNamespace = (className = ${quoted(className)}))`,
    ),
  ]
  const namespaces = objects.map(
    ({ className }) =>
      `(className = ${quoted(className)}, uniqueKey = ${quoted(className)}, enableSql = true)`,
  )
  const storage =
    objects.length === 0
      ? ''
      : `durableObjectNamespaces = ${list(namespaces)},
  durableObjectStorage = (localDisk = "objects"),`
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "network", network = (allow = ["private", "local"])),
    (name = "objects", disk = (path = "objects", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = ${list(modules.map(({ name, kind }) => `(name = ${quoted(name)}, ${kind} = embed ${quoted(name)})`))},
  compatibilityDate = ${quoted(compatibilityDate)},
  compatibilityFlags = [${compatibilityFlags.map(quoted).join(', ')}],
  bindings = ${list(bindings)},
  ${storage}
  globalOutbound = "network",
);
`
}

function list(entries: readonly string[]): string {
  return `[\n${entries.map((entry) => `    ${entry},\n`).join('')}  ]`
}

/** Cap'n Proto's strings escape what JSON's escape. */
function quoted(text: string): string {
  return JSON.stringify(text)
}
