import type { Finding, Level } from '../doctor/finding.ts'
import type { Style } from './paint.ts'
import { table, type Look } from './table.ts'
import { countOf, lengthOf, printable, wrapped } from './text.ts'

const styles: Readonly<Record<Level, Style>> = { ok: 'green', warning: 'yellow', error: 'red' }

/** A table of what was found; below what is wrong stands what to do. */
export function doctorLines(findings: readonly Finding[], look: Look): string[] {
  const before = 'warning'.length + Math.max(...findings.map(({ check }) => lengthOf(check))) + 4
  // Its end is the part that is needed, so nothing is cut.
  const lines = ({ found, remedy }: Finding): string[] =>
    [found, ...(remedy === null ? [] : [`→ ${remedy}`])].flatMap((text) => wrapped(printable(text), look.width - before))
  const rows = findings.flatMap((finding) =>
    lines(finding).map((text, at) =>
      at === 0
        ? [{ text: finding.level, style: styles[finding.level] }, { text: finding.check }, { text }]
        : [{ text: '' }, { text: '' }, { text }],
    ),
  )
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length
  const shown = table([{ title: 'LEVEL' }, { title: 'CHECK' }, { title: 'FOUND' }], rows, look)
  return [
    ...shown,
    '',
    `${countOf(findings.length, 'check')}: ${countOf(count('error'), 'error')}, ${countOf(count('warning'), 'warning')}`,
  ]
}
