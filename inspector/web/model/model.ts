import { computed, effect, signal, untracked, type Signal } from '@preact/signals'
import type { Client } from '../../../src/client/browser.ts'
import type { ActorRow, InspectionItem } from '../../../src/protocol/inspection.ts'
import type { ChartLayout } from '../../layout/layout.ts'
import { keepToken, leave, tokenOf } from './access.ts'
import { bounds } from './bounds.ts'
import { createCharts } from './charts.ts'
import { createContexts } from './contexts.ts'
import { createExport } from './export.ts'
import { createFeed } from './feed.ts'
import { atMostEvery, oncePerFrame } from './frames.ts'
import type { Inspector, Link, Me, Shown } from './inspector.ts'
import { createMessages } from './messages.ts'
import { nameIn } from './names.ts'
import { createNavigation } from './navigation.ts'
import type { PageModel } from './page-model.ts'
import { createPlayer } from './player.ts'
import { readRecording, type Recording } from './recording.ts'
import { createSession } from './session.ts'
import { createTimeline } from './timeline.ts'
import { createTreeIndex, everything, type TreeFilter } from './tree-index.ts'

interface Origin {
  /** Where the orchestrator answers: the page's own. */
  readonly url: string
  draw(chart: Parameters<Inspector['layout']>[0]): Promise<ChartLayout>
}

const nothing: Shown = { seq: 0, at: 0, actors: new Map(), lastStep: () => undefined }

export function createModel({ url, draw }: Origin): PageModel {
  const timeline = createTimeline()
  const feed = createFeed(timeline)
  const tree = createTreeIndex()
  const { messages, say } = createMessages()
  const link: Signal<Link> = signal<Link>({ state: 'connecting' })
  const me = signal<Me | null>(null)
  const client = signal<Client | null>(null)
  const shown = signal<Shown>(nothing)
  const records = signal<{ readonly list: readonly (typeof timeline.records)[number][] }>({ list: timeline.records })
  const moment = signal<number | null>(null)
  const known = signal(false)
  const treeVersion = signal(0)
  const filter = signal<TreeFilter>(everything)
  const readings = signal(0)
  const span = signal({ from: 0, to: 0 })
  const tick = signal(Date.now())
  const file = signal<Recording | null>(null)
  /** How far the clock of the orchestrator is ahead of the page's, ms. */
  let ahead = 0

  const rowOf = (id: string): ActorRow | undefined =>
    shown.value.actors.get(id) ?? timeline.present.get(id) ?? timeline.formerly(id)
  const now = computed(() => (moment.value === null && file.value === null ? tick.value + ahead : shown.value.at))

  function find(address: string): ActorRow | undefined {
    let gone: ActorRow | undefined
    for (const row of shown.peek().actors.values()) {
      if (row.address !== address) continue
      if (row.end === undefined) return row
      gone = row
    }
    return gone
  }

  function read(): void {
    const [from, to] = [timeline.oldest, timeline.seq]
    const before = span.peek()
    // The ticks on the time bar are made of all records: only where it has become longer.
    if (before.from !== from || before.to !== to) span.value = { from, to }
    readings.value++
  }
  const readSoon = atMostEvery(bounds.reading, read)

  /** Shows what has changed; null: everything. */
  function show(touched: ReadonlySet<string> | null): void {
    const { actors, seq } = timeline.shown()
    const last = moment.peek() === null ? undefined : timeline.records[timeline.upTo(seq) - 1]
    shown.value = { seq, at: last?.at ?? timeline.at, actors, lastStep: (actor) => timeline.lastStep(actor) }
    tree.update(actors, touched)
    treeVersion.value++
  }

  const queue: InspectionItem[] = []
  /** Records in it. */
  let waiting = 0
  /** The oldest moment, where it is shown in place of one that is not known any more. */
  let fallenTo: number | null = null
  function apply(): void {
    const items = queue.splice(0)
    waiting = 0
    if (items.length === 0) return
    const before = timeline.run
    if (items.some((item) => item.type === 'begin' && item.run !== before)) navigation.leaveRun()
    const { touched, began } = feed.take(items)
    if (began !== null) {
      ahead = began.at - Date.now()
      known.value = true
      moment.value = null
      if (before !== '')
        say(
          before === timeline.run ? 'Too much happened at once: this is the present anew.' : 'The orchestrator has started anew.',
        )
    }
    for (const item of items) if (item.type === 'records') contexts.add(item.records)
    const past = moment.peek()
    if (past !== null && past < timeline.oldest) {
      if (past !== fallenTo) say('That moment is not known any more: this is the oldest that still is.')
      fallenTo = timeline.oldest
      moment.value = fallenTo
    }
    records.value = { list: timeline.records }
    // In the past the present goes on unseen.
    if (moment.peek() === null) show(touched)
    if (began === null) readSoon()
    else read()
    if (began !== null) {
      contexts.renew(true)
      follow()
    } else if (navigation.isLost()) follow()
  }
  const soon = oncePerFrame(apply)

  const session = createSession({
    url,
    token: tokenOf,
    position: feed.position,
    link(next) {
      if (next.state === 'live' && link.peek().state === 'lost') say('The connection is live again.')
      link.value = next
    },
    client(next) {
      client.value = next
      if (next !== null) contexts.renew(false)
    },
    me: (next) => (me.value = next),
    opened: feed.interrupted,
    items(items) {
      for (const item of items) {
        queue.push(item)
        waiting += item.type === 'records' ? item.records.length : 1
      }
      if (waiting > bounds.unapplied) apply()
      else soon()
    },
  })

  const contexts = createContexts({
    timeline,
    shown,
    moment,
    pull(actors) {
      const recording = file.peek()
      if (recording !== null) return Promise.resolve(recording)
      return client.peek()?.call('inspection.context', { actors: [...actors] }) ?? null
    },
  })

  const reach: Inspector['fetch'] = (path, init = {}) => {
    const headers = new Headers(init.headers)
    const token = tokenOf()
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    return fetch(new URL(path, `${url}/`), { ...init, headers, credentials: 'omit', redirect: 'error' })
  }
  const charts = createCharts({
    ask(hash) {
      if (file.peek() !== null) return Promise.reject(new Error('the recording holds no chart of it'))
      return client.peek()?.call('inspection.chart', { hash }) ?? Promise.reject(new Error('there is no connection to ask over'))
    },
    async drawn(hash) {
      const answer = await fetch(`./layouts/${encodeURIComponent(hash)}.json`, { credentials: 'omit' })
      if (!answer.ok) return null
      // Made together with the page, by the same server.
      const layout = (await answer.json()) as ChartLayout
      return layout.hash === hash ? layout : null
    },
    draw,
  })

  const navigation = createNavigation({
    shown,
    known,
    find,
    rowOf,
    session,
    link,
    say: (text) => say(`You are not signed in anew: ${text}`, 'error'),
  })
  const { selected, follow } = navigation
  const driving = computed(() => link.value.state === 'live' && moment.value === null && me.value !== null)

  effect(() => {
    const to = moment.value
    untracked(() => {
      show(timeline.show(to))
      // A hand on the time bar goes to another moment at every frame.
      readSoon()
    })
  })

  const exportRecording = createExport({ timeline, client, file, charts, contexts, say, from: url })

  return {
    link,
    me,
    shown,
    records,
    moment,
    driving,
    selected,
    client,
    tree,
    treeVersion,
    filter,
    missing: navigation.missing,
    readings,
    known,
    span,
    now,
    messages,
    say,
    find,
    exportRecording,
    fetch: reach,
    chart: charts.chart,
    layout: charts.layout,
    context: contexts.of,
    activityOf: timeline.activityOf,
    nameOf: (actor) => nameIn(rowOf, actor),
    retry: session.retry,
    start() {
      setInterval(() => (tick.value = Date.now()), 1_000)
      addEventListener('online', () => session.retry())
      navigation.start()
    },
    login(token) {
      const before = tokenOf()
      if (token === '' && before !== undefined) void leave(before)
      keepToken(token === '' ? null : token)
      session.start()
    },
    select: navigation.select,
    sift(change) {
      filter.value = { ...filter.peek(), ...change }
      tree.select(filter.peek(), timeline.shown().actors)
      treeVersion.value++
    },
    unfold(id, open) {
      tree.open(id, open)
      treeVersion.value++
    },
    async openRecording(chosen) {
      try {
        const recording = await readRecording(chosen)
        session.stop()
        queue.length = 0
        if (recording.run !== timeline.run) navigation.leaveRun()
        file.value = recording
        charts.put(recording.charts, recording.layouts)
        timeline.begin({ run: recording.run, seq: recording.seq, at: recording.at, actors: recording.actors })
        timeline.add(recording.records)
        link.value = { state: 'file', name: chosen.name }
        known.value = true
        moment.value = null
        records.value = { list: timeline.records }
        show(null)
        read()
        contexts.renew(true)
        follow()
        say(`Opened ${chosen.name}: ${recording.actors.length} actors, ${recording.records.length} records.`)
      } catch (error) {
        say(`Cannot open ${chosen.name}: ${error instanceof Error ? error.message : String(error)}`, 'error')
      }
    },
    play(speed, ended) {
      const player = createPlayer({ timeline, moment, ended })
      player.play(speed)
      return player.stop
    },
    closeRecording() {
      file.value = null
      timeline.begin({ run: '', seq: 0, at: 0, actors: [] })
      known.value = false
      moment.value = null
      records.value = { list: timeline.records }
      show(null)
      read()
      session.start()
    },
  }
}
