import type { Order, Program } from './orders.ts'
import { boolean, list, map, maybe, needed, oneOf, string, struct, unsigned, type Variant } from './serde-types.ts'
import { SerdeError, SerdeText } from './serde-text.ts'

/** Orders as serde writes an externally tagged enum: `"Stop"`, `{"Restart":{"args":null}}`. */

const type = (name: string): Variant<string> => ({ fields: false, read: () => name })

const commandType = oneOf(
  { Make: type('make'), Shell: type('shell'), Binary: type('binary'), Cargo: type('cargo'), Npm: type('npm') },
  ['Npm'],
)

const given = struct('struct CustomCommand', {
  command_type: needed(commandType),
  command: needed(string),
  args: maybe(list(string)),
  working_dir: maybe(string),
  env: maybe(map),
  description: maybe(string),
  is_safe: needed(boolean),
  allowed_in_production: maybe(boolean),
})

/** As the gateway's commands take it: what is null there is absent here. */
const program = (text: SerdeText): Program => {
  const { command_type, command, args, working_dir, env, description, is_safe, allowed_in_production } = given(text)
  return {
    type: command_type,
    command,
    ...(args === null ? {} : { args }),
    ...(working_dir === null ? {} : { working_dir }),
    ...(env === null ? {} : { env }),
    ...(description === null ? {} : { description }),
    is_safe,
    ...(allowed_in_production === null ? {} : { allowed_in_production }),
  }
}

const plain = (order: Order): Variant<Order> => ({ fields: false, read: () => order })
const named = (name: string): string => `struct variant SupervisorCommand::${name}`

const restart = struct(named('Restart'), { args: maybe(list(string)) })
const reload = struct(named('ReloadConfig'), { config_path: maybe(string) })
const customRestart = struct(named('CustomRestart'), {
  pre_commands: maybe(list(program)),
  start_args: maybe(list(string)),
  post_commands: maybe(list(program)),
  env_vars: maybe(map),
})
const execute = struct(named('ExecuteCommand'), { command: needed(program), timeout_seconds: maybe(unsigned) })
const authenticate = struct(named('Authenticate'), { token: needed(string) })

const order = oneOf<Order>(
  {
    Restart: { fields: true, read: (text) => ({ verb: 'restart', service: null, args: restart(text).args }) },
    Stop: plain({ verb: 'stop', service: null }),
    Status: plain({ verb: 'status', service: null }),
    ReloadConfig: { fields: true, read: (text) => ({ verb: 'reloadconfig', path: reload(text).config_path }) },
    Shutdown: plain({ verb: 'shutdown' }),
    HealthCheck: plain({ verb: 'health', service: null }),
    CustomRestart: {
      fields: true,
      read: (text) => {
        const { pre_commands, start_args, post_commands, env_vars } = customRestart(text)
        return { verb: 'customrestart', before: pre_commands, args: start_args, after: post_commands, env: env_vars }
      },
    },
    ExecuteCommand: {
      fields: true,
      read: (text) => {
        const { command, timeout_seconds } = execute(text)
        return { verb: 'executecommand', program: command, timeout: timeout_seconds }
      },
    },
    Authenticate: { fields: true, read: (text) => ({ verb: 'authenticate', token: authenticate(text).token }) },
  },
  // Not among those of the original, so not in its words either.
  ['Authenticate'],
)

/** A whole text as an order, or what serde says about it. */
export function orderFromJson(written: string): { readonly order: Order } | { readonly refusal: string } {
  try {
    const text = new SerdeText(written)
    const found = order(text)
    text.end()
    return { order: found }
  } catch (error) {
    if (error instanceof SerdeError) return { refusal: error.message }
    throw error
  }
}
