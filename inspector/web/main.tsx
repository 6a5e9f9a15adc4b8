import { render } from 'preact'
import './style/tokens.css'
import './style/page.css'
import { fetchAll } from './model/later.ts'
import { createModel } from './model/model.ts'
import { Page } from './shell/page.tsx'
import { restoreTheme } from './shell/theme.ts'

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
  addEventListener('load', () => void requestIdleCallback(() => void fetchAll(), { timeout: 5_000 }))
}
