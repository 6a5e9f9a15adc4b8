import type { DrawnEdge } from '../../../layout/layout.ts'

/** Lines as SVG paths. */

type Point = readonly [x: number, y: number]

/** px */
const corner = 7
const head = { length: 8, width: 4 } as const

const towards = ([x, y]: Point, [toX, toY]: Point, by: number): Point => {
  const length = Math.hypot(toX - x, toY - y)
  const part = length === 0 ? 0 : Math.min(by, length / 2) / length
  return [x + (toX - x) * part, y + (toY - y) * part]
}
const text = ([x, y]: Point): string => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`

/** From corner to corner, with round ones; it ends where its arrowhead begins. */
export function pathOf(points: DrawnEdge['points']): string {
  const parts: string[] = []
  const last = points.length - 1
  points.forEach((point, index) => {
    const before = points[index - 1]
    const after = points[index + 1]
    if (before === undefined) parts.push(`M${text(point)}`)
    else if (after === undefined) parts.push(`L${text(index === last ? towards(point, before, head.length) : point)}`)
    else parts.push(`L${text(towards(point, before, corner))}Q${text(point)} ${text(towards(point, after, corner))}`)
  })
  return parts.join('')
}

/** The arrowhead at its end. */
export function headOf(points: DrawnEdge['points']): string {
  const tip = points.at(-1)
  const before = points.at(-2)
  if (tip === undefined || before === undefined) return ''
  const length = Math.hypot(tip[0] - before[0], tip[1] - before[1]) || 1
  const [x, y] = [(tip[0] - before[0]) / length, (tip[1] - before[1]) / length]
  const base: Point = [tip[0] - x * head.length, tip[1] - y * head.length]
  const side = (by: number): Point => [base[0] - y * by, base[1] + x * by]
  return `M${text(tip)}L${text(side(head.width))}L${text(side(-head.width))}Z`
}
