import { untracked, useComputed, useSignal } from '@preact/signals'
import type { ActorRow, InspectionRecord } from '../../../src/protocol/inspection.ts'
import type { PageModel } from '../model/page-model.ts'
import { shortName } from '../model/sections.ts'
import { ageOf, clockOf, eventWords, leafOf } from '../model/words.ts'
import { EveryEvent, fleetSlots } from './slots.ts'
import { isTrouble, PhaseMark, StateChip } from './chips.tsx'

/** How the fleet does: what one sees first. */

/** Services told here; all of them are in the tree. */
const most = { services: 60, changes: 12, searched: 2_000 }

export function Overview({ model }: { readonly model: PageModel }) {
  return (
    <div class="overview">
      <div class="overview-title">
        <h2>Overview</h2>
        {fleetSlots.map((Slot, index) => (
          <Slot key={index} inspector={model} />
        ))}
      </div>
      <Phases model={model} />
      <Services model={model} />
      <Changes model={model} />
      <Everything model={model} />
    </div>
  )
}

function Phases({ model }: { readonly model: PageModel }) {
  void model.readings.value
  const { counts } = model.tree
  return (
    <ul class="phase-cards" aria-label="Actors by phase">
      {['handshake', 'active', 'reaped'].map((phase) => (
        <li key={phase} class={`card phase-card-${phase}`}>
          <span class="figure">{counts.phases.get(phase) ?? 0}</span>
          <PhaseMark phase={phase} named />
        </li>
      ))}
      <li class="card">
        <span class="figure">{counts.ended}</span>
        <span class="dim">ended</span>
      </li>
    </ul>
  )
}

/** Those in trouble first, then those that are on their way. */
const rank = (row: ActorRow): number => (isTrouble(row) ? 0 : row.phase === 'handshake' ? 1 : row.phase === 'active' ? 2 : 3)

function Services({ model }: { readonly model: PageModel }) {
  void model.readings.value
  const now = model.now.value
  const all = model.tree.below('services').flatMap(({ row }) => (row?.address?.startsWith('service.') === true ? [row] : []))
  if (!model.known.value) return <p class="dim">Nothing is known yet.</p>
  if (all.length === 0) return <NoServices />
  const ranked: ActorRow[][] = [[], [], [], []]
  for (const row of all) ranked[rank(row)]?.push(row)
  const rows = ranked.flat().slice(0, most.services)
  return (
    <section aria-labelledby="services-title">
      <h3 id="services-title">
        Services <span class="count">{all.length}</span>
      </h3>
      <div class="table-box">
        <table class="services">
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">State</th>
              <th scope="col">For</th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <th scope="row">
                  <PhaseMark phase={row.phase} />
                  <ActorLink model={model} id={row.id} words={shortName(row)} />
                </th>
                <td>
                  <StateChip row={row} />
                </td>
                <td class="number">{ageOf(row.since, now)}</td>
                <td class="dim reason">{row.reason ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {all.length > rows.length ? <p class="dim">{all.length - rows.length} more are in the tree.</p> : null}
    </section>
  )
}

function NoServices() {
  return (
    <section class="empty wide">
      <h3>No services yet</h3>
      <p>
        Put one under <code>supervisor.services</code> of <code>hyphae.yaml</code>, then <code>hyphae reload</code>:
      </p>
      <pre tabIndex={0} aria-label="Example">
        {'supervisor:\n  services:\n    web:\n      command: node server.js'}
      </pre>
    </section>
  )
}

type Change = InspectionRecord & { readonly type: 'step' | 'ended' }

/** Records that changed the state of somebody who has an address. */
function lastChanges(model: PageModel): readonly Change[] {
  const { list } = model.records.value
  const { seq, actors } = model.shown.value
  const changes: Change[] = []
  for (let index = list.length - 1, looked = 0; index >= 0 && looked < most.searched && changes.length < most.changes; index--) {
    const record = list[index]
    if (record === undefined || record.seq > seq) continue
    looked++
    if (record.type !== 'ended' && (record.type !== 'step' || record.was.state === record.is.state)) continue
    const { address } = (record.type === 'ended' ? record.actor : actors.get(record.actor)) ?? {}
    // Whoever looks at the page comes and goes by connections.
    if (address !== undefined && !address.startsWith('connection.')) changes.push(record)
  }
  return changes
}

function Changes({ model }: { readonly model: PageModel }) {
  const changes = useComputed(() => model.readings.value >= 0 && untracked(() => lastChanges(model)))
  if (changes.value === false || changes.value.length === 0) return null
  return (
    <section aria-labelledby="changes-title">
      <h3 id="changes-title">What changed last</h3>
      <ol class="changes">
        {changes.value.map((change) => (
          <li key={change.seq}>
            <time dateTime={new Date(change.at).toISOString()}>{clockOf(change.at)}</time>
            <span class="change-who">
              <ActorLink model={model} id={change.type === 'step' ? change.actor : change.actor.id} />
            </span>
            <span class="change-what">
              {change.type === 'step' ? (
                <>
                  {leafOf(change.was.state ?? '')} <span aria-label="to">→</span> <strong>{leafOf(change.is.state ?? '')}</strong>{' '}
                  <span class="dim">{eventWords(change.event)}</span>
                </>
              ) : (
                <strong>
                  {change.actor.end === 'error' ? 'crashed' : change.actor.end === 'done' ? 'finished' : 'was stopped'}
                </strong>
              )}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** It costs something, so it begins when somebody wants it. */
function Everything({ model }: { readonly model: PageModel }) {
  const open = useSignal(false)
  return (
    <details class="everything" onToggle={({ currentTarget }) => (open.value = currentTarget.open)}>
      <summary>Every event of every actor</summary>
      {open.value ? (
        <div class="everything-box">
          <EveryEvent inspector={model} all />
        </div>
      ) : null}
    </details>
  )
}

function ActorLink({ model, id, words }: { readonly model: PageModel; readonly id: string; readonly words?: string }) {
  // It is made anew with what is around it.
  const name = untracked(() => model.nameOf(id))
  return (
    <a
      href={`#/${model.shown.peek().actors.get(id)?.address ?? id}`}
      onClick={(event: MouseEvent) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        model.select(id)
      }}
    >
      {words ?? name}
    </a>
  )
}
