import type { Command } from 'commander'
import { comeBack, isElsewhere, queryTime, withClient, type Common } from '../connection.ts'
import { untilEnded } from '../ending.ts'
import { withProgress } from '../progress.ts'
import { countOf } from '../render/text.ts'
import { out } from '../terminal.ts'

interface Options extends Common {
  readonly json?: boolean
}

export function addLeave(program: Command): void {
  program
    .command('leave')
    .description('End the orchestrator and leave the services running; the next up takes them back')
    .option('--json', 'print what the system answers')
    .action(async (_: Options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      await withClient(options, async (client) => {
        const { supervisor, services } = await client.call('system.status', {}, queryTime)
        const work = untilEnded(client, supervisor.pid, isElsewhere(options), () => client.call('system.leave'))
        const answer = await withProgress(work, () => Promise.resolve('waiting for the orchestrator to let go of its services'))
        const running = Object.keys(services).filter((name) => services[name]?.pid != null)
        const { pid, left } = answer ?? { pid: supervisor.pid, left: running }
        if (options.json === true) return out.json({ pid, left })
        await out.lines([
          `left ${countOf(left.length, 'service')} running; the orchestrator (pid ${pid}) has ended`,
          `  come back with${isElsewhere(options) ? ', on its machine' : ''}: ${comeBack(options.config ?? supervisor.config)}`,
        ])
      })
    })
}
