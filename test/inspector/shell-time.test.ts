import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRecording } from '../../inspector/web/model/recording.ts'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { fetched, openPage } from './page.ts'
import { standIn, type StandIn } from './stand-in.ts'
import { synthetic, type Synthetic } from './synthetic.ts'

/** Going back in time, and recordings: a past that is kept in a file. */

describe.skipIf(noBrowser !== null)('time', () => {
  let browser: Browser
  let fleet: Synthetic
  let server: StandIn
  let folder: string
  beforeAll(async () => {
    browser = await launchBrowser()
    folder = mkdtempSync(join(tmpdir(), 'hyphae-recording-'))
    fleet = synthetic(6, 8, Date.now())
    server = await standIn(fleet, { history: fleet.records(400) })
  })
  afterAll(async () => {
    await browser.close()
    await server.end()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The states of the services as the overview shows them. */
  const states = async (page: Page): Promise<Readonly<Record<string, string>>> =>
    page.evaluate<Record<string, string>>(`Object.fromEntries(
      Array.from(document.querySelectorAll('.services tbody tr'), (row) => [
        row.querySelector('a').textContent,
        row.querySelector('.chip').textContent,
      ]),
    )`)
  const now = (): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Array.from(fleet.actors.values()).flatMap(({ address = '', state = '' }) =>
        address.startsWith('service.') ? [[address.slice(8), state]] : [],
      ),
    )

  test('a moment that was is shown as it was, while the present goes on; one click goes back to it', async () => {
    const { page } = await openPage(browser, server.origin)
    await page.locator('.services tbody tr').first().waitFor()
    const then = now()
    expect(await states(page)).toEqual(then)
    await page.keyboard.press('[')
    await page.getByText('in the past').waitFor()
    await page.keyboard.press(']')
    await eventually(async () => expect(await page.getByText('in the past').count()).toBe(0))
    const before = fleet.seq
    server.tell(fleet.records(300))
    await eventually(async () => expect(await states(page)).toEqual(now()))
    const slider = page.getByRole('slider', { name: 'Moment' })
    await slider.fill(String(before))
    await eventually(async () => expect(await states(page)).toEqual(then))
    server.tell(fleet.records(300))
    await eventually(async () => expect(Number(await slider.getAttribute('max'))).toBe(fleet.seq))
    expect(await states(page)).toEqual(then)
    await page.getByRole('button', { name: 'Back to live' }).click()
    await eventually(async () => expect(await states(page)).toEqual(now()))
    await page.close()
  })

  test('it plays from where it is to the present', async () => {
    const { page } = await openPage(browser, server.origin)
    await page.locator('.services tbody tr').first().waitFor()
    const slider = page.getByRole('slider', { name: 'Moment' })
    await slider.fill(String(fleet.seq - 20))
    await page.getByRole('button', { name: 'Play at 10×' }).click()
    await eventually(async () => expect(await page.locator('.time-live').count()).toBe(1))
    await page.close()
  })

  test('what was recorded is opened with no server there, and can be gone through as before', async () => {
    const { page } = await openPage(browser, server.origin)
    await page.locator('.services tbody tr').first().waitFor()
    const recorded = now()
    await page.getByRole('button', { name: 'Menu' }).click()
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export recording' }).click()
    const path = join(folder, 'recording.json')
    await (await saved).saveAs(path)
    const recording = await readRecording(new Blob([readFileSync(path)]))
    expect(recording.seq).toBe(fleet.seq)
    expect(recording.charts.map(({ hash }) => hash)).toEqual(['synthetic1'])
    expect(new Map(recording.contexts.map(({ id, context }) => [id, context]))).toEqual(
      new Map(
        Array.from(fleet.actors.values())
          .filter(({ end, chart }) => end === undefined && chart !== undefined)
          .map(({ id }) => [id, fleet.context(id)]),
      ),
    )
    await page.close()

    const away = await standIn(synthetic(1))
    const { page: other, complaints } = await openPage(browser, away.origin)
    await other.locator('.services tbody tr').first().waitFor()
    await fetched(other)
    await away.end()
    await other.getByText('connection lost').waitFor()
    await other.getByLabel('Recording to open').setInputFiles(path)
    await other.getByText('recording recording.json').waitFor()
    await eventually(async () => expect(await states(other)).toEqual(recorded))
    const first = recording.records[0]?.seq ?? 0
    await other.getByRole('slider', { name: 'Moment' }).fill(String(first))
    await other.getByRole('button', { name: 'To the end' }).click()
    await eventually(async () => expect(await states(other)).toEqual(recorded))
    expect(complaints).toEqual([])
    await other.close()
  })

  test('a file that is none is refused with the field that is wrong; what is shown stays', async () => {
    const path = join(folder, 'wrong.json')
    writeFileSync(path, JSON.stringify({ format: 'hyphae.recording', version: 1, run: 7, records: [], seq: 0 }))
    const { page } = await openPage(browser, server.origin)
    await page.locator('.services tbody tr').first().waitFor()
    await page.getByLabel('Recording to open').setInputFiles(path)
    await page.getByText('Cannot open wrong.json: run: expected a text, got 7').waitFor()
    expect(await page.locator('.services tbody tr').count()).toBe(6)
    await page.close()
  })

  test('a file is opened where it is dropped', async () => {
    const { page } = await openPage(browser, server.origin)
    await page.locator('.services tbody tr').first().waitFor()
    await page.evaluate(`{
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File(['{}'], 'dropped.json'))
      for (const type of ['dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
      }
    }`)
    await eventually(async () =>
      expect(await page.getByRole('log').innerText()).toContain('Cannot open dropped.json: format: expected'),
    )
    await page.close()
  })
})
