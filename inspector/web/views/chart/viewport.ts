import type { Box } from '../../../layout/layout.ts'

/** Which part of a drawing is seen: a point of it, x and y, stands in the upper left corner, `scale` times as large. */

export interface View {
  readonly x: number
  readonly y: number
  readonly scale: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

/** `readable`: below this scale a text is smaller than 8 px. `opening`: what does not fit begins with it. `far`: below this one only the names of states are there to be read. */
export const scales = { least: 0.05, most: 3, readable: 0.72, opening: 0.85, far: 0.36, step: 1.25 } as const
/** px around what is fitted in. */
const margin = 12

const between = (least: number, value: number, most: number): number => Math.max(least, Math.min(most, value))

const centred = ({ x, y, width, height }: Box, pane: Size, scale: number): View => ({
  x: x + width / 2 - pane.width / 2 / scale,
  y: y + height / 2 - pane.height / 2 / scale,
  scale,
})

/** All of it, and no larger than it was made. */
export function fitted(drawing: Size, pane: Size): View {
  const scale = Math.min((pane.width - 2 * margin) / drawing.width, (pane.height - 2 * margin) / drawing.height)
  return centred({ x: 0, y: 0, ...drawing }, pane, between(scales.least, scale, 1))
}

/** All of it where it can be read, else the part around what is active. */
export function opening(drawing: Size, pane: Size, around: Box | null): View {
  const all = fitted(drawing, pane)
  if (all.scale >= scales.readable || around === null) return all
  return kept(showing({ x: 0, y: 0, scale: scales.opening }, pane, around, true), drawing, pane)
}

/** The point below (x, y) of the pane stays where it is. */
export function zoomed({ x, y, scale }: View, by: number, at: { readonly x: number; readonly y: number }): View {
  const next = between(scales.least, scale * by, scales.most)
  return { x: x + at.x / scale - at.x / next, y: y + at.y / scale - at.y / next, scale: next }
}

/** Never so far that nothing of the drawing is left: half of the pane shows some of it. */
export function kept(view: View, drawing: Size, pane: Size): View {
  const [width, height] = [pane.width / view.scale, pane.height / view.scale]
  return {
    x: between(-width / 2, view.x, drawing.width - width / 2),
    y: between(-height / 2, view.y, drawing.height - height / 2),
    scale: view.scale,
  }
}

/** px between what is looked at and where the pane ends. */
const rim = 10

/** As much of a box as the pane can hold: its upper left part. */
const holding = ({ scale }: View, pane: Size, { x, y, width, height }: Box): Box => ({
  x,
  y,
  width: Math.min(width, (pane.width - 2 * rim) / scale),
  height: Math.min(height, (pane.height - 2 * rim) / scale),
})

/** All of it, or as much as the pane can hold. */
export function sees(view: View, pane: Size, box: Box): boolean {
  const { x, y, width, height } = holding(view, pane, box)
  const edge = (rim - 1) / view.scale
  return (
    x >= view.x + edge &&
    x + width <= view.x + pane.width / view.scale - edge &&
    y >= view.y + edge &&
    y + height <= view.y + pane.height / view.scale - edge
  )
}

/** Brings it into the middle, where it is not seen already (or in any case: `anyway`). */
export const showing = (view: View, pane: Size, box: Box, anyway = false): View =>
  !anyway && sees(view, pane, box) ? view : centred(holding(view, pane, box), pane, view.scale)

/** The middle of the pane stays the middle, when it becomes larger or smaller. */
export const resized = ({ x, y, scale }: View, before: Size, pane: Size): View => ({
  x: x + (before.width - pane.width) / 2 / scale,
  y: y + (before.height - pane.height) / 2 / scale,
  scale,
})
