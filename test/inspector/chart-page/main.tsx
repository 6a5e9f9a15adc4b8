import { computed, signal } from '@preact/signals'
import { render } from 'preact'
import type { Inspector, Link, Me, Shown } from '../../../inspector/web/model/inspector.ts'
import { ChartView } from '../../../inspector/web/views/chart/chart-view.tsx'
import { EventLog } from '../../../inspector/web/views/events/event-log.tsx'
import { Sequence } from '../../../inspector/web/views/sequence/sequence.tsx'
import '../../../inspector/web/style/tokens.css'
import './page.css'
import type { Said, ViewsInPage, Which } from './said.ts'

/** The views alone, of literals: what a test says is so, is so. */

const said = signal<Said>({ actors: [], records: [], selected: '', charts: [], layouts: [] })
const view = signal<Which>('chart')
const moment = signal<number | null>(null)

const shown = computed((): Shown => {
  const { actors, records } = said.value
  return {
    seq: moment.value ?? records.at(-1)?.seq ?? 0,
    at: records.at(-1)?.at ?? 0,
    actors: new Map(actors.map((actor) => [actor.id, actor])),
    lastStep: (actor) =>
      records.findLast((record) => record.type === 'step' && record.actor === actor) as ReturnType<Shown['lastStep']>,
  }
})

const inspector: Inspector = {
  link: signal<Link>({ state: 'live' }),
  me: signal<Me | null>(null),
  shown,
  records: computed(() => ({ list: said.value.records })),
  moment,
  driving: computed(() => moment.value === null),
  selected: computed(() => said.value.selected),
  select: (actor) => void (said.value = { ...said.value, selected: actor ?? '' }),
  find: (address) => said.value.actors.find((actor) => actor.address === address),
  nameOf: (id) => {
    const actor = said.value.actors.find((one) => one.id === id)
    return actor?.address ?? actor?.name ?? id
  },
  context: () => signal({ state: 'unknown', why: 'nobody asked' }),
  async chart(hash) {
    const found = said.value.charts.find((chart) => chart.hash === hash)
    if (found === undefined) throw new Error('there is no such chart')
    return found
  },
  async layout(chart) {
    const known = said.value.layouts.find(({ hash }) => hash === chart.hash)
    if (known !== undefined) return known
    const { layoutInBrowser } = await import('../../../inspector/layout/browser.ts')
    return layoutInBrowser(chart)
  },
  client: signal(null),
  fetch: () => Promise.reject(new Error('there is no server')),
  say: () => {},
}

function Page() {
  const row = said.value.actors.find(({ id }) => id === said.value.selected)
  if (row === undefined) return <p>Nothing is shown.</p>
  if (view.value === 'events') return <EventLog inspector={inspector} row={row} />
  if (view.value === 'all-events') return <EventLog inspector={inspector} all />
  if (view.value === 'sequence') return <Sequence inspector={inspector} row={row} />
  return <ChartView inspector={inspector} row={row} />
}

const element = document.querySelector('#view')
if (element !== null) render(<Page />, element)

const views: ViewsInPage = {
  show: (which, what) => {
    view.value = which
    said.value = what
  },
  more: (what) => void (said.value = { ...said.value, ...what }),
  append: (records) => void (said.value = { ...said.value, records: [...said.value.records, ...records] }),
  moment: () => moment.value,
}
Object.assign(globalThis, { views })
