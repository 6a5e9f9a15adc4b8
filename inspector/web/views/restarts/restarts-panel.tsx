import { useEffect, useState } from 'preact/hooks'
import type { Client, Output } from '../../../../src/client/browser.ts'
import type { Fact } from '../../../../src/protocol/facts.ts'
import type { ActorRow } from '../../../../src/protocol/inspection.ts'
import { timeOf } from '../../model/words.ts'
import { bounds } from '../bounds.ts'
import { type Failure, failureOf } from '../drive/failure.ts'
import { FailureNote } from '../drive/failure-note.tsx'
import type { PanelProps } from '../panels.ts'
import { happening, runsOf, span } from './runs.ts'
import { Runs } from './runs-bar.tsx'
import './restarts.css'

type Explained = Output<'service.explain'>

const keyOf = (address: string): string => address.slice(address.indexOf('.') + 1)

function useFacts(client: Client | null, address: string) {
  const [facts, setFacts] = useState<readonly Fact[] | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  useEffect(() => {
    setFacts(null)
    setFailure(null)
    if (client === null) return
    const stop = new AbortController()
    let fresh: Fact[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    const flush = (): void => {
      timer = undefined
      const added = fresh
      fresh = []
      setFacts((before) => [...(before ?? []), ...added].slice(-bounds.facts))
    }
    const follow = async (): Promise<void> => {
      const names = { services: [keyOf(address)] }
      for await (const fact of client.events({ ...names, limit: bounds.facts, signal: stop.signal })) {
        fresh.push(fact)
        timer ??= setTimeout(flush, bounds.logPause)
      }
    }
    timer = setTimeout(flush, bounds.again)
    follow().catch((error: unknown) => {
      if (!stop.signal.aborted) setFailure(failureOf(error))
    })
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [client, address])
  return { facts, failure }
}

function useExplained(client: Client | null, { address, state, since }: ActorRow): Explained | null {
  const [explained, setExplained] = useState<Explained | null>(null)
  useEffect(() => setExplained(null), [client, address])
  useEffect(() => {
    if (client === null || address?.startsWith('service.') !== true) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      client.call('service.explain', { service: keyOf(address) }, { signal: stop.signal }).then(setExplained, () => {})
    }, bounds.acceptsPause)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [client, address, state, since])
  return explained
}

/** Each start and end of a service, or of a group's members, with its reason. */
export function RestartsPanel({ inspector, row }: PanelProps) {
  const client = inspector.client.value
  const { address = '' } = row
  const { facts, failure } = useFacts(client, address)
  const explained = useExplained(client, row)
  if (client === null)
    return <p class="rst-why">What happened is read once the orchestrator is reached. A recording has its records alone.</p>
  if (failure !== null) return <FailureNote failure={failure} />
  if (facts === null) return <p class="rst-why">Reading what happened …</p>
  const isGroup = address.startsWith('group.')
  const told = facts.map(happening).filter((one) => one !== null)
  const services = isGroup
    ? [...new Set(facts.map(({ about }) => about))].filter((about) => about.startsWith('service.')).sort()
    : [address]
  const runs = services.map((service) => ({ service, runs: runsOf(facts, service) })).filter((one) => one.runs.length > 0)
  return (
    <div class="rst">
      {explained === null ? null : <Budget explained={explained} />}
      <Runs lanes={runs} names={isGroup} />
      {told.length === 0 ? (
        <p class="rst-why">Nothing has happened to it yet that is remembered.</p>
      ) : (
        <div class="rst-box" tabIndex={0} role="region" aria-label="What happened, newest first">
          <table class="rst-table">
            <thead>
              <tr>
                <th scope="col">Time</th>
                {isGroup ? <th scope="col">Who</th> : null}
                <th scope="col">What</th>
                <th scope="col">Why</th>
                <th scope="col">By</th>
                <th scope="col">Ran for</th>
              </tr>
            </thead>
            <tbody>
              {told.toReversed().map(({ seq, time, about, what, tone, reason, by, uptime }) => (
                <tr key={seq} class={tone === '' ? undefined : `rst-${tone}`}>
                  <td>
                    <time dateTime={time} title={time}>
                      {timeOf(Date.parse(time))}
                    </time>
                  </td>
                  {isGroup ? <td>{about}</td> : null}
                  <td class="rst-what">{what}</td>
                  <td>{reason}</td>
                  <td>{by ?? ''}</td>
                  <td>{uptime === null ? '' : span(uptime)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}

/** What its policy says of restarts, as the config has it. */
function policyOf({ spec }: Explained): { readonly most: number | null; readonly window: number | null } {
  const restart = spec['restart']
  const of = (name: string): number | null => {
    const value = typeof restart === 'object' && restart !== null ? (restart as Readonly<Record<string, unknown>>)[name] : null
    return typeof value === 'number' ? value : null
  }
  return { most: of('maxRestarts'), window: of('window') }
}

function Budget({ explained }: { readonly explained: Explained }) {
  const { status, restarts_in_window: used, last_exit: exit, operation } = explained
  const { most, window } = policyOf(explained)
  const within = window === null ? 'since it last ran steadily' : `within ${span(window)}`
  return (
    <div class="rst-budget">
      <p>
        <b>{status.restart_count}</b> restarts in all · policy <b>{status.restart_policy}</b>
        {exit === null ? null : <> · last end: {exit}</>}
        {operation === null ? null : (
          <>
            {' '}
            · busy with <a href={`#/restart.${operation.id}`}>restart.{operation.id}</a> of {operation.by}
          </>
        )}
      </p>
      <p>
        {most === null ? (
          <>
            Restarts by itself without a limit; {used} {within}.
          </>
        ) : (
          <>
            <meter
              min={0}
              max={Math.max(1, most)}
              high={most * 0.75}
              optimum={0}
              value={Math.min(used, most)}
              aria-label="Restarts of its budget"
            />{' '}
            {used} of {most} restarts by itself {within}
          </>
        )}
      </p>
    </div>
  )
}
