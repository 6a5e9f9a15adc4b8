import { generationOf } from '../protocol/incarnation.ts'
import type { Observed } from '../protocol/observed.ts'
import type { ProcessIdentity } from '../protocol/process.ts'
import { bareSpec, changedMarks, needsNewProcess, onlySchedule, sameSpec, type ServiceRecord } from '../protocol/record.ts'
import { noHistory } from '../protocol/restart.ts'
import type { ServiceSpec } from '../protocol/service.ts'
import { overridden } from '../protocol/setting.ts'
import { resumed } from './resumed.ts'
import type { AdoptedBeside } from './service-overlap.ts'
import type { Restored } from './service.ts'

/**
 * What is wanted against what is there, answered with steps: used whenever the two can differ (boot, reload). Pure, so
 * that every case stands in a table of its test.
 */

/** What is wanted: the config, and what the journal knows. */
export interface Desired {
  /** The services of the config, in its order. */
  readonly specs: readonly ServiceSpec[]
  readonly records: ReadonlyMap<string, ServiceRecord>
  /** The fleet was shut down on request: what people asked of single services is over, only the counting goes on. */
  readonly fresh: boolean
  /** This boot of the machine; pids and monotonic times of another mean nothing. */
  readonly boot: string
  /** Takes the values out of a spec's environment, as records have it. */
  seal(spec: ServiceSpec): Readonly<Record<string, unknown>>
}

export type Step =
  /** Leftovers that no actor will own: they are killed before anything else of the service happens. */
  | { readonly do: 'sweep'; readonly service: string; readonly processes: readonly ProcessIdentity[] }
  | { readonly do: 'create'; readonly service: string; readonly spec: ServiceSpec; readonly restored: Restored | undefined }
  /** Take over what runs, or learn how it ended. */
  | {
      readonly do: 'adopt'
      readonly service: string
      readonly leader: ProcessIdentity
      readonly incarnation: string
      readonly readyAt: number | null
      readonly logOffset: number | null
      /** A second one that runs: it is about to take over, or it is to go, decently. */
      readonly beside: AdoptedBeside | null
    }
  /** A new process in place of the adopted one. */
  | { readonly do: 'replace'; readonly service: string; readonly because: string }
  /** `because` null: it starts with the fleet; otherwise it goes on where it was, its restart budget included. */
  | { readonly do: 'start'; readonly service: string; readonly because: string | null }
  | { readonly do: 'stop'; readonly service: string; readonly by: string }
  | { readonly do: 'reconfigure'; readonly service: string; readonly spec: ServiceSpec }
  /** Nothing but its schedule is another. */
  | { readonly do: 'reschedule'; readonly service: string; readonly spec: ServiceSpec }
  /** It is as the config says already: that is not by hand any more; only its output is kept in another way, or its labels differ, maybe. */
  | { readonly do: 'settle'; readonly service: string; readonly spec: ServiceSpec }
  | { readonly do: 'remove'; readonly service: string }
  /** It is neither in the config nor anywhere else. */
  | { readonly do: 'forget'; readonly service: string }

const order = [
  'sweep',
  'create',
  'adopt',
  'replace',
  'stop',
  'reconfigure',
  'reschedule',
  'settle',
  'remove',
  'start',
  'forget',
] as const

/**
 * Steps in the order in which they are to be taken: within one kind, as the config has the services. What changes is told
 * after what it depends on, which is on its way down by then: so it waits for it, instead of coming up beside the old one.
 */
export function reconcile(desired: Desired, observed: ReadonlyMap<string, Observed>): Step[] {
  const wanted = new Map(desired.specs.map((spec) => [spec.name, spec]))
  const names = new Set([...wanted.keys(), ...desired.records.keys(), ...observed.keys()])
  const steps = [...names].flatMap((name) => {
    const spec = wanted.get(name)
    const seen = observed.get(name) ?? nothing
    if (spec === undefined) return remove(name, desired, seen)
    if (seen.supervised !== null) {
      const rescheduled = onlySchedule(seen.supervised, spec)
      if (seen.leaving || !(rescheduled || sameSpec(seen.supervised, spec))) return [step('reconfigure', name, { spec })]
      const settled = seen.overridden !== true && changedMarks(seen.supervised, spec).length === 0
      const told = rescheduled ? [step('reschedule', name, { spec })] : []
      return settled ? told : told.concat(step('settle', name, { spec }))
    }
    return resume(spec, desired, seen)
  })
  return order.flatMap((kind) => {
    const some = steps.filter((one) => one.do === kind)
    return kind === 'reconfigure' ? dependenciesFirst(some, wanted) : some
  })
}

/** Otherwise in the order in which they are. */
function dependenciesFirst(steps: readonly Step[], specs: ReadonlyMap<string, ServiceSpec>): Step[] {
  const left = new Map(steps.map((one) => [one.service, one]))
  // With its dependencies on top of it; a long chain must not be a deep recursion.
  const stack = steps.map(({ service }) => service).toReversed()
  const opened = new Set<string>()
  const sorted: Step[] = []
  for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
    const needs = opened.has(name) ? [] : (specs.get(name)?.dependsOn ?? []).filter(({ service }) => !opened.has(service))
    opened.add(name)
    if (needs.length > 0) {
      stack.push(...needs.map(({ service }) => service).toReversed())
      continue
    }
    stack.pop()
    const one = left.get(name)
    if (one !== undefined) sorted.push(one)
    left.delete(name)
  }
  return sorted
}

const nothing: Observed = { incarnations: [], contained: [], exits: [], supervised: null, leaving: false }

const step = <K extends Step['do']>(kind: K, service: string, rest: Omit<Extract<Step, { do: K }>, 'do' | 'service'>): Step =>
  ({ do: kind, service, ...rest }) as unknown as Step

/** It is not in the config (any more): what runs of it is stopped as its last spec says. */
function remove(name: string, { records, boot, fresh }: Desired, seen: Observed): Step[] {
  if (seen.supervised !== null) return seen.leaving ? [] : [step('remove', name, {})]
  const record = records.get(name)
  const { current, beside, leftovers } = split(seen, record, boot, false)
  const steps = sweep(name, leftovers)
  if (current === null || !current.alive) return [...steps, step('forget', name, {})]
  // What the record lacks is what a spec had not yet when it was written.
  const spec = { ...bareSpec(name), ...(record?.spec as Partial<ServiceSpec> | undefined), name }
  const restored = record === undefined ? undefined : restoredOf(record, boot, fresh, 'run')
  return [
    ...steps,
    step('create', name, { spec, restored }),
    step('adopt', name, { ...adoption(current, record), beside }),
    step('remove', name, {}),
  ]
}

/** It is in the config, and no actor has it yet. */
function resume(configured: ServiceSpec, desired: Desired, seen: Observed): Step[] {
  const { name } = configured
  const { boot, fresh, seal } = desired
  const record = desired.records.get(name)
  const spec = overridden(configured, fresh ? null : record?.overrides)
  const { current, beside, leftovers } = split(seen, record, boot, configured.restart.overlap === true)
  const latest = Math.max(0, ...[current, beside].map((one) => (one === null ? 0 : generationOf(one.incarnation))))
  // Its mark is newer than the journal's last words: since then it was asked to run, whatever stands there.
  const newer = record !== undefined && latest > record.generation
  const want = wish(spec, record, fresh, newer || (record === undefined && current?.alive === true))
  const changed = record !== undefined && needsNewProcess(record.spec, seal(spec))
  const known = record === undefined ? undefined : restoredOf(record, boot, fresh, want)
  // The mark of a process may be newer than the journal's last words.
  const generation = Math.max(known?.generation ?? 0, latest)
  const restored = known === undefined && generation === 0 ? undefined : { ...(known ?? unknown), desired: want, generation }
  const create = (more: Partial<Restored> = {}): Step[] => [
    ...sweep(name, leftovers),
    step('create', name, { spec, restored: restored === undefined ? undefined : { ...restored, outcome: null, ...more } }),
  ]

  if (current !== null && (current.alive || (!fresh && want === 'run' && !changed))) {
    // What was asked for last is under way where a next one runs.
    const behind = generationOf(current.incarnation) < generation && beside?.role !== 'next'
    const adopt = step('adopt', name, { ...adoption(current, record), beside })
    const by = fresh ? 'the shutdown before' : (record?.by ?? 'the journal')
    if (want === 'stop') return [...create(), adopt, step('stop', name, { by })]
    if (current.alive && changed) {
      const because = 'restarted because its config changed'
      return [...create({ generation: generation + 1 }), adopt, step('replace', name, { because })]
    }
    if (behind && current.alive) return [...create(), adopt, step('replace', name, { because: record?.because ?? 'restarted' })]
    // It ended while nobody watched: its policy decides, unless it had been asked to start anew anyway.
    if (!behind) return [...create(), adopt]
  }
  if (want === 'stop') return create()
  // At rest by itself, and nothing has changed since.
  const other = changed || (record?.outcome === 'failed' && !sameSpec(record.spec, seal(spec)))
  if (record?.outcome != null && !fresh && record.boot === boot && !other) return create({ outcome: record.outcome })
  const goesOn = record !== undefined && !fresh && record.generation > 0
  return [...create(), step('start', name, { because: goesOn ? resumed(record, boot, other) : null })]
}

function wish(spec: ServiceSpec, record: ServiceRecord | undefined, fresh: boolean, runs: boolean): 'run' | 'stop' {
  if (record !== undefined && !fresh) return runs ? 'run' : record.desired
  return spec.autostart || runs ? 'run' : 'stop'
}

const unknown: Restored = {
  desired: 'run',
  generation: 0,
  readyGeneration: 0,
  by: null,
  request: null,
  because: null,
  outcome: null,
  restartCount: 0,
  history: noHistory as Restored['history'],
}

function restoredOf(record: ServiceRecord, boot: string, fresh: boolean, desired: 'run' | 'stop'): Restored {
  const { generation, readyGeneration, by, request, because, outcome, restartCount, history, overrides } = record
  const restored = { desired, generation, readyGeneration, by, request, because, outcome, restartCount, history, overrides }
  if (fresh) return { ...unknown, desired, generation, readyGeneration, overrides: null }
  // The times in a history are of its boot.
  return record.boot === boot ? restored : { ...restored, outcome: null, history: unknown.history }
}

/** When it got ready and where its output begins is known of the process that the journal knows. */
const adoption = ({ leader, incarnation }: Current, record: ServiceRecord | undefined) => ({
  leader,
  incarnation,
  readyAt: record?.incarnation === incarnation ? record.readyAt : null,
  logOffset: record?.incarnation === incarnation ? (record.logOffset ?? null) : null,
})

interface Current {
  readonly incarnation: string
  readonly leader: ProcessIdentity
  readonly alive: boolean
}

/** The incarnation to go on with, and all processes that belong to none that will have an actor. */
function split(
  { incarnations, contained, exits }: Observed,
  record: ServiceRecord | undefined,
  boot: string,
  overlap: boolean,
): { readonly current: Current | null; readonly beside: AdoptedBeside | null; readonly leftovers: readonly ProcessIdentity[] } {
  const living = incarnations
    .flatMap(({ incarnation, leader }) => (leader === null ? [] : [{ incarnation, leader }]))
    .sort((a, b) => generationOf(b.incarnation) - generationOf(a.incarnation) || b.leader.start - a.leader.start)
  const [alive, beside] = overlap || overlapped(record) ? pair(living, record) : [living[0], null]
  const others = incarnations
    .filter(({ incarnation }) => incarnation !== alive?.incarnation && incarnation !== beside?.incarnation)
    .flatMap(({ processes }) => processes)
  if (alive !== undefined)
    return { current: { incarnation: alive.incarnation, leader: alive.leader, alive: true }, beside, leftovers: others }
  const leftovers = unique([...others, ...contained])
  // It ran when the journal last heard of it, and does no more; or a later one did, whose end was written down and no more.
  const known = record !== undefined && record.boot === boot ? record : undefined
  const exit = exits.toSorted((a, b) => (isLater(a, b) ? -1 : 1)).find((one) => one !== record?.incarnation)
  const later = exit !== undefined && (record === undefined || (record.outcome === null && isLater(exit, record.incarnation)))
  if (later) return { current: { incarnation: exit, leader: nobody, alive: false }, beside: null, leftovers }
  const ended =
    known?.leader == null || known.incarnation === null ? null : { incarnation: known.incarnation, leader: known.leader }
  return { current: ended === null ? null : { ...ended, alive: false }, beside: null, leftovers }
}

const specOf = (record: ServiceRecord | undefined): Partial<ServiceSpec> | undefined => record?.spec
const overlapped = (record: ServiceRecord | undefined): boolean => specOf(record)?.restart?.overlap === true

/**
 * Of two that run, newest first, the one that the journal knows is the one: a newer one was about to take over, an older one
 * to go. A next one that can't show any more that it is ready goes too: with another the restart begins anew.
 */
function pair(
  living: ReadonlyArray<Omit<Current, 'alive'>>,
  record: ServiceRecord | undefined,
): readonly [Omit<Current, 'alive'> | undefined, AdoptedBeside | null] {
  const one = living.find(({ incarnation }) => incarnation === record?.incarnation) ?? living[1] ?? living[0]
  const other = living.find((found) => found !== one)
  if (other === undefined) return [one, null]
  const known = record?.beside?.incarnation === other.incarnation ? record.beside : { logOffset: null, told: false }
  const { logOffset, told } = known
  const mute = logOffset === null && specOf(record)?.readiness?.target.type !== 'exec'
  // The other is the newest but for the one.
  const isNext = living[0] === other && !mute && !told
  return [one, { ...other, readyAt: null, logOffset, told, role: isNext ? 'next' : 'previous' }]
}

/** Of one service: by generation, within one run by its number. Of two runs that is all that can be told. */
function isLater(one: string, other: string | null): boolean {
  if (other === null) return true
  const [run, n] = one.split('.')
  const [otherRun, otherN] = other.split('.')
  const [generation, otherGeneration] = [generationOf(one), generationOf(other)]
  if (generation !== otherGeneration) return generation > otherGeneration
  return run === otherRun ? Number(n) > Number(otherN) : true
}

/** A leader that is surely dead: no process has this start time. */
const nobody: ProcessIdentity = { pid: 2 ** 22, start: -1 }

const unique = (identities: readonly ProcessIdentity[]): ProcessIdentity[] => [
  ...new Map(identities.map((identity) => [`${identity.pid}:${identity.start}`, identity])).values(),
]

const sweep = (service: string, processes: readonly ProcessIdentity[]): Step[] =>
  processes.length === 0 ? [] : [step('sweep', service, { processes })]
