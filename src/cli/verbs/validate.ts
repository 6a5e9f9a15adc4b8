import type { Command } from 'commander'
import process from 'node:process'
import { refuseUrl, type Common } from '../connection.ts'
import { leftOutLines } from '../render/modes.ts'
import { err, out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
  readonly mode?: string
}

export function addValidate(program: Command): void {
  program
    .command('validate')
    .description('Check the config')
    .option('--mode <mode>', 'the mode in force, instead of MAGICTUNNEL_RUNTIME_MODE and supervisor.mode')
    .option('--json', 'print what was found as JSON')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { json, config: given, mode: asked } = options
      refuseUrl('validate', options)
      const [{ findConfig, shownPath }, { loadConfig }, { formatProblem }] = await Promise.all([
        import('../../config/file.ts'),
        import('../../config/load.ts'),
        import('../../config/frame.ts'),
      ])
      const flags = asked === undefined ? {} : { mode: asked }
      const config = loadConfig(given ?? findConfig(process.cwd(), process.env), process.env, flags)
      const { path, services, warnings, mode, leftOut } = config
      if (json === true) {
        await out.json({
          valid: true,
          path,
          mode,
          services: services.map(({ name }) => name),
          left_out: [...leftOut.keys()],
          warnings,
        })
        return
      }
      const color = err.coloured()
      await err.lines(warnings.map((warning) => `warning: ${formatProblem(warning, { color })}`))
      const number = services.length === 1 ? '1 service' : `${services.length} services`
      await err.lines(leftOutLines(config))
      await out.lines([`${shownPath(path)} is valid: ${number}`])
    })
}
