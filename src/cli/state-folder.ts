import { join, resolve } from 'node:path'
import process from 'node:process'
import type { ModeEntry } from '../protocol/mode.ts'

/** The usual place, where nothing says otherwise. */
const usual = '.hyphae'

/** Which config is meant: the one given, else the one found; undefined when there is none. */
export async function configPath(given: string | undefined): Promise<string | undefined> {
  if (given !== undefined) return resolve(given)
  const [{ findConfig }, { ConfigError }] = await Promise.all([import('../config/file.ts'), import('../config/errors.ts')])
  try {
    return findConfig(process.cwd(), process.env)
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

/** The state folder: HYPHAE_STATE, else what the config says, else `.hyphae` here. */
export async function stateFolder(given: string | undefined): Promise<string> {
  const override = process.env['HYPHAE_STATE']
  if (override !== undefined && override !== '') return resolve(override)
  const path = await configPath(given)
  if (path === undefined) return join(process.cwd(), usual)
  const { readStateDir } = await import('../config/load.ts')
  return readStateDir(path, process.env)
}

/** The modes of the config, for when nothing runs that could be asked. */
export async function modesIn(given: string | undefined): Promise<{ readonly modes: readonly ModeEntry[] }> {
  const path = await configPath(given)
  if (path === undefined) return { modes: [] }
  const { loadConfig } = await import('../config/load.ts')
  return loadConfig(path, process.env)
}
