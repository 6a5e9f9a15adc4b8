import { useEffect, useState } from 'preact/hooks'
import type { ActorRow } from '../../../../src/protocol/inspection.ts'
import type { Inspector } from '../../model/inspector.ts'
import { type PublicEvent, useAccepted } from './accepted.ts'
import { alwaysAsk } from './always-ask.ts'
import { AskDialog } from './ask-dialog.tsx'
import { consequenceOf, graphOf } from './consequence.ts'
import { failureOf } from './failure.ts'
import { fieldOf, isSchema, needsInput } from './form-fields.ts'
import { type Sent, SentNote } from './sent.tsx'
import { lazily } from '../lazily.tsx'
import './drive.css'

const CustomRestart = lazily(async () => (await import('./custom-restart.tsx')).CustomRestart)
const FormDialog = lazily(async () => (await import('./form-dialog.tsx')).FormDialog)

interface DriveProps {
  readonly inspector: Inspector
  readonly row: ActorRow
}

type Open =
  | { readonly what: 'ask'; readonly event: PublicEvent; readonly value: object; readonly words: string }
  | { readonly what: 'form'; readonly event: PublicEvent }
  | { readonly what: 'custom' }

/** Why nothing can be sent at all; null: it can. */
function silence(inspector: Inspector): string | null {
  const me = inspector.me.value
  const link = inspector.link.value
  if (link.state === 'file') return 'This is a recording: there is nobody to send anything to.'
  if (link.state === 'lost') return 'The orchestrator is not reached, so nothing can be sent.'
  if (me === null) return null
  if (!me.commands.has('actor.send'))
    return `You are ${me.name} with the role ${me.role}, which may look and not send events (actor.send).`
  return null
}

/** A restart stops something, too, and brings it back. */
const isGrave = ({ type, stops }: PublicEvent): boolean => stops && type !== 'RESTART'

/** Every event that the selected actor takes now, a button each. */
export function DriveBar({ inspector, row }: DriveProps) {
  const { address } = row
  return address === undefined || row.end !== undefined ? null : (
    <Driven key={address} inspector={inspector} row={row} address={address} />
  )
}

function Driven({ inspector, row, address }: DriveProps & { readonly address: string }) {
  const [turn, setTurn] = useState(0)
  const [sent, setSent] = useState<Sent | null>(null)
  const [open, setOpen] = useState<Open | null>(null)
  const accepted = useAccepted(inspector, row, turn)
  const driving = inspector.driving.value
  const why = silence(inspector)
  const me = inspector.me.value
  // What may not be sent any more is not asked about either.
  useEffect(() => {
    if (!driving) setOpen(null)
  }, [driving])
  if (why !== null) return address.startsWith('supervisor.') ? null : <p class="drive-why">{why}</p>
  if (accepted.state === 'known' && accepted.events.length === 0 && !address.startsWith('service.')) return null

  const send = async (event: { readonly type: string }): Promise<void> => {
    const client = inspector.client.value
    if (client === null) return
    const from = { ...(row.state !== undefined && { state: row.state }), since: row.since }
    const after = inspector.records.peek().list.at(-1)?.seq ?? 0
    const note = (failure: Sent['failure']): void =>
      setSent({ event: event.type, by: me?.name ?? 'you', at: Date.now(), failure, from, after })
    try {
      await client.call('actor.send', { to: address, event })
      note(null)
      inspector.say(`${event.type} was sent to ${inspector.nameOf(row.id)}`)
    } catch (error) {
      const failure = failureOf(error)
      // What is wrong in a field is shown in the form.
      if (failure.field?.startsWith('event.') === true && failure.field !== 'event.type') throw error
      note(failure)
    } finally {
      setTurn((before) => before + 1)
    }
  }
  /** Asks first, where that is due. */
  const dispatch = async (event: PublicEvent, value: { readonly type: string }): Promise<void> => {
    const client = inspector.client.value
    if (!event.stops || client === null) return send(value)
    const { words, ask } = consequenceOf(address, event.type, address.startsWith('process.') ? null : await graphOf(client))
    if (ask || alwaysAsk.value) setOpen({ what: 'ask', event, value, words })
    else await send(value)
  }
  const clicked = (event: PublicEvent): void => {
    if (needsInput(fieldOf(event.schema))) setOpen({ what: 'form', event })
    else void dispatch(event, { type: event.type })
  }
  const close = (): void => setOpen(null)
  const custom = address.startsWith('service.') && (me?.commands.has('service.custom_restart') ?? false)
  return (
    <section class="drive" aria-label={`Drive ${inspector.nameOf(row.id)}`}>
      <div class="drive-buttons">
        {accepted.state === 'loading' ? <span class="drive-why">Asking what it takes …</span> : null}
        {accepted.state === 'unknown' ? (
          <span class="drive-why">What it takes is not known: {accepted.failure.message}</span>
        ) : null}
        {accepted.state !== 'known'
          ? null
          : accepted.events.map((event) => (
              <button
                key={event.type}
                type="button"
                class={isGrave(event) ? 'control-button control-grave' : 'control-button control-main'}
                disabled={!driving}
                title={event.description}
                onClick={() => clicked(event)}
              >
                {event.type}
                {needsInput(fieldOf(event.schema)) ? ' …' : ''}
              </button>
            ))}
        {custom ? (
          <button type="button" class="control-button" disabled={!driving} onClick={() => setOpen({ what: 'custom' })}>
            Custom restart…
          </button>
        ) : null}
      </div>
      {driving ? null : (
        <p class="drive-why">
          {inspector.moment.value === null
            ? 'Events can be sent once the orchestrator is reached.'
            : 'You are looking at the past. Go back to live to send events.'}
        </p>
      )}
      <SentNote inspector={inspector} sent={sent} row={row} />
      {open?.what === 'ask' ? (
        <AskDialog
          title={`${open.event.type} ${inspector.nameOf(row.id)}?`}
          words={open.words}
          submit={open.event.type}
          grave={isGrave(open.event)}
          onClose={close}
          onYes={() => {
            close()
            void send({ ...open.value, type: open.event.type })
          }}
        />
      ) : null}
      {open?.what === 'form' ? (
        <FormDialog
          title={`${open.event.type} to ${inspector.nameOf(row.id)}`}
          field={fieldOf(open.event.schema)}
          submit={open.event.type}
          grave={isGrave(open.event)}
          prefix="event"
          onClose={close}
          send={(value) => send({ ...(isSchema(value) ? value : {}), type: open.event.type })}
        >
          <p>{open.event.description}</p>
        </FormDialog>
      ) : null}
      {open?.what === 'custom' ? <CustomRestart inspector={inspector} address={address} onClose={close} /> : null}
    </section>
  )
}
