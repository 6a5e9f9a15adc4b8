import * as z from 'zod'
import { limits } from './limits.ts'

/** The vocabulary of programs that are run to their end: alone, or around a restart. */

/** What execve can't carry would be cut off silently. */
const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((value) => !value.includes('\0'), 'expected text without NUL')

export const programTypes = ['make', 'shell', 'binary', 'cargo', 'npm'] as const
export type ProgramType = (typeof programTypes)[number]

/** Arguments of a program or a service. */
export const programArgs = z.array(text(limits.programText)).max(limits.programArgs)

/** Variables of a program or a service. */
export const programEnv = z
  .record(z.string().regex(/^[^=\0]{1,200}$/, 'expected a name without "="'), text(limits.programText))
  .refine((env) => Object.keys(env).length <= limits.programArgs, `expected at most ${limits.programArgs} variables`)

export const programSpec = z.strictObject({
  type: z
    .enum(programTypes)
    .describe('what `command` is: a target of make, a command of cargo or npm, a program, a shell command'),
  command: text(limits.programText).min(1),
  args: programArgs.optional(),
  working_dir: text(4_096).min(1).optional().describe("relative to the service's folder, or to that of the config"),
  env: programEnv.optional(),
  description: text(1_000).optional(),
  is_safe: z.boolean().default(true).describe('false: it is refused; true permits nothing that the config does not'),
  allowed_in_production: z.boolean().optional().describe('false: it is refused in production; true permits nothing'),
  timeout_ms: z.number().int().min(1).max(limits.longestProgram).optional(),
})
export type ProgramSpec = z.output<typeof programSpec>

export const programResult = z.object({
  program: programSpec,
  success: z.boolean(),
  exit_code: z.number().int().nullable(),
  stdout: z.string().nullable(),
  stderr: z.string().nullable(),
  truncated: z.boolean().describe('the beginning of a stream is left out'),
  execution_time_ms: z.number(),
  error_message: z.string().nullable(),
})
export type ProgramResult = z.infer<typeof programResult>

/** What may be run: lists by type, and whether a command may be a shell line. */
export interface ProgramRules {
  readonly allowed: Readonly<Record<ProgramType, readonly string[]>>
  readonly allowShell: boolean
  /** Those that are listed, but not for production. */
  readonly barred?: Readonly<Record<ProgramType, readonly string[]>>
  readonly production?: boolean
}

/** Nothing is permitted that nobody permitted. */
export const noPrograms: ProgramRules = { allowed: { make: [], shell: [], binary: [], cargo: [], npm: [] }, allowShell: false }

/** How a program stands to the rules. */
export type Decision =
  | { readonly allowed: true; readonly argv: readonly string[] }
  /** `rule`: the setting or field that refuses it. */
  | { readonly allowed: false; readonly rule: string; readonly because: string }

/** A program and what the rules say. */
export interface Judged {
  readonly spec: ProgramSpec
  readonly decision: Decision
}

/** What the actor that runs one needs to know. */
export interface RunInput {
  /** Names this run within the state folder. */
  readonly id: string
  readonly spec: ProgramSpec
  readonly argv: readonly string[]
  /** Where it runs if it does not say; null: the config's folder. */
  readonly folder: string | null
  /** Without a time of its own, ms. */
  readonly timeout: number
  /** Most bytes of each stream. */
  readonly output: number
  /** What it reads; without it there is nothing to read. */
  readonly stdin?: string | undefined
}

/** Said once; `at` is monotonic ms. */
export interface ProgramEnded {
  readonly type: 'program.ended'
  readonly result: ProgramResult
  readonly at: number
}

/** It needs none: to stop the actor kills the program and all that it started. */
export interface ProgramCommand {
  readonly type: 'program.none'
}

/** As one reads it: `make clean`. */
export function describeProgram({ type, command, args = [] }: ProgramSpec): string {
  const words = [...(type === 'make' || type === 'cargo' || type === 'npm' ? [type] : []), command, ...args].join(' ')
  return words.length <= limits.programWords ? words : `${words.slice(0, limits.programWords - 1)}…`
}

/** The result of what could not be run at all. */
export const neverRan = (program: ProgramSpec, because: string): ProgramResult => ({
  program,
  success: false,
  exit_code: null,
  stdout: null,
  stderr: null,
  truncated: false,
  execution_time_ms: 0,
  error_message: because,
})

/** In words, for a reason: "make clean: exited with code 2". */
export const failureOf = ({ program, error_message: because }: ProgramResult): string =>
  `${describeProgram(program)}: ${because ?? 'failed'}`
