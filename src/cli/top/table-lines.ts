import type { Style } from '../render/paint.ts'
import { statusStyle } from '../render/status.ts'
import { plain } from '../render/paint.ts'
import { shortDuration } from '../render/time.ts'
import { fit, padded, widthOf } from './cells.ts'
import type { ScreenLook } from './look.ts'
import type { Model, Sort } from './model.ts'
import { rowsOf, selectedAt, windowAt, type Row } from './rows.ts'
import { cpuLine, memoryLine, sparkCells } from './sparkline.ts'

/** The table of services, as wide as the terminal. */

interface Column {
  readonly title: string
  /** Cells; what is longer is cut. */
  readonly width: number
  readonly align?: 'right'
  readonly sort?: Sort
  text(row: Row, model: Model): string
  style?(row: Row): Style | undefined
}

const ofService =
  (text: (status: Extract<Row, { kind: 'service' }>['status']) => string) =>
  (row: Row): string =>
    row.kind === 'service' ? text(row.status) : ''

const alive = (text: (status: Extract<Row, { kind: 'service' }>['status']) => string) =>
  ofService((status) => (status.pid === null ? '-' : text(status)))

const groupStyle = { handshake: 'yellow', active: 'green', reaped: 'red' } as const

const nameOf = (row: Row): string => (row.kind === 'group' ? row.name : `${'  '.repeat(row.depth)}${row.name}`)
/** A long name must not take the room of everything else. */
const mostName = 32
/** A reason in less room says nothing. */
const leastReason = 12

const columns = {
  status: {
    title: 'STATUS',
    width: 11,
    sort: 'status',
    text: (row) => (row.kind === 'service' ? row.status.status : row.status.state),
    style: (row) => (row.kind === 'service' ? statusStyle[row.status.status] : groupStyle[row.status.phase]),
  },
  state: { title: 'STATE', width: 12, text: ofService(({ state }) => state) },
  pid: { title: 'PID', width: 7, align: 'right', text: alive(({ pid }) => String(pid)) },
  uptime: { title: 'UPTIME', width: 7, align: 'right', sort: 'uptime', text: alive(({ uptime }) => shortDuration(uptime)) },
  restarts: {
    title: 'RESTARTS',
    width: 8,
    align: 'right',
    sort: 'restarts',
    text: ({ status }) => String(status.restart_count),
  },
  cpu: { title: 'CPU', width: 6, align: 'right', sort: 'cpu', text: alive(({ cpu_percent: cpu }) => `${cpu.toFixed(1)}%`) },
  cpuLine: { title: '', width: sparkCells, text: (row, { figures }) => lineOf(row, figures.get(row.name)?.cpu, cpuLine) },
  memory: { title: 'MEM', width: 8, align: 'right', sort: 'memory', text: alive(({ memory_mb: mb }) => `${mb.toFixed(1)}M`) },
  memoryLine: {
    title: '',
    width: sparkCells,
    text: (row, { figures }) => lineOf(row, figures.get(row.name)?.memory, memoryLine),
  },
} as const satisfies Readonly<Record<string, Column>>
type ColumnName = keyof typeof columns

function lineOf<T>(row: Row, samples: T | undefined, draw: (samples: T) => string): string {
  return row.kind === 'group' || samples === undefined || row.status.pid === null ? '' : draw(samples)
}

const order: readonly ColumnName[] = ['status', 'state', 'pid', 'uptime', 'restarts', 'cpu', 'cpuLine', 'memory', 'memoryLine']
/** The first ones stay where there is little room; `reason` stands for the rest of the line. */
const importance: ReadonlyArray<ColumnName | 'reason'> = [
  'status',
  'cpu',
  'memory',
  'uptime',
  'reason',
  'restarts',
  'pid',
  'state',
  'cpuLine',
  'memoryLine',
]
const gap = ' '

interface Plan {
  readonly name: number
  readonly shown: readonly ColumnName[]
  readonly reason: number
}

/** Which columns there is room for. Two cells in front are for the mark of the selected row. */
function planOf(rows: readonly Row[], width: number, unicode: boolean): Plan {
  const longest = rows.reduce((most, row) => Math.max(most, widthOf(nameOf(row))), 'SERVICE'.length)
  const name = Math.min(longest, mostName, Math.max(12, width - 2 - 12 - 16))
  let room = width - 2 - name
  const shown = new Set<ColumnName>()
  let reason = 0
  for (const column of importance) {
    if (!unicode && (column === 'cpuLine' || column === 'memoryLine')) continue
    const cells = column === 'reason' ? leastReason : columns[column].width
    if (room < cells + gap.length) break
    room -= cells + gap.length
    if (column === 'reason') reason = leastReason
    else shown.add(column)
  }
  return { name, shown: order.filter((column) => shown.has(column)), reason: reason === 0 ? 0 : reason + room }
}

function titleOf({ sort }: Model, { name, shown, reason }: Plan): string {
  const mark = (column: Column): string => (sort !== 'config' && column.sort === sort ? `${column.title}*` : column.title)
  const cells = shown.map((column) => {
    const { width, align }: Column = columns[column]
    return gap + padded(mark(columns[column]), width, align)
  })
  return `  ${padded(sort === 'name' ? 'SERVICE*' : 'SERVICE', name)}${cells.join('')}${reason > 0 ? `${gap}REASON` : ''}`
}

function rowLine(row: Row, model: Model, plan: Plan, paint: ScreenLook['paint']): string {
  const cells = plan.shown.map((name) => {
    const column: Column = columns[name]
    const text = padded(column.text(row, model), column.width, column.align)
    const style = column.style?.(row)
    return gap + (style === undefined ? text : paint(style, text))
  })
  const name = padded(nameOf(row), plan.name)
  const reason = plan.reason > 0 ? gap + paint('dim', fit(row.status.reason ?? '', plan.reason)) : ''
  return `${row.kind === 'group' ? paint('bold', name) : name}${cells.join('')}${reason}`
}

/** Its title, then at most `height` rows. What is only remembered is dim. */
export function tableLines(model: Model, width: number, height: number, { paint, unicode }: ScreenLook): readonly string[] {
  const rows = rowsOf(model)
  const plan = planOf(rows, width, unicode)
  const selected = selectedAt(rows, model.selected)
  const top = windowAt(model.top, selected, height, rows.length)
  const lost = model.link.state === 'lost'
  const inner = lost ? plain : paint
  const lines = rows.slice(top, top + height).map((row, at) => {
    const chosen = top + at === selected
    const line = `${chosen ? '> ' : '  '}${rowLine(row, model, plan, inner)}`
    const full = chosen ? paint('inverse', padded(line, width)) : line
    return lost ? paint('dim', full) : full
  })
  return [paint('bold', titleOf(model, plan)), ...lines]
}
