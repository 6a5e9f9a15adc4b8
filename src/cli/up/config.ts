import process from 'node:process'
import { findConfig } from '../../config/file.ts'
import { formatProblem } from '../../config/frame.ts'
import { loadConfig, type Flags, type LoadedConfig } from '../../config/load.ts'
import { leftOutLines } from '../render/modes.ts'
import { err } from '../terminal.ts'

/** The config that is meant, checked; its warnings, and what its mode leaves out, go to stderr. */
export async function readConfig(given: string | undefined, flags: Flags): Promise<LoadedConfig> {
  const config = loadConfig(given ?? findConfig(process.cwd(), process.env), process.env, flags)
  const color = err.coloured()
  await err.lines(config.warnings.map((warning) => `warning: ${formatProblem(warning, { color })}`))
  await err.lines(leftOutLines(config))
  return config
}
