/** What the programs inherit: our environment without what is Hyphae's own, its secrets above all. */
export function childEnvironment(env: NodeJS.ProcessEnv, secretVariables: readonly string[]): NodeJS.ProcessEnv {
  const secret = new Set(['SUPERVISOR_TOKEN', 'MCP_TOKEN', ...secretVariables])
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('HYPHAE_') && !secret.has(name)))
}
