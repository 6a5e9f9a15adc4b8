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

/** One line a service or group that changes, and how many do not. */
export function changeLines(
  { changes, groups, unchanged, dry_run: dry }: Output<'system.reload'>,
  { width, paint }: Look,
): string[] {
  const all = [
    ...changes.map(({ service, ...rest }) => ({ name: service, ...rest })),
    ...groups.map(({ group, ...rest }) => ({ name: `group ${group}`, ...rest })),
  ]
  const wide = Math.max(0, ...all.map(({ name }) => name.length))
  const lines = all.map(({ name, change, fields }) => {
    const word = (dry ? wouldWords : words)[change]
    const head = `${printable(name).padEnd(wide)}  `
    const rest = fields.length === 0 ? '' : `  ${fields.join(', ')}`
    return `${head}${paint(styles[change], word)}${cut(printable(rest), width - head.length - word.length)}`
  })
  return [...lines, `${countOf(unchanged, 'service')} ${dry ? 'would stay untouched' : 'untouched'}`]
}
