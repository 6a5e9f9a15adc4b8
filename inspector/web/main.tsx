import { render } from 'preact'
import './style/tokens.css'
import './style/page.css'
import { fetchAll } from './model/later.ts'
import { createModel } from './model/model.ts'
import { Page } from './shell/page.tsx'
import { restoreTheme } from './shell/theme.ts'

/** From the mark on nothing of the page has to be fetched any more. */
const fetchRest = (): void => void fetchAll().then(() => performance.mark('hyphae.fetched'))

const page = document.querySelector('#page')
if (page !== null) {
  restoreTheme()
  const url = new URL('.', location.href)
  const model = createModel({
    url: `${url.origin}${url.pathname.replace(/\/$/, '')}`,
    draw: async (chart) => (await import('../layout/browser.ts')).layoutInBrowser(chart),
  })
  render(<Page model={model} />, page)
  model.start()
  addEventListener('load', () => void requestIdleCallback(fetchRest, { timeout: 5_000 }))
}
