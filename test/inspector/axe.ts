import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What axe finds wrong. The page's policy lets no script of others in, so it is evaluated. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    interface Found {
      readonly violations: ReadonlyArray<{ id: string; nodes: ReadonlyArray<{ html: string; failureSummary?: string }> }>
    }
    const { axe: run } = globalThis as unknown as { axe: { run(): Promise<Found> } }
    const { violations } = await run.run()
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    )
  })
}
