import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { bounds } from '../bounds.ts'

/** Of many rows of one height, those that are seen; it follows the end until one scrolls up. */

export interface Rows {
  readonly first: number
  readonly last: number
  /** Is the newest seen, and kept in sight? */
  readonly atEnd: boolean
  toEnd(): void
  reveal(index: number): void
}

export function useRows(box: RefObject<HTMLElement | null>, count: number, height: number): Rows {
  const [top, setTop] = useState(0)
  const [room, setRoom] = useState(400)
  const [atEnd, setAtEnd] = useState(true)
  const following = useRef(true)

  useEffect(() => {
    const element = box.current
    if (element === null) return
    const measure = new ResizeObserver(() => setRoom(element.clientHeight))
    measure.observe(element)
    const onScroll = (): void => {
      following.current = element.scrollTop + element.clientHeight >= element.scrollHeight - height
      setTop(element.scrollTop)
      setAtEnd(following.current)
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      measure.disconnect()
      element.removeEventListener('scroll', onScroll)
    }
  }, [box, height])

  useLayoutEffect(() => {
    const element = box.current
    if (element === null || !following.current) return
    element.scrollTop = element.scrollHeight
    setTop(element.scrollTop)
  }, [box, count, room])

  const first = Math.max(0, Math.min(Math.floor(top / height) - bounds.rowsBeyond, count - 1))
  return {
    first,
    last: Math.min(count, Math.ceil((top + room) / height) + bounds.rowsBeyond),
    atEnd,
    toEnd: () => {
      following.current = true
      setAtEnd(true)
      box.current?.scrollTo({ top: count * height })
    },
    reveal: (index) => {
      const element = box.current
      if (element === null) return
      const [above, below] = [index * height, (index + 1) * height]
      if (above < element.scrollTop) element.scrollTop = above
      else if (below > element.scrollTop + element.clientHeight) element.scrollTop = below - element.clientHeight
    },
  }
}
