import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { processMachine } from '../../src/machines/process.ts'
import { serviceMachine } from '../../src/machines/service.ts'
import type { ActorRow, InspectionRecord } from '../../src/protocol/inspection.ts'
import { litOf } from '../../inspector/web/views/chart/lit.ts'
import { stateName } from '../../src/directory.ts'
import { chartOf } from '../../src/inspection/chart.ts'
import { noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { violations } from './axe.ts'
import { drawn, noon, rowOf } from './stories.ts'
import { buildViews, type Views, type ViewsPage } from './chart-page.ts'

/** The chart of an actor in a real browser, of a fleet that is made up. */

const step = (seq: number, state: string, edge: string): InspectionRecord => ({
  type: 'step',
  seq,
  at: noon + seq,
  actor: 'a',
  event: 'probe.passed',
  edges: [edge],
  was: { state: 'probing', since: noon },
  is: { state, since: noon + seq },
})

test('a later region may be told from its parallel state on', () => {
  const nested = createMachine({
    id: 'm',
    initial: 'open',
    states: {
      open: {
        type: 'parallel',
        states: {
          link: { initial: 'up', states: { up: {}, down: {} } },
          auth: { initial: 'anonymous', states: { anonymous: {}, proved: {} } },
        },
      },
    },
  })
  const { active, around } = litOf(chartOf(nested), stateName({ open: { link: 'up', auth: 'proved' } }))
  expect([...active]).toEqual(['m.open.link.up', 'm.open.auth.proved'])
  expect([...around]).toEqual(['m', 'm.open', 'm.open.link', 'm.open.auth'])
})

const classOf = (views: Views, selector: string): Promise<string> =>
  views.page
    .locator(selector)
    .first()
    .evaluate((element) => element.getAttribute('class') ?? '')

describe.skipIf(noBrowser !== null)('a chart in the browser', () => {
  let site: ViewsPage
  beforeAll(async () => {
    site = await buildViews()
  })
  afterEach(() => site.clear())
  afterAll(() => site.close())

  async function process(state: string, options: Parameters<ViewsPage['open']>[0] = {}) {
    const { chart, layout } = await drawn(processMachine)
    const views = await site.open(options)
    const row = rowOf({ id: 'a', address: 'process.web', chart: chart.hash, phase: 'handshake', state })
    await views.show('chart', { actors: [row], records: [], selected: 'a', charts: [chart], layouts: [layout] })
    await views.page.waitForSelector('.chart-drawing')
    return { views, row, chart, layout }
  }
  const go = (views: Views, row: ActorRow, records: readonly InspectionRecord[]): Promise<void> =>
    views.more({ actors: [row], records })

  test('lights the state that the actor is in and those around it, and moves on with it', async () => {
    const { views, row } = await process('probing')
    expect(await classOf(views, '.chart-state[data-node="process.probing"]')).toContain('is-active')
    await go(views, { ...row, phase: 'active', state: 'up.healthy' }, [step(1, 'up.healthy', 'process.probing#0')])
    await eventually(async () =>
      expect(await classOf(views, '.chart-state[data-node="process.up.healthy"]')).toContain('is-active'),
    )
    expect(await classOf(views, '.chart-state[data-node="process.up"]')).toContain('is-around')
    expect(await classOf(views, '.chart-state[data-node="process.probing"]')).not.toContain('is-active')
    expect(await views.page.locator('[aria-current="true"]').innerText()).toContain('process.up.healthy')
  })

  test('the edge that was taken flashes and stays marked until the next', async () => {
    const { views, row } = await process('probing', { still: false })
    await go(views, { ...row, state: 'up.healthy' }, [step(1, 'up.healthy', 'process.probing#0')])
    const label = '.chart-label[data-edge="process.probing#0"]'
    await eventually(async () => expect(await classOf(views, label)).toMatch(/is-fired.*is-flashing/))
    await go(views, { ...row, state: 'up.unhealthy' }, [step(2, 'up.unhealthy', 'process.up.healthy#0')])
    await eventually(async () =>
      expect(await classOf(views, '.chart-label[data-edge="process.up.healthy#0"]')).toContain('is-fired'),
    )
    expect(await classOf(views, label)).not.toMatch(/is-fired|is-flashing/)
  })

  test('what its state takes stands out, and what it ignored is told', async () => {
    const { views, row } = await process('terminating')
    expect(await classOf(views, '.chart-label[data-edge="process.terminating#2"]')).toContain('is-open')
    expect(await classOf(views, '.chart-label[data-edge="process.up.healthy#0"]')).not.toContain('is-open')
    const now = Date.now()
    await go(views, row, [{ type: 'ignored', seq: 1, at: now, actor: 'a', event: 'RESTART' }])
    await eventually(async () => expect(await views.page.locator('.chart-note').innerText()).toContain('RESTART ignored here'))
  })

  test('is drawn once for all actors of the same machine', async () => {
    const { views, row, chart, layout } = await process('probing')
    await views.page.evaluate(() => document.querySelector('.chart-drawing')?.setAttribute('data-mine', 'yes'))
    const other = { ...row, id: 'b', address: 'process.db', state: 'killing.stuck' }
    await views.show('chart', { actors: [row, other], records: [], selected: 'b', charts: [chart], layouts: [layout] })
    await eventually(async () =>
      expect(await classOf(views, '.chart-state[data-node="process.killing.stuck"]')).toContain('is-active'),
    )
    expect(await views.page.locator('.chart-drawing[data-mine=yes]').count()).toBe(1)
  })

  test('is moved and zoomed by mouse, wheel, buttons and keys', async () => {
    const { views } = await process('probing')
    const camera = (): Promise<string> => views.page.locator('.chart-camera').evaluate((g) => (g as SVGGElement).style.transform)
    const scale = async (): Promise<number> => Number(/scale\(([\d.]+)\)/.exec(await camera())?.[1])
    const changed = async (act: () => Promise<void>): Promise<void> => {
      const before = await camera()
      await act()
      await eventually(async () => expect(await camera()).not.toBe(before))
    }
    await eventually(async () => expect(await scale()).toBeCloseTo(0.85))
    await changed(() => views.page.click('[aria-label="Zoom in"]'))
    expect(await scale()).toBeCloseTo(1.0625)
    await views.page.focus('.chart-pane')
    await changed(() => views.page.keyboard.press('-'))
    expect(await scale()).toBeCloseTo(0.85)
    await changed(() => views.page.keyboard.press('ArrowRight'))
    await views.page.mouse.move(400, 400)
    await changed(() => views.page.mouse.wheel(0, -200))
    expect(await scale()).toBeGreaterThan(0.85)
    await changed(async () => {
      await views.page.mouse.down()
      await views.page.mouse.move(300, 300, { steps: 4 })
      await views.page.mouse.up()
    })
    await changed(() => views.page.click('text=Fit'))
    expect(await scale()).toBeLessThan(0.85)
  })

  test('follows the active state where it goes out of sight', async () => {
    const { views, row } = await process('probing', { width: 700, height: 420 })
    const inSight = (id: string): Promise<boolean> =>
      views.page.locator(`.chart-state[data-node="${id}"] .chart-frame`).evaluate((frame) => {
        const [box, pane] = [frame, document.querySelector('.chart-pane') as Element].map((one) => one.getBoundingClientRect())
        return box !== undefined && pane !== undefined && box.top >= pane.top - 1 && box.bottom <= pane.bottom + 1
      })
    await eventually(async () => expect(await inSight('process.probing')).toBe(true))
    expect(await inSight('process.reaped')).toBe(false)
    await go(views, { ...row, phase: 'reaped', state: 'reaped' }, [])
    await eventually(async () => expect(await inSight('process.reaped')).toBe(true))
  })

  test('tells everything of what is pointed at, by mouse and by keyboard', async () => {
    const { views } = await process('up.healthy')
    await views.page.hover('.chart-label[data-edge="process.up.healthy#0"] .chart-event')
    expect(await views.page.locator('.chart-details').innerText()).toContain('tellUnhealthy')
    await views.page.mouse.move(2, 2)
    await views.page.focus('.chart-states')
    await views.page.keyboard.press('Home')
    await eventually(async () => expect(await views.page.locator('.chart-details').innerText()).toContain('process'))
    expect(await views.page.locator('.chart-states [aria-selected=true]').innerText()).toMatch(/^process/)
  })

  test('a layout that nobody made is made in the browser, under its policy', async () => {
    const machine = createMachine({ id: 'lamp', initial: 'off', states: { off: { on: { PRESS: 'on' } }, on: { type: 'final' } } })
    const chart = chartOf(machine)
    const views = await site.open()
    const row = rowOf({ id: 'a', name: 'lamp', chart: chart.hash, phase: 'active', state: 'off' })
    await views.show('chart', { actors: [row], records: [], selected: 'a', charts: [chart], layouts: [] })
    await views.page.waitForSelector('.chart-state.is-active[data-node="lamp.off"]')
    expect(views.complaints).toEqual([])
  })

  test('one without a chart, and one whose chart is unknown, explain themselves', async () => {
    const views = await site.open()
    const rows = [rowOf({ id: 'p', name: 'probe', logic: 'promise' }), rowOf({ id: 'q', name: 'odd', chart: 'unknown' })]
    await views.show('chart', { actors: rows, records: [], selected: 'p', charts: [], layouts: [] })
    expect(await views.page.locator('.chart-without').innerText()).toContain('It is a promise')
    await views.more({ selected: 'q' })
    await eventually(async () => expect(await views.page.locator('.chart-without').innerText()).toContain('no such chart'))
  })

  test('the file that it is saved as stands by itself', async () => {
    const { views } = await process('up.healthy')
    const [file] = await Promise.all([views.page.waitForEvent('download'), views.page.click('[aria-label="Download SVG"]')])
    expect(file.suggestedFilename()).toBe('process.web.svg')
    const text = readFileSync(await file.path(), 'utf8')
    expect(text).toMatch(/^<svg [^>]*viewBox="0 0 \d+ \d+"/)
    expect(text).toContain('healthy')
    expect(text.match(/var\(--|class=|<style/g)).toBeNull()
    expect(text).toMatch(/<rect width="100%" height="100%" fill="rgb\(/)
  })

  test.each([false, true])('axe finds nothing (dark: %s)', async (dark) => {
    const { chart, layout } = await drawn(serviceMachine)
    const views = await site.open({ dark })
    const row = rowOf({ id: 'a', address: 'service.web', chart: chart.hash, phase: 'active', state: 'live.running.healthy' })
    const ignored: InspectionRecord = { type: 'ignored', seq: 1, at: Date.now(), actor: 'a', event: 'RESTART' }
    await views.show('chart', { actors: [row], records: [ignored], selected: 'a', charts: [chart], layouts: [layout] })
    await views.page.waitForSelector('.chart-state.is-active')
    await views.page.click('.chart-words.is-active .chart-title')
    expect(await violations(views.page)).toEqual([])
    expect(views.complaints).toEqual([])
  })
})
