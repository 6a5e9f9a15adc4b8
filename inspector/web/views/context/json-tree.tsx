import { useRef, useState } from 'preact/hooks'
import './context.css'
import { brief, parentOf, type Tree, type TreeRow } from './tree.ts'

interface JsonTreeProps {
  readonly label: string
  readonly tree: Tree
  /** By name, before and after: of the first level. */
  readonly changes?: Readonly<Record<string, readonly [unknown, unknown]>>
  /** Opens what is closed, and the other way round. */
  flip(path: string): void
  copy(value: unknown): void
}

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

/** A value whose parts can be opened and closed. */
export function JsonTree({ label, tree: { rows, cut }, changes = {}, flip, copy }: JsonTreeProps) {
  const [at, setAt] = useState('')
  const list = useRef<HTMLUListElement>(null)
  const here = rows.some(({ path }) => path === at) ? at : (rows[0]?.path ?? '')

  const focus = (path: string | undefined): void => {
    if (path === undefined) return
    setAt(path)
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`)?.focus())
  }
  const pressed = (event: KeyboardEvent): void => {
    const index = rows.findIndex(({ path }) => path === here)
    const row = rows[index]
    if (row === undefined) return
    const isOpen = row.open
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => focus(rows[index + 1]?.path),
      ArrowUp: () => focus(rows[index - 1]?.path),
      Home: () => focus(rows[0]?.path),
      End: () => focus(rows.at(-1)?.path),
      ArrowRight: () => (isOpen ? focus(rows[index + 1]?.path) : row.size !== null && row.size > 0 && flip(row.path)),
      ArrowLeft: () => (isOpen ? flip(row.path) : parentOf(row.path) !== '' && focus(parentOf(row.path))),
      Enter: () => row.size !== null && flip(row.path),
      ' ': () => row.size !== null && flip(row.path),
      c: () => copy(row.value),
    }
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    move()
  }
  return (
    <>
      <ul ref={list} class="ctx-tree" role="tree" aria-label={label} onKeyDown={pressed}>
        {rows.map((row) => (
          <Row
            key={row.path}
            row={row}
            isHere={row.path === here}
            change={row.depth === 0 ? changes[row.name] : undefined}
            click={() => {
              focus(row.path)
              if (row.size !== null && row.size > 0) flip(row.path)
            }}
          />
        ))}
      </ul>
      {cut ? <p class="ctx-why">There is more than is shown here: search for it, or copy all.</p> : null}
    </>
  )
}

interface RowProps {
  readonly row: TreeRow
  readonly isHere: boolean
  readonly change: readonly [unknown, unknown] | undefined
  click(): void
}

function Row({ row: { path, name, depth, value, size, open, isHit }, isHere, change, click }: RowProps) {
  const classes = ['ctx-row', change === undefined ? '' : 'ctx-changed', isHit ? 'ctx-hit' : ''].filter((one) => one !== '')
  return (
    <li
      role="treeitem"
      class={classes.join(' ')}
      data-path={path}
      aria-level={depth + 1}
      aria-expanded={size === null || size === 0 ? undefined : open}
      aria-selected={isHere}
      tabIndex={isHere ? 0 : -1}
      style={{ paddingLeft: `${8 + depth * 16}px` }}
      onClick={click}
    >
      <span class="ctx-arrow" aria-hidden="true">
        {size === null || size === 0 ? '' : open ? '▾' : '▸'}
      </span>
      <span class="ctx-name">{name}</span>
      <span class="ctx-colon">: </span>
      {change === undefined ? (
        <span class={`ctx-value ctx-${kindOf(value)}`}>{brief(value)}</span>
      ) : (
        <span class="ctx-change">
          <del>{brief(change[0])}</del>
          <span aria-label="became"> → </span>
          <ins>{brief(change[1])}</ins>
        </span>
      )}
    </li>
  )
}
