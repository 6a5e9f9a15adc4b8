import type { Command } from 'commander'
import process from 'node:process'
import { refuseUrl, type Common } from '../connection.ts'
import { err, out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
}

export function addValidate(program: Command): void {
  program
    .command('validate')
    .description('Check the config')
    .option('--json', 'print what was found as JSON')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      const { json, config: given } = options
      refuseUrl('validate', options)
      const [{ findConfig, shownPath }, { loadConfig }, { formatProblem }] = await Promise.all([
        import('../../config/file.ts'),
        import('../../config/load.ts'),
        import('../../config/frame.ts'),
      ])
      const { path, services, warnings } = loadConfig(given ?? findConfig(process.cwd(), process.env), process.env)
      if (json === true) {
        await out.json({ valid: true, path, services: services.map(({ name }) => name), warnings })
        return
      }
      const color = err.coloured()
      await err.lines(warnings.map((warning) => `warning: ${formatProblem(warning, { color })}`))
      const number = services.length === 1 ? '1 service' : `${services.length} services`
      await out.lines([`${shownPath(path)} is valid: ${number}`])
    })
}
