import { fork } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { bounds } from '../inspector/web/model/bounds.ts'
import { launchBrowser } from '../test/support/chromium.ts'
import { standIn } from '../test/inspector/stand-in.ts'
import { synthetic } from '../test/inspector/synthetic.ts'
import { median, most, ratio, type Row } from './measure.ts'

/** The inspector's page in a real browser, before a real orchestrator: does it keep up, and what does it take? */

const services = 1_000
/** Events a second among all actors. */
const rate = 500
const rounds = 3
/** How long each view is watched in a round, ms. */
const watched = 4_000

/** What the page itself takes down; its policy allows no script of others, so the browser puts it in before all else. */
const recorder = `
  const frames = []
  const long = []
  let last = null
  const frame = (now) => {
    if (last !== null) frames.push(now - last)
    last = now
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
  new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
  globalThis.bench = {
    take: () => ({ frames: frames.splice(0), long: long.splice(0) }),
    painted: new Promise((resolve) => {
      const look = (now) =>
        document.querySelector('.phase-cards .figure')?.textContent > 0 && document.querySelectorAll('.row').length > 10
          ? resolve(now)
          : requestAnimationFrame(look)
      requestAnimationFrame(look)
    }),
    // As fast as a hand could be: another moment at every frame, through all that is known.
    scrub() {
      const slider = document.querySelector('.time-line input')
      const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set
      const begun = performance.now()
      const step = (now) => {
        const share = (1 + Math.cos((now - begun) / 500)) / 2
        set.call(slider, Number(slider.min) + (Number(slider.max) - Number(slider.min) - 1) * share)
        slider.dispatchEvent(new Event('input', { bubbles: true }))
        this.scrubbing = requestAnimationFrame(step)
      }
      step(begun)
    },
  }`

interface Seen {
  readonly frames: readonly number[]
  readonly long: readonly number[]
  /** Of a CPU, by the main thread. */
  readonly busy: number
}

async function metrics(session: CDPSession): Promise<ReadonlyMap<string, number>> {
  const { metrics: all } = await session.send('Performance.getMetrics')
  return new Map(all.map(({ name, value }) => [name, value]))
}

async function open(browser: Browser, url: string) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
  await page.addInitScript(recorder)
  const session = await page.context().newCDPSession(page)
  // CPU, whatever else the machine does meanwhile.
  await session.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' })
  await session.send('Performance.enable')
  await page.goto(url)
  return { page, session }
}

async function watch({ page, session }: { readonly page: Page; readonly session: CDPSession }, ms = watched): Promise<Seen> {
  const before = await metrics(session)
  await page.evaluate('void bench.take()')
  const since = performance.now()
  await page.waitForTimeout(ms)
  const seen = await page.evaluate<Omit<Seen, 'busy'>>('bench.take()')
  const took = (performance.now() - since) / 1_000
  const busy = ((await metrics(session)).get('TaskDuration') ?? 0) - (before.get('TaskDuration') ?? 0)
  return { ...seen, busy: busy / took }
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

/** A row of all rounds together: how much longer all but one in twenty frames may take than those of an empty page. */
function framesRow(what: string, all: readonly Seen[], floor: readonly Seen[], limit: number): Row {
  const frames = all.flatMap((one) => one.frames)
  const p95 = quantile(frames, 0.95)
  const row = ratio(
    what,
    p95,
    quantile(
      floor.flatMap((one) => one.frames),
      0.95,
    ),
    limit,
  )
  const long = all.flatMap((one) => one.long)
  const told = [
    `${(1_000 / (frames.reduce((sum, one) => sum + one, 0) / frames.length)).toFixed(0)} frames/s`,
    `p50 ${quantile(frames, 0.5).toFixed(1)}, p99 ${quantile(frames, 0.99).toFixed(1)}, longest ${Math.max(...frames).toFixed(0)} ms`,
    `${long.length} tasks over 50 ms`,
    `${(100 * median(all.map(({ busy }) => busy))).toFixed(0)} % of a CPU`,
  ]
  return { ...row, value: `${row.value}, ${told.join(', ')}` }
}

const scenes: Readonly<Record<string, { readonly hash: string; ready(page: Page): Promise<unknown> }>> = {
  'the overview': { hash: '#/', ready: (page) => page.locator('.services tbody tr').first().waitFor() },
  'an actor with its chart': { hash: '#/service.s0', ready: (page) => page.locator('.chart-drawing').waitFor() },
  'the events of all actors': {
    hash: '#/',
    async ready(page) {
      await page.locator('.everything summary').click()
      await page.locator('.events-row').first().waitFor()
    },
  },
  'a sequence diagram': {
    hash: '#/supervisor.services',
    async ready(page) {
      await page.getByRole('tab', { name: 'Sequence' }).click()
      await page.locator('.sequence').waitFor()
    },
  },
  'a hand on the time bar': {
    hash: '#/service.s0',
    async ready(page) {
      await page.locator('.chart-drawing').waitFor()
      await page.evaluate('bench.scrub()')
    },
  },
}

async function frameRows(browser: Browser, origin: string): Promise<Row[]> {
  const found = new Map<string, Seen[]>(['floor', ...Object.keys(scenes)].map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const empty = await open(browser, `${origin}/icon.svg`)
    found.get('floor')?.push(await watch(empty))
    await empty.page.close()
    for (const [name, { hash, ready }] of Object.entries(scenes)) {
      const one = await open(browser, `${origin}/${hash}`)
      await ready(one.page)
      // What opening it takes is another row.
      await one.page.waitForTimeout(1_000)
      found.get(name)?.push(await watch(one))
      await one.page.close()
    }
  }
  const floor = found.get('floor') ?? []
  return Object.keys(scenes).map((name) => framesRow(`frames (p95): ${name}`, found.get(name) ?? [], floor, 2))
}

/** From the first byte asked for until the tree and the figures are on the screen. */
async function openingRow(browser: Browser, origin: string): Promise<Row> {
  const times: number[] = []
  const floor: number[] = []
  for (let round = 0; round < 5; round++) {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.addInitScript(recorder)
    await page.goto(`${origin}/icon.svg`)
    floor.push(await page.evaluate<number>(`new Promise((resolve) => requestAnimationFrame(resolve))`))
    await page.goto(origin)
    times.push(await page.evaluate<number>('bench.painted'))
    await context.close()
  }
  return ratio(`opened, until ${services} services are seen, against an icon`, median(times), median(floor), 20)
}

/** 10,000 rows, and as many records as the page keeps. */
async function largeRows(browser: Browser): Promise<Row[]> {
  const large = synthetic(5_000, 2)
  const server = await standIn(large)
  const one = await open(browser, server.origin)
  await one.page.evaluate('bench.painted')
  const heap = async (): Promise<number> => {
    await one.session.send('HeapProfiler.collectGarbage')
    return ((await metrics(one.session)).get('JSHeapUsedSize') ?? 0) / 2 ** 20
  }
  const empty = await open(browser, `${server.origin}/icon.svg`)
  const floor = await watch(empty)
  await empty.page.close()
  const timer = setInterval(() => server.tell(large.records(rate / 20)), 50)
  const seen = await watch(one)
  clearInterval(timer)
  const before = await heap()
  const slider = one.page.getByRole('slider', { name: 'Moment' })
  for (let told = 0; told < bounds.records; told += 5_000) {
    server.tell(large.records(5_000))
    // All of it has come, and none is told while the page is behind.
    while (Number(await slider.getAttribute('max')) < large.seq) await one.page.waitForTimeout(50)
  }
  const after = await heap()
  await one.page.close()
  await server.end()
  return [
    framesRow('frames (p95): 10,000 rows', [seen], [floor], 2),
    most('the heap with 10,000 rows', before, 64, 'MB'),
    most(`what ${bounds.records.toLocaleString('en')} records add`, after - before, 96, 'MB'),
  ]
}

function sizeRows(): Row[] {
  const built = join(import.meta.dirname, '../dist/inspector')
  const size = (names: readonly string[]): number =>
    names.reduce((sum, name) => sum + gzipSync(readFileSync(join(built, name))).length, 0) / 1024
  const all = readdirSync(join(built, 'assets'))
    .filter((name) => /\.(?:js|css)$/.test(name))
    .map((name) => `assets/${name}`)
  const page = readFileSync(join(built, 'index.html'), 'utf8')
  const first = all.filter((name) => page.includes(name))
  const isEngine = (name: string): boolean => /elk|\/browser-/.test(name)
  return [
    most('what the page loads at first, gzipped', size(first), 60, 'KB'),
    most('everything but the layout engine', size(all.filter((name) => !isEngine(name))), 90, 'KB'),
    most('the layout engine', size(all.filter(isEngine)), 512, 'KB'),
  ]
}

export async function page(): Promise<Row[]> {
  const host = fork(join(import.meta.dirname, 'page-host.ts'), [String(services), String(rate)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const { origin } = await new Promise<{ readonly origin: string }>((resolve) => host.once('message', resolve))
  const browser = await launchBrowser()
  try {
    const opening = await openingRow(browser, origin)
    host.send('load')
    const frames = await frameRows(browser, origin)
    host.send('rest')
    return [...sizeRows(), opening, ...frames, ...(await largeRows(browser))]
  } finally {
    await browser.close()
    const ended = new Promise((resolve) => host.once('exit', resolve))
    host.send('end')
    await ended
  }
}
