import type { Command } from 'commander'
import { HyphaeError } from '../../protocol/errors.ts'
import { refuseUrl, type Common } from '../connection.ts'
import { doctorLines } from '../render/doctor.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Look for what is wrong with this machine, the config and the state folder; changes nothing')
    .option('--json', 'print what was found as JSON')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      refuseUrl('doctor', options)
      const { examine } = await import('../doctor/run.ts')
      const findings = await examine(options.config)
      const wrong = findings.filter(({ level }) => level === 'error').map(({ check }) => check)
      const ok = wrong.length === 0
      await (options.json === true ? out.json({ ok, checks: findings }) : out.lines(doctorLines(findings, out.look())))
      if (!ok) throw new HyphaeError('failed', `something is wrong with: ${[...new Set(wrong)].join(', ')}`, { checks: wrong })
    })
}
