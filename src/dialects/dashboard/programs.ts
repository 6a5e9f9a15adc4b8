import * as z from 'zod'
import { limits } from '../../protocol/limits.ts'
import { programArgs, programEnv, programSpec, programTypes } from '../../protocol/program.ts'
import type { Program } from '../magictunnel/orders.ts'

/** Programs as the dashboard writes them: `{"command_type":"make","command":"clean","is_safe":true}`. */

const { command, working_dir, description } = programSpec.shape

/** In whole seconds, as the original has it. */
export const seconds = z
  .number()
  .int('expected a whole number')
  .min(0, 'expected 0 or more')
  .max(limits.longestProgram / 1_000, `expected at most ${limits.longestProgram / 1_000}`)

const given = z.object({
  command_type: z.string(),
  command: command.min(1, 'expected a command, got an empty string'),
  args: programArgs.nullish(),
  working_dir: working_dir.nullish(),
  env: programEnv.nullish(),
  description: description.nullish(),
  is_safe: z.boolean(),
  allowed_in_production: z.boolean().nullish(),
  timeout_seconds: seconds.nullish(),
})

/** What is no type of ours is a shell command, as in the original: the rules for those are the strictest. */
const typeOf = (word: string): string => programTypes.find((type) => type === word.toLowerCase()) ?? 'shell'

export const programOf = given.transform((one): Program => {
  const { command_type, command: words, args, working_dir: folder, env, description: about, is_safe, timeout_seconds } = one
  const { allowed_in_production: inProduction } = one
  return {
    type: typeOf(command_type),
    command: words,
    ...(args == null ? {} : { args }),
    ...(folder == null ? {} : { working_dir: folder }),
    ...(env == null ? {} : { env }),
    ...(about == null ? {} : { description: about }),
    is_safe,
    ...(inProduction == null ? {} : { allowed_in_production: inProduction }),
    ...(timeout_seconds == null ? {} : { timeout_ms: Math.max(1, timeout_seconds * 1_000) }),
  }
})

export const programsOf = z.array(programOf).max(limits.workflowCommands, `expected at most ${limits.workflowCommands} commands`)
