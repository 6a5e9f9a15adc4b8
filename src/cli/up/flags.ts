import { Option, type Command } from 'commander'
import type { Flags } from '../../config/load.ts'

/** What is typed behind `up` instead of what the environment and the config say. */

/** For help and completion; which ones there are is for the config to judge. */
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const logLevel = (): Option => {
  const option = new Option('--log-level <level>', "the least that goes to Hyphae's own log")
  option.argChoices = levels
  return option
}

export const withFlags = (command: Command): Command =>
  command
    .option('--port <n>', "the supervisor's TCP port, instead of 8081; 0 takes a free one, off none")
    .option('--host <address>', 'the address of that port, instead of 127.0.0.1')
    .option('--http-port <n>', 'the HTTP port, instead of 3001; 0 takes a free one, off none')
    .addOption(logLevel())
    .option('--mode <mode>', 'the mode in force, instead of MAGICTUNNEL_RUNTIME_MODE and supervisor.mode')
    .option('--environment <name>', 'development or production, instead of MAGICTUNNEL_ENV and supervisor.environment')

/** Only those that were given. */
export const flagsOf = ({ port, host, httpPort, logLevel: level, mode, environment }: Flags): Flags => ({
  ...(port === undefined ? {} : { port }),
  ...(host === undefined ? {} : { host }),
  ...(httpPort === undefined ? {} : { httpPort }),
  ...(level === undefined ? {} : { logLevel: level }),
  ...(mode === undefined ? {} : { mode }),
  ...(environment === undefined ? {} : { environment }),
})

/** As they are typed again, for another process. */
export const flagWords = ({ port, host, httpPort, logLevel: level, mode, environment }: Flags): string[] =>
  Object.entries({
    '--port': port,
    '--host': host,
    '--http-port': httpPort,
    '--log-level': level,
    '--mode': mode,
    '--environment': environment,
  }).flatMap(([flag, value]) =>
    // In one word: a value may begin with a dash.
    value === undefined ? [] : [`${flag}=${value}`],
  )
