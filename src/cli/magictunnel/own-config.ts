import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where MagicTunnel keeps the services, when nothing else is said. */
const usual = 'config.yaml'

/** MagicTunnel's own config, where nothing names another and `hyphae up` would find none. */
export function ownConfig(cwd: string, named: string | undefined): string | undefined {
  if (named !== undefined && named !== '') return undefined
  const [mine, ...ours] = [usual, 'hyphae.yaml', 'hyphae.yml'].map((name) => join(cwd, name))
  return mine !== undefined && existsSync(mine) && !ours.some((path) => existsSync(path)) ? mine : undefined
}
