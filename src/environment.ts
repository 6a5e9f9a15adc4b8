/** How the service manager that started us is told of us: who else spoke there would speak in our name. */
const ofServiceManager = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']

/** What the programs inherit: our environment without what is Hyphae's own, its secrets above all. */
export function childEnvironment(env: NodeJS.ProcessEnv, secretVariables: readonly string[]): NodeJS.ProcessEnv {
  const withheld = new Set([...ofServiceManager, 'SUPERVISOR_TOKEN', 'MCP_TOKEN', ...secretVariables])
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('HYPHAE_') && !withheld.has(name)))
}
