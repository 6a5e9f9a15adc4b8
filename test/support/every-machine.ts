import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { StateMachine, type AnyStateMachine } from 'xstate'

/** Every machine that a file of src/machines exports, by its id. */
const folder = join(import.meta.dirname, '../../src/machines')
const modules = await Promise.all(
  readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => import(join(folder, file)) as Promise<Readonly<Record<string, unknown>>>),
)

export const everyMachine: ReadonlyArray<readonly [string, AnyStateMachine]> = modules
  .flatMap((module) => Object.values(module))
  .filter((one): one is AnyStateMachine => one instanceof StateMachine)
  .map((machine) => [machine.id, machine] as const)
