import { computed, signal } from '@preact/signals'
import { render } from 'preact'
import { type Client, connect } from '../../../src/client/browser.ts'
import type { ActorRow, InspectionRecord } from '../../../src/protocol/inspection.ts'
import type { ContextView, Inspector, Link, Me, Shown } from '../../../inspector/web/model/inspector.ts'
import { BannerBar } from '../../../inspector/web/views/banner/banner-bar.tsx'
import { ContextPanel } from '../../../inspector/web/views/context/context-panel.tsx'
import { DriveBar } from '../../../inspector/web/views/drive/drive-bar.tsx'
import { FleetActions } from '../../../inspector/web/views/drive/fleet-actions.tsx'
import { LogsPanel } from '../../../inspector/web/views/logs/logs-panel.tsx'
import { RestartsPanel } from '../../../inspector/web/views/restarts/restarts-panel.tsx'
import { UsageLine } from '../../../inspector/web/views/usage/usage-line.tsx'
import { UsagePanel } from '../../../inspector/web/views/usage/usage.tsx'
import { createFakeClient } from './fake-client.ts'
import '../../../inspector/web/style/tokens.css'
import './page.css'

/** Views alone, of an actor that a test gives: from literals, or from a real orchestrator. */

type Step = InspectionRecord & { readonly type: 'step' }

const link = signal<Link>({ state: 'live' })
const me = signal<Me | null>(null)
const client = signal<Client | null>(null)
const row = signal<ActorRow | null>(null)
const moment = signal<number | null>(null)
const others = signal<readonly ActorRow[]>([])
const steps = signal<Readonly<Record<string, Step>>>({})
const context = signal<ContextView>({ state: 'loading' })
const said: string[] = []
let token: string | undefined

const all = (): readonly ActorRow[] => [...(row.value === null ? [] : [row.value]), ...others.value]
const inspector: Inspector = {
  link,
  me,
  shown: computed<Shown>(() => ({
    seq: 1,
    at: Date.now(),
    actors: new Map(all().map((one) => [one.id, one])),
    lastStep: (actor) => steps.value[actor],
  })),
  records: signal({ list: [] }),
  moment,
  driving: computed(() => link.value.state === 'live' && moment.value === null),
  selected: computed(() => row.value?.id ?? null),
  select: (actor) => said.push(`selected ${actor ?? 'none'}`),
  find: (address) => all().find((one) => one.address === address),
  nameOf: (actor) => all().find(({ id }) => id === actor)?.address ?? actor,
  context: () => context,
  chart: () => Promise.reject(new Error('not here')),
  layout: () => Promise.reject(new Error('not here')),
  client,
  fetch: (path, init) => fetch(path, { ...init, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }),
  say: (text) => said.push(text),
}

const views = {
  drive: DriveBar,
  context: ContextPanel,
  logs: LogsPanel,
  restarts: RestartsPanel,
  usage: UsagePanel,
  line: UsageLine,
} as const

const shown = signal<readonly string[]>([])
const fake = createFakeClient()

function Page() {
  const actor = row.value
  return (
    <main>
      <h1>Views</h1>
      {shown.value.includes('banner') ? <BannerBar inspector={inspector} /> : null}
      {shown.value.includes('fleet') ? <FleetActions inspector={inspector} /> : null}
      {actor === null
        ? null
        : Object.entries(views).flatMap(([name, View]) =>
            shown.value.includes(name)
              ? [
                  <section key={name} class={`harness-${name}`} aria-label={name}>
                    <h2>{name}</h2>
                    <View inspector={inspector} row={actor} />
                  </section>,
                ]
              : [],
          )}
    </main>
  )
}

const harness = {
  fake,
  said,
  show: (...names: readonly string[]) => void (shown.value = names),
  row: (actor: ActorRow) => void (row.value = actor),
  others: (actors: readonly ActorRow[]) => void (others.value = actors),
  me: (role: string, commands: readonly string[]) =>
    void (me.value = { name: 'token:tester', role, commands: new Set(commands) }),
  link: (now: Link) => void (link.value = now),
  moment: (seq: number | null) => void (moment.value = seq),
  context: (view: ContextView) => void (context.value = view),
  step: (actor: string, step: Step) => void (steps.value = { ...steps.value, [actor]: step }),
  useFake: () => void (client.value = fake.client),
  noClient: () => void (client.value = null),
  /** The orchestrator that the page came from, and one of its actors. */
  async useReal(address: string, given?: string) {
    token = given
    const real = await connect({ url: location.origin, ...(given === undefined ? {} : { token: given }) })
    const { name, role, commands } = await real.call('system.whoami', {})
    me.value = { name, role, commands: new Set(commands) }
    void (async () => {
      for await (const item of real.watch({ filter: address })) {
        if (!('actor' in item) || item.actor.address !== address) continue
        const { phase, state, since, reason } = item.actor
        row.value = {
          id: address,
          address,
          chart: 'x',
          phase,
          state,
          since: Date.parse(since),
          events: item.seq,
          ...(reason === null ? {} : { reason }),
        }
      }
    })()
    void (async () => {
      for await (const item of real.watch({ filter: 'lockdown.' })) {
        if (!('actor' in item)) continue
        const { state, since } = item.actor
        others.value = [{ id: 'lock', address: item.actor.address, state, since: Date.parse(since), events: 0 }]
      }
    })()
    client.value = real
  },
}
export type Harness = typeof harness
declare global {
  // oxlint-disable-next-line no-var
  var harness: Harness
}
globalThis.harness = harness

const page = document.querySelector('#page')
if (page !== null) render(<Page />, page)
