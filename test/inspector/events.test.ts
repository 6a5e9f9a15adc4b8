import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createJournal, createSelection } from '../../inspector/web/views/events/journal.ts'
import { lanesOf } from '../../inspector/web/views/sequence/lanes.ts'
import { noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { violations } from './axe.ts'
import { actorsOfStory, noon, storyOf } from './stories.ts'
import { buildViews, type ViewsPage } from './chart-page.ts'

/** The event log and the sequence diagram: what they make of records, and in a real browser. */

describe('a journal', () => {
  test('has an entry for each event, with what became of it', () => {
    const journal = createJournal()
    journal.take([
      { type: 'event', seq: 1, at: noon, to: 'a', from: 'b', event: 'GO', payload: { fast: true } },
      {
        type: 'step',
        seq: 2,
        at: noon,
        actor: 'a',
        of: 1,
        event: 'GO',
        edges: ['a#0'],
        was: { state: 'x', since: 0 },
        is: { state: 'y', since: 1 },
      },
      { type: 'event', seq: 3, at: noon, to: 'a', event: 'GO' },
      { type: 'ignored', seq: 4, at: noon, actor: 'a', of: 3, event: 'GO' },
      { type: 'event', seq: 5, at: noon, to: 'c', event: 'GO', dead: true },
      {
        type: 'step',
        seq: 6,
        at: noon,
        actor: 'a',
        event: 'tick',
        edges: [],
        was: { state: 'y', since: 1 },
        is: { state: 'y', since: 1 },
      },
    ])
    expect(journal.entries.map(({ seq, from, fate, step }) => [seq, from, fate, step?.seq])).toEqual([
      [1, 'b', 'moved', 2],
      [3, undefined, 'ignored', undefined],
      [5, undefined, 'dead', undefined],
      [6, undefined, 'taken', 6],
    ])
  })

  test('takes what is new, lets go of what is gone, and begins anew with another run', () => {
    const journal = createJournal()
    const story = storyOf(6_000)
    journal.take(story.slice(0, 2_000))
    journal.take(story.slice(0, 3_000))
    const whole = createJournal()
    whole.take(story.slice(0, 3_000))
    expect(journal.entries).toEqual(whole.entries)
    journal.take(story.slice(3_000))
    expect(journal.entries[0]?.seq).toBeGreaterThan(3_000)
    journal.take(storyOf(10))
    expect(journal.entries.length).toBeLessThanOrEqual(10)
  })

  test('a selection learns what became of an event after it has seen it', () => {
    const journal = createJournal()
    const select = createSelection(({ fate }) => fate === 'ignored')
    const [sent, ignored] = [
      { type: 'event', seq: 1, at: noon, to: 'a', event: 'GO' },
      { type: 'ignored', seq: 2, at: noon, actor: 'a', of: 1, event: 'GO' },
    ] as const
    journal.take([sent])
    expect(select(journal.entries)).toEqual([])
    journal.take([sent, ignored])
    expect(select(journal.entries).map(({ seq }) => seq)).toEqual([1])
  })

  test('the lanes of an actor are those that it talked to, its parent before it', () => {
    const journal = createJournal()
    journal.take([
      { type: 'event', seq: 1, at: noon, to: 'process', from: 'service', event: 'STOP' },
      { type: 'event', seq: 2, at: noon, to: 'child', from: 'process', event: 'child.signal' },
      { type: 'event', seq: 3, at: noon, to: 'process', event: 'KILL' },
      { type: 'event', seq: 4, at: noon, to: 'other', from: 'stranger', event: 'GO' },
    ])
    expect(lanesOf('process', journal.entries, 'service')).toEqual(['outside', 'service', 'process', 'child'])
  })
})

describe.skipIf(noBrowser !== null)('ten thousand records in the browser', () => {
  let site: ViewsPage
  beforeAll(async () => {
    site = await buildViews()
  })
  afterEach(() => site.clear())
  afterAll(() => site.close())

  async function opened(view: 'events' | 'all-events' | 'sequence', options: Parameters<ViewsPage['open']>[0] = {}) {
    const views = await site.open(options)
    await views.show(view, { actors: actorsOfStory(), records: storyOf(10_000), selected: 'service', charts: [], layouts: [] })
    const rows = views.page.locator(view === 'sequence' ? '.sequence-row' : '.events-row')
    await rows.first().waitFor()
    return { views, page: views.page, rows }
  }

  test('only the rows in sight of a log are there, the newest first of all', async () => {
    const { page, rows } = await opened('events')
    await eventually(async () => expect(await rows.count()).toBeGreaterThan(10))
    expect(await rows.count()).toBeLessThan(80)
    expect(await rows.last().getAttribute('id')).toMatch(/^event-99\d\d$/)
    await page.locator('.events-box').evaluate((box) => box.scrollTo({ top: 0 }))
    await eventually(async () => expect(await rows.first().getAttribute('id')).toBe('event-1'))
    expect(await rows.count()).toBeLessThan(80)
  })

  test('what comes while one reads further up is counted, and a button leads there', async () => {
    const { views, page, rows } = await opened('events')
    await page.locator('.events-box').evaluate((box) => box.scrollTo({ top: 0 }))
    await eventually(async () => expect(await rows.first().getAttribute('id')).toBe('event-1'))
    await views.append(storyOf(20, 10_001))
    await eventually(async () => expect(await page.locator('.events-fresh').innerText()).toMatch(/^\d+ new$/))
    await page.click('.events-fresh')
    await eventually(async () => expect(await rows.last().getAttribute('id')).toMatch(/^event-100\d\d$/))
  })

  test('filters by outcome, type and text', async () => {
    const { page, rows } = await opened('events')
    await page.selectOption('[aria-label="What became of it"]', 'ignored')
    await eventually(async () => expect(await page.locator('.events-row:not(.is-ignored)').count()).toBe(0))
    expect(await rows.count()).toBeGreaterThan(0)
    await page.selectOption('[aria-label="What became of it"]', 'dead')
    await eventually(async () => expect(await rows.first().innerText()).toContain('process.stuck'))
    await page.selectOption('[aria-label="What became of it"]', 'everything')
    await page.selectOption('[aria-label="Type of event"]', 'RESTART')
    await eventually(async () => expect(await rows.first().innerText()).toContain('RESTART'))
    await page.fill('[aria-label="Search the events"]', 'nowhere to be found')
    await eventually(async () => expect(await page.locator('.events-empty').innerText()).toContain('passes these filters'))
  })

  test('paused, it stands still', async () => {
    const { views, page, rows } = await opened('all-events')
    await page.click('text=Pause')
    const last = await rows.last().getAttribute('id')
    await views.append(storyOf(50, 10_001))
    await eventually(async () => expect(await page.locator('.events-fresh').innerText()).toMatch(/new/))
    expect(await rows.last().getAttribute('id')).toBe(last)
  })

  test.each(['events', 'sequence'] as const)('a row of the %s shows its payload, and leads to its moment', async (view) => {
    const { views, page, rows } = await opened(view)
    await eventually(async () => expect(await rows.count()).toBeGreaterThan(8))
    const row = rows.nth(10)
    const seq = Number((await row.getAttribute('id'))?.split('-')[1])
    await row.click()
    await eventually(async () => expect(await page.locator('.entry-details').innerText()).toContain('round'))
    await page.click('text=Show at this moment')
    const moment = await views.moment()
    expect(moment === seq || moment === seq + 1).toBe(true)
  })

  test('a log and a sequence are used by keyboard', async () => {
    const { views, page } = await opened('events')
    await page.focus('.events-box')
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowUp')
    await eventually(async () => expect(await page.locator('.events-row[aria-selected=true]').count()).toBe(1))
    await page.keyboard.press('Enter')
    expect(await views.moment()).toBeGreaterThan(9_900)
  })

  test('only the rows in sight of a sequence are there; its lanes are changed by hand', async () => {
    const { page, rows } = await opened('sequence')
    await eventually(async () => expect(await rows.count()).toBeGreaterThan(8))
    expect(await rows.count()).toBeLessThan(60)
    const lanes = page.locator('.sequence-lanes li')
    expect(await lanes.count()).toBe(4)
    await page.click('[aria-label="Remove the lane of gate"]')
    await eventually(async () => expect(await lanes.count()).toBe(3))
    await page.selectOption('[aria-label="Add a lane"]', 'gate')
    await eventually(async () => expect(await lanes.last().innerText()).toContain('gate'))
    await page.selectOption('[aria-label="What became of it"]', 'dead')
    await eventually(async () => expect(await page.locator('.sequence-cross').count()).toBeGreaterThan(0))
  })

  test.each([
    ['events', false],
    ['events', true],
    ['sequence', false],
    ['sequence', true],
  ] as const)('axe finds nothing in the %s (dark: %s)', async (view, dark) => {
    const { views, rows } = await opened(view, { dark })
    await eventually(async () => expect(await rows.count()).toBeGreaterThan(8))
    await rows.nth(10).click()
    await views.page.waitForSelector('.entry-details')
    expect(await violations(views.page)).toEqual([])
    expect(views.complaints).toEqual([])
  })
})
