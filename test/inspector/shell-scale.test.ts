import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { openPage } from './page.ts'
import { standIn } from './stand-in.ts'
import { synthetic } from './synthetic.ts'

/** The page with a large fleet: only what is seen is in it. */

const built = join(import.meta.dirname, '../../dist/inspector')

test('what is loaded at first is no more than 60 KB, gzipped; what is shown later is fetched later', () => {
  const page = readFileSync(join(built, 'index.html'), 'utf8')
  const files = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map((match) => match[1] ?? '')
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(built, file))).length, 0)
  expect(files.length).toBeGreaterThan(1)
  expect(bytes, files.join(' ')).toBeLessThanOrEqual(60 * 1024)
})

describe.skipIf(noBrowser !== null)('with ten thousand rows', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  test('only those that are seen are in the page, and the focus goes with them to the end', async () => {
    const fleet = synthetic(5_000, 2)
    const server = await standIn(fleet)
    const { page, row } = await openPage(browser, server.origin)
    await row('api').waitFor()
    expect(
      Number(
        (
          await page.getByRole('tree').evaluate((tree) => (tree as unknown as { style: { height: string } }).style.height)
        ).replace('px', ''),
      ),
    ).toBeGreaterThan(280_000)
    const inPage = () => page.getByRole('treeitem').count()
    expect(await inPage()).toBeLessThan(60)
    await page.keyboard.press('t')
    await page.keyboard.press('End')
    await eventually(async () =>
      expect(await page.evaluate(`document.activeElement?.querySelector('.row-name')?.textContent`)).toBe('Supervision'),
    )
    expect(await inPage()).toBeLessThan(60)
    server.tell(fleet.records(5_000))
    await eventually(async () =>
      expect(Number(await page.getByRole('slider', { name: 'Moment' }).getAttribute('max'))).toBe(fleet.seq),
    )
    expect(await page.evaluate(`document.activeElement?.querySelector('.row-name')?.textContent`)).toBe('Supervision')
    await page.close()
    await server.end()
  })
})
