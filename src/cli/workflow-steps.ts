import type { Client } from '../client/index.ts'
import type { Fact } from '../protocol/facts.ts'
import type { Style } from './render/paint.ts'
import type { Look } from './render/table.ts'
import { cut, printable } from './render/text.ts'
import { err } from './terminal.ts'

/** The steps of a restart workflow as they end, while somebody looks on. */

export interface Steps {
  /** One line each, of those that have ended. */
  lines(): readonly string[]
  stop(): void
}

const styles: Readonly<Record<string, Style>> = { done: 'green', failed: 'red', cancelled: 'yellow' }

/** Facts as they come, of any workflow, to lines of the one of this service that begins first. */
export function createStepLines(service: string) {
  let workflow: string | undefined
  /** How the last command has ended: the step of a command is told right after it. */
  let command: string | undefined
  const steps: Array<readonly [outcome: string, text: string]> = []
  return {
    hear({ type, about, because, data }: Fact): void {
      if (type === 'workflow.started' && data['service'] === service) workflow ??= about
      if (about !== workflow) return
      if (type === 'program.finished') command = because ?? undefined
      if (type !== 'workflow.step') return
      const [name, outcome] = [String(data['step']), String(data['outcome'])]
      const why = because?.slice(`${name}: ${outcome}, `.length) ?? ''
      steps.push([outcome, `${name}${command === undefined ? (why === '' ? '' : `: ${why}`) : `: ${command}`}`])
      command = undefined
    },
    lines: ({ width, paint }: Look): string[] =>
      steps.map(([outcome, text]) => {
        const style = styles[outcome]
        const word = outcome.padEnd(9)
        return `${style === undefined ? word : paint(style, word)} ${cut(printable(text), width - 10)}`
      }),
  }
}

/** Resolves once it listens, so that no step of what is asked for next is missed; without a terminal at once, and to nothing. */
export async function followSteps(client: Client, service: string): Promise<Steps> {
  if (!err.live) return { lines: () => [], stop() {} }
  const known = createStepLines(service)
  const items = client.watch({ filter: 'restart.', facts: true })
  // What can't be shown is not worth failing for.
  const first = await items.next().catch(() => undefined)
  const listen = async (): Promise<void> => {
    for await (const item of items) if (item.type === 'fact') known.hear(item.fact)
  }
  if (first !== undefined) void listen().catch(() => {})
  return {
    lines: () => known.lines(err.look()),
    stop() {
      void items.return().catch(() => {})
    },
  }
}
