import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { fitted, kept, resized, scales, zoomed, type Size, type View } from './viewport.ts'

/** Moves a drawing by mouse, wheel, fingers and keys. */

export interface Viewport {
  readonly view: View
  readonly pane: Size
  /** It goes there by itself, and not below a hand: then it glides. */
  readonly gliding: boolean
  go(view: View): void
  zoom(by: number): void
  fit(): void
}

interface Point {
  readonly x: number
  readonly y: number
}

const nothing: Size = { width: 0, height: 0 }
/** px that a key moves it by, and that a press may waver without being a drag. */
const stride = 60
const slack = 4

export function useViewport(frame: RefObject<HTMLElement | null>, drawing: Size): Viewport {
  const [pane, setPane] = useState<Size>(nothing)
  const [{ view, gliding }, setView] = useState<{ view: View; gliding: boolean }>({
    view: { x: 0, y: 0, scale: 1 },
    gliding: false,
  })
  const now = useRef({ view, pane, drawing })
  now.current = { ...now.current, pane, drawing }

  const show = (next: View, gliding: boolean): void => {
    now.current.view = kept(next, now.current.drawing, now.current.pane)
    setView({ view: now.current.view, gliding })
  }
  const middle = (): Point => ({ x: now.current.pane.width / 2, y: now.current.pane.height / 2 })
  const zoom = (by: number): void => show(zoomed(now.current.view, by, middle()), true)
  const fit = (): void => show(fitted(now.current.drawing, now.current.pane), true)

  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const measure = new ResizeObserver(([entry]) => {
      if (entry === undefined) return
      const { pane: before, view } = now.current
      const next = { width: entry.contentRect.width, height: entry.contentRect.height }
      now.current.pane = next
      setPane(next)
      if (before.width > 0 && next.width > 0) show(resized(view, before, next), false)
    })
    measure.observe(element)
    const fingers = new Map<number, Point>()
    let dragged = 0
    const at = ({ clientX, clientY }: MouseEvent): Point => {
      const { left, top } = element.getBoundingClientRect()
      return { x: clientX - left, y: clientY - top }
    }
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault()
      const lines = event.deltaMode === 0 ? 1 : 16
      const by = Math.exp((-event.deltaY * lines) / (event.ctrlKey ? 120 : 480))
      show(zoomed(now.current.view, by, at(event)), false)
    }
    const onDown = (event: PointerEvent): void => {
      if (event.button !== 0 || (event.target as Element).closest('button, input, select, a') !== null) return
      fingers.set(event.pointerId, at(event))
      dragged = 0
    }
    const onMove = (event: PointerEvent): void => {
      const before = fingers.get(event.pointerId)
      if (before === undefined) return
      const here = at(event)
      const { x, y, scale } = now.current.view
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1]
      dragged += Math.hypot(here.x - before.x, here.y - before.y)
      if (dragged < slack) return
      if (!element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId)
      fingers.set(event.pointerId, here)
      if (other === undefined) {
        show({ x: x - (here.x - before.x) / scale, y: y - (here.y - before.y) / scale, scale }, false)
        return
      }
      const by = Math.hypot(here.x - other.x, here.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y))
      show(zoomed(now.current.view, by, { x: (here.x + other.x) / 2, y: (here.y + other.y) / 2 }), false)
    }
    const onUp = (event: PointerEvent): void => void fingers.delete(event.pointerId)
    const onKey = (event: KeyboardEvent): void => {
      if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return
      const { x, y, scale } = now.current.view
      const by = stride / scale
      const moves: Readonly<Record<string, () => void>> = {
        ArrowLeft: () => show({ x: x - by, y, scale }, true),
        ArrowRight: () => show({ x: x + by, y, scale }, true),
        ArrowUp: () => show({ x, y: y - by, scale }, true),
        ArrowDown: () => show({ x, y: y + by, scale }, true),
        '+': () => zoom(scales.step),
        '=': () => zoom(scales.step),
        '-': () => zoom(1 / scales.step),
        '0': fit,
      }
      const move = moves[event.key]
      if (move === undefined) return
      event.preventDefault()
      move()
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    element.addEventListener('pointerdown', onDown)
    element.addEventListener('pointermove', onMove)
    element.addEventListener('pointerup', onUp)
    element.addEventListener('pointercancel', onUp)
    element.addEventListener('keydown', onKey)
    return () => {
      measure.disconnect()
      element.removeEventListener('wheel', onWheel)
      element.removeEventListener('pointerdown', onDown)
      element.removeEventListener('pointermove', onMove)
      element.removeEventListener('pointerup', onUp)
      element.removeEventListener('pointercancel', onUp)
      element.removeEventListener('keydown', onKey)
    }
    // It looks up what is so now by itself.
  }, [frame])

  return { view, pane, gliding, go: (next) => show(next, true), zoom, fit }
}
