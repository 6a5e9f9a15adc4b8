import type { Output } from '../../client/index.ts'
import type { Style } from './paint.ts'
import type { Look } from './table.ts'
import { countOf, cut, printable } from './text.ts'

type Change = Output<'system.reload'>['changes'][number]['change']

const styles: Readonly<Record<Change, Style>> = { added: 'green', changed: 'yellow', removed: 'red' }
const words: Readonly<Record<Change, string>> = { added: 'added', changed: 'changed', removed: 'removed' }
const wouldWords: Readonly<Record<Change, string>> = {
  added: 'would be added',
  changed: 'would change',
  removed: 'would be removed',
}

/** One line a service that changes, and how many do not. */
export function changeLines({ changes, unchanged, dry_run: dry }: Output<'system.reload'>, { width, paint }: Look): string[] {
  const wide = Math.max(0, ...changes.map(({ service }) => service.length))
  const lines = changes.map(({ service, change, fields }) => {
    const word = (dry ? wouldWords : words)[change]
    const head = `${printable(service).padEnd(wide)}  `
    const rest = fields.length === 0 ? '' : `  ${fields.join(', ')}`
    return `${head}${paint(styles[change], word)}${cut(printable(rest), width - head.length - word.length)}`
  })
  return [...lines, `${countOf(unchanged, 'service')} ${dry ? 'would stay untouched' : 'untouched'}`]
}
