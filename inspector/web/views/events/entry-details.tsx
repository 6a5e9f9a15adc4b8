import type { ComponentChildren } from 'preact'
import type { Inspector } from '../../model/inspector.ts'
import type { Entry } from './journal.ts'
import { JsonTree } from './json-tree.tsx'
import { eventWords, nameOf, timeOf, transitionOf } from './words.ts'

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

export function EntryDetails({ inspector, entry, onClose }: EntryDetailsProps) {
  const { seq, at, event, actor, from, payload, step } = entry
  const shownAt = inspector.moment.value
  const after = step?.seq ?? seq
  return (
    <section class="entry-details" aria-label={`Record ${seq}: ${event}`} tabIndex={0}>
      <div class="entry-head">
        <strong>{eventWords(event, null)}</strong>
        <span>
          {nameOf(inspector, from)} → {nameOf(inspector, actor)}, {timeOf(at)}
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
            <JsonTree value={payload} />
          </Fact>
        )}
        {step?.changes !== undefined && (
          <Fact name="changes">
            {Object.entries(step.changes).map(([name, [was, is]]) => (
              <div class="entry-change" key={name}>
                <span class="json-name">{name}</span>
                <JsonTree value={was} open={0} />
                <span aria-label="became">→</span>
                <JsonTree value={is} open={0} />
              </div>
            ))}
          </Fact>
        )}
      </dl>
    </section>
  )
}
