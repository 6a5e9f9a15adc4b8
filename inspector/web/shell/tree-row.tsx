import { Component } from 'preact'
import type { ActorRow } from '../../../src/protocol/inspection.ts'
import type { PageModel } from '../model/page-model.ts'
import { kindOf, shortName } from '../model/sections.ts'
import type { TreeNode } from '../model/tree-node.ts'
import { ageOf } from '../model/words.ts'
import { PhaseMark, StateChip } from './chips.tsx'

/** One line of the tree. All are of the same height, so that a place says where it is. */

export const rowHeight = 28

/** How long a row shows that something happened to it, ms. */
const flash = 700

export interface TreeRowProps {
  readonly model: PageModel
  readonly node: TreeNode
  /** As it was when this was asked for: the node's own changes in its place. */
  readonly row: ActorRow | null
  /** null: there is nothing below it. */
  readonly open: boolean | null
  /** How many lines hang right below it. */
  readonly count: number
  /** Which of its siblings it is: `3/12`. */
  readonly position: string
  /** Which line of the tree. */
  readonly place: number
  readonly selected: boolean
  readonly focusable: boolean
  act(node: TreeNode, how: 'choose' | 'turn'): void
}

/** Below another actor a name alone would not say what it is. */
const titleOf = (row: ActorRow, level: number): string =>
  level > 2 && row.address !== undefined ? (kindOf(row) ?? shortName(row)) : shortName(row)

/** Many rows stand while a few change, so one is made anew only where it is another. */
export class TreeRow extends Component<TreeRowProps> {
  override shouldComponentUpdate(next: TreeRowProps): boolean {
    const now: Readonly<Record<string, unknown>> = { ...this.props }
    return Object.entries(next).some(([name, value]) => now[name] !== value)
  }
  override render({ model, node, row, open, count, position, place, selected, focusable, act }: TreeRowProps) {
    const [among, siblings] = position.split('/')
    return (
      <div
        role="treeitem"
        class={row === null ? 'row row-heading' : 'row'}
        aria-level={node.level}
        aria-setsize={Number(siblings)}
        aria-posinset={Number(among)}
        aria-selected={selected}
        {...(open === null ? {} : { 'aria-expanded': open })}
        tabIndex={focusable ? 0 : -1}
        data-id={node.id}
        style={{ transform: `translateY(${place * rowHeight}px)`, paddingLeft: `${8 + (node.level - 1) * 14}px` }}
        onClick={() => act(node, 'choose')}
      >
        <span
          class={`twist ${open === null ? '' : open ? 'twist-open' : 'twist-closed'}`}
          aria-hidden="true"
          onClick={(event: MouseEvent) => {
            if (open === null) return
            event.stopPropagation()
            act(node, 'turn')
          }}
        />
        {row === null ? <Heading title={node.title} count={count} /> : <Actor model={model} row={row} level={node.level} />}
      </div>
    )
  }
}

function Heading({ title, count }: { readonly title: string; readonly count: number }) {
  return (
    <>
      <span class="row-name">{title}</span>
      <span class="count">{count}</span>
    </>
  )
}

function Actor({ model, row, level }: { readonly model: PageModel; readonly row: ActorRow; readonly level: number }) {
  const now = model.now.value
  const active = model.activityOf(row.id)
  return (
    <>
      <PhaseMark phase={row.end === undefined ? row.phase : 'reaped'} />
      <span class={row.end === undefined ? 'row-name' : 'row-name row-name-ended'} title={row.address ?? row.id}>
        {titleOf(row, level)}
      </span>
      {active !== undefined && model.moment.value === null && now - active < flash ? (
        <span key={row.events} class="flash" aria-hidden="true" />
      ) : null}
      <StateChip row={row} />
      <span class="row-age" title={`${row.events} events`}>
        {ageOf(row.since, now)}
      </span>
    </>
  )
}
