import { HyphaeError } from '../../protocol/errors.ts'
import { isServiceName, serviceNameRule } from '../../protocol/ids.ts'
import { wordsOf } from '../shell-words.ts'

/** What MagicTunnel's tools send, a line each. */

export const status = '"Status"'
export const health = '"HealthCheck"'

/** Its JSON commands name no service; its text commands do. */
export const restart = (service?: string): string =>
  service === undefined ? '{"Restart":{"args":null}}' : `restart ${serviceName(service)}`

export const stop = (service?: string): string => (service === undefined ? '"Stop"' : `stop ${serviceName(service)}`)

function serviceName(name: string): string {
  if (isServiceName(name)) return name
  throw new HyphaeError('invalid_request', `service: expected ${serviceNameRule}; got ${JSON.stringify(name)}`)
}

interface CustomCommand {
  readonly command_type: 'Make' | 'Cargo' | 'Npm' | 'Shell' | 'Binary'
  readonly command: string
  readonly args: readonly string[] | null
}

const types = { make: 'Make', cargo: 'Cargo', npm: 'Npm', binary: 'Binary' } as const

/** `make clean` is a target of make; what begins with no type's word is a shell command as a whole. */
export function customCommand(text: string): CustomCommand {
  const [, first = '', rest = ''] = /^\s*(\S+)\s+(\S[^]*?)\s*$/.exec(text) ?? []
  const type = first.toLowerCase()
  if (type === 'shell') return { command_type: 'Shell', command: rest, args: null }
  if (!Object.hasOwn(types, type)) {
    if (text.trim() === '')
      throw new HyphaeError('invalid_request', 'expected a command, such as "make clean"; got an empty text')
    return { command_type: 'Shell', command: text.trim(), args: null }
  }
  const [command = '', ...args] = splitWords(rest)
  return { command_type: types[type as keyof typeof types], command, args: args.length === 0 ? null : args }
}

function splitWords(text: string): string[] {
  const words = wordsOf(text)
  if (words !== undefined) return [...words]
  throw new HyphaeError('invalid_request', `a quote is left open in ${JSON.stringify(text)}`)
}

const whole = (command: CustomCommand): object => ({
  ...command,
  working_dir: null,
  env: null,
  description: null,
  // Whoever typed it wants it; what may run is for the supervisor's rules.
  is_safe: true,
})

export interface CustomRestart {
  readonly preCommand?: readonly string[]
  readonly postCommand?: readonly string[]
  readonly args?: readonly string[]
}

export function customRestart({ preCommand = [], postCommand = [], args = [] }: CustomRestart): string {
  const commands = (texts: readonly string[]): readonly object[] | null =>
    texts.length === 0 ? null : texts.map((text) => whole(customCommand(text)))
  return JSON.stringify({
    CustomRestart: {
      pre_commands: commands(preCommand),
      start_args: args.length === 0 ? null : args.flatMap(splitWords),
      post_commands: commands(postCommand),
      env_vars: null,
    },
  })
}

export const executeMake = (target: string): string =>
  JSON.stringify({
    ExecuteCommand: { command: whole({ command_type: 'Make', command: target, args: null }), timeout_seconds: null },
  })
