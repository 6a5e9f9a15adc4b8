import type { ComponentChildren } from 'preact'
import type { Inspector } from '../../model/inspector.ts'
import { eventWords, exactTimeOf } from '../../model/words.ts'
import { JsonTree } from '../context/json-tree.tsx'
import { useTree } from '../context/use-tree.ts'
import type { Entry } from './journal.ts'
import { nameOf, transitionOf } from './words.ts'

/** Everything about one entry, below the rows. */

interface EntryDetailsProps {
  readonly inspector: Inspector
  readonly entry: Entry
  onClose(): void
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

interface ValueProps {
  readonly label: string
  readonly value: unknown
  readonly changes?: Readonly<Record<string, readonly [unknown, unknown]>>
  readonly say: Inspector['say']
}

function Value({ label, value, changes = {}, say }: ValueProps) {
  const { tree, flip, copy } = useTree(value, '', say)
  return <JsonTree label={label} tree={tree} changes={changes} flip={flip} copy={copy} />
}

export function EntryDetails({ inspector, entry, onClose }: EntryDetailsProps) {
  const { seq, at, event, actor, from, payload, step } = entry
  const shownAt = inspector.moment.value
  const after = step?.seq ?? seq
  return (
    <section class="entry-details" aria-label={`Record ${seq}: ${event}`} tabIndex={0}>
      <div class="entry-head">
        <strong>{eventWords(event)}</strong>
        <span>
          {nameOf(inspector, from)} → {nameOf(inspector, actor)}, {exactTimeOf(at)}
        </span>
        <button type="button" aria-pressed={shownAt === after} onClick={() => (inspector.moment.value = after)}>
          Show at this moment
        </button>
        {inspector.selected.value !== actor && (
          <button type="button" onClick={() => inspector.select(actor)}>
            Select {nameOf(inspector, actor)}
          </button>
        )}
        <button type="button" aria-label="Close the details" onClick={onClose}>
          ×
        </button>
      </div>
      <dl>
        <Fact name="record">{seq}</Fact>
        {transitionOf(entry) !== '' && <Fact name="outcome">{transitionOf(entry)}</Fact>}
        {step !== null && step.edges.length > 0 && <Fact name="transitions">{step.edges.join(', ')}</Fact>}
        {step?.is.reason !== undefined && <Fact name="reason">{step.is.reason}</Fact>}
        {payload !== undefined && (
          <Fact name="payload">
            <Value label="Payload" value={payload} say={inspector.say} />
          </Fact>
        )}
        {step?.changes !== undefined && (
          <Fact name="changes">
            <Value
              label="Changes"
              value={Object.fromEntries(Object.entries(step.changes).map(([name, [, is]]) => [name, is]))}
              changes={step.changes}
              say={inspector.say}
            />
          </Fact>
        )}
      </dl>
    </section>
  )
}
