import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { PageModel } from '../model/page-model.ts'
import type { TreeLine } from '../model/tree-index.ts'
import type { TreeNode } from '../model/tree-node.ts'
import { TreeRow, rowHeight } from './tree-row.tsx'

/** The tree of actors. Only the rows that can be seen are in the page; the one with the focus always is. */

const spare = 6

/** What a key moves to; undefined: the key is not the tree's. */
function moved(model: PageModel, key: string, at: number, line: TreeLine | undefined, page: number): number | undefined {
  const { tree } = model
  const last = tree.size - 1
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, at + 1)
    case 'ArrowUp':
      return Math.max(0, at - 1)
    case 'PageDown':
      return Math.min(last, at + page)
    case 'PageUp':
      return Math.max(0, at - page)
    case 'Home':
      return 0
    case 'End':
      return last
    case 'ArrowRight':
      if (line === undefined || line.node.shownChildren === 0) return at
      if (tree.isOpen(line.node)) return at + 1
      model.unfold(line.node.id, true)
      return at
    case 'ArrowLeft':
      if (line === undefined) return at
      if (line.node.shownChildren > 0 && tree.isOpen(line.node)) {
        model.unfold(line.node.id, false)
        return at
      }
      return line.node.parent === null ? at : tree.placeOf(line.node.parent.id)
    default:
      return undefined
  }
}

export function TreeView({ model }: { readonly model: PageModel }) {
  const { tree } = model
  const box = useRef<HTMLDivElement>(null)
  const top = useSignal(0)
  const height = useSignal(600)
  /** Who has the focus, or would get it. */
  const cursor = useSignal<string | null>(null)
  const hasFocus = useRef(false)
  const typed = useRef({ text: '', at: 0 })
  const size = useComputed(() => model.treeVersion.value >= 0 && tree.size)

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const watch = new ResizeObserver(() => (height.value = element.clientHeight))
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  // Who is selected elsewhere is brought into sight.
  useEffect(() => {
    const id = model.selected.value
    if (id === null) return
    cursor.value = id
    reveal(tree.placeOf(id))
  }, [model.selected.value])

  function reveal(place: number): void {
    const element = box.current
    if (element === null || place < 0) return
    const y = place * rowHeight
    if (y < element.scrollTop) element.scrollTop = y
    else if (y + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = y + rowHeight - element.clientHeight
    top.value = element.scrollTop
  }
  function focusAt(place: number): void {
    const id = tree.lines(place, place + 1)[0]?.node.id
    if (id === undefined) return
    hasFocus.current = true
    cursor.value = id
    reveal(place)
  }
  useLayoutEffect(() => {
    if (!hasFocus.current || cursor.value === null) return
    const row = box.current?.querySelector<HTMLElement>('[tabindex="0"]')
    if (row !== null && row !== document.activeElement) row?.focus({ preventScroll: true })
  })

  function typeAhead(letter: string, from: number): void {
    const now = performance.now()
    const goesOn = now - typed.current.at < 700 && typed.current.text !== letter
    // The same letter again goes to the next name that begins with it.
    const text = goesOn ? typed.current.text + letter : letter
    typed.current = { text, at: now }
    const lines = tree.lines(0, tree.size)
    const begin = text.length > 1 ? from : from + 1
    for (let step = 0; step < lines.length; step++) {
      const place = (begin + step) % lines.length
      if (lines[place]?.node.title.toLowerCase().startsWith(text)) return focusAt(place)
    }
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const at = Math.max(0, cursor.value === null ? 0 : tree.placeOf(cursor.value))
    const line = tree.lines(at, at + 1)[0]
    const to = moved(model, event.key, at, line, Math.max(1, Math.floor(height.value / rowHeight) - 1))
    if (to !== undefined) focusAt(to)
    else if (event.key === 'Enter' || event.key === ' ') {
      if (line !== undefined) act.current(line.node, 'choose')
    } else if (/^[a-z0-9_]$/i.test(event.key)) typeAhead(event.key.toLowerCase(), at)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  // The same one for ever, so that rows that did not change stay as they are.
  const act = useRef((node: TreeNode, how: 'choose' | 'turn'): void => {
    cursor.value = node.id
    if (how === 'turn' || node.row === null) model.unfold(node.id, !tree.isOpen(node))
    else model.select(node.id)
  })

  const total = size.value || 0
  const selected = model.selected.value
  const first = Math.max(0, Math.floor(top.value / rowHeight) - spare)
  const last = Math.min(total, Math.ceil((top.value + height.value) / rowHeight) + spare)
  void model.treeVersion.value
  const lines = tree.lines(first, last).map((line, index) => ({ line, place: first + index }))
  const cursorPlace = cursor.value === null ? -1 : tree.placeOf(cursor.value)
  const focusable = cursorPlace < 0 ? 0 : cursorPlace
  if (focusable < first || focusable >= last) {
    for (const line of tree.lines(focusable, focusable + 1)) lines.push({ line, place: focusable })
  }
  return (
    <div class="tree-box" ref={box} onScroll={() => (top.value = box.current?.scrollTop ?? 0)}>
      <div
        role="tree"
        aria-label="Actors"
        class="tree"
        style={{ height: `${total * rowHeight}px` }}
        onKeyDown={onKeyDown}
        onFocusIn={() => (hasFocus.current = true)}
        onFocusOut={(event: FocusEvent) => {
          // A row that leaves the page takes the focus with it; nobody else has got it then.
          if (event.relatedTarget !== null) hasFocus.current = false
        }}
      >
        {lines.map(({ line, place }) => (
          <TreeRow
            key={line.node.id}
            model={model}
            node={line.node}
            row={line.node.row}
            open={line.node.shownChildren === 0 ? null : tree.isOpen(line.node)}
            count={line.node.row === null ? line.node.shownChildren : 0}
            position={`${line.place}/${line.siblings}`}
            place={place}
            selected={line.node.id === selected}
            focusable={place === focusable}
            act={act.current}
          />
        ))}
      </div>
    </div>
  )
}
