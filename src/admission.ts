import type { Caller, Command } from './protocol/command.ts'
import { HyphaeError } from './protocol/errors.ts'
import { inOurWords, invalidParams } from './protocol/invalid.ts'
import { hasAtMost } from './protocol/json.ts'
import { limits } from './protocol/limits.ts'
import { didYouMean, nearest } from './protocol/nearest.ts'
import { mayUse, type Principal } from './protocol/principal.ts'
import { verbOf } from './protocol/verbs.ts'

/** Is there such a command, may he use it, and is what he says what it takes? */
export function admit(
  registry: ReadonlyMap<string, Command>,
  principal: Principal,
  name: string,
  input: unknown,
): { readonly command: Command; readonly parsed: unknown } {
  const command = registry.get(name)
  if (command === undefined) {
    const near = nearest(name, registry.keys())
    throw new HyphaeError('unknown_command', `there is no command "${name.slice(0, 100)}"${didYouMean(near)}`, {
      nearest: near ?? null,
    })
  }
  if (!mayUse(principal, command.permission)) {
    throw new HyphaeError(
      'forbidden',
      `${command.name} needs the permission ${command.permission}, which the role ${principal.role} lacks`,
      { rule: 'role', permission: command.permission },
    )
  }
  if (principal.only?.includes(command.name) === false) {
    const verb = verbOf(command.name) ?? command.name
    throw new HyphaeError('forbidden', `${command.name} is not among security.allowed_commands; ${verb} would admit it`, {
      rule: 'security.allowed_commands',
    })
  }
  // A schema looks at every value and names each fault, so what is far too much is refused before.
  if (!hasAtMost(limits.inputValues, input)) {
    throw new HyphaeError('too_large', `the input of a command may hold at most ${limits.inputValues} values`)
  }
  const parsed = command.input.safeParse(input, { error: inOurWords })
  if (!parsed.success) throw invalidParams(parsed.error)
  return { command, parsed: parsed.data }
}

/** Who asks, and what he may ask for. */
export const callerOf = (registry: ReadonlyMap<string, Command>, principal: Principal): Caller => ({
  principal,
  commands: () =>
    [...registry.values()]
      .filter(({ name, permission }) => mayUse(principal, permission) && principal.only?.includes(name) !== false)
      .map(({ name }) => name),
})
