import process from 'node:process'
import type { Client } from '../../client/index.ts'
import { HyphaeError, messageOf } from '../../protocol/errors.ts'
import { parseAddress } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'
import { queryTime } from '../connection.ts'
import { out } from '../terminal.ts'
import { frameOf } from './frame.ts'
import { hear, type Heard } from './hear.ts'
import { keepLink } from './link.ts'
import { logPane } from './log-pane.ts'
import { emptyModel, type Effect, type Model, type Size } from './model.ts'
import { press } from './press.ts'
import { takeTerminal } from './take-terminal.ts'

/** One look at a fleet, from the first picture to the last. */

/** Least time between two pictures, ms. */
const frameTime = 100

const sizeNow = (): Size => ({ columns: out.look().width, rows: out.rows() })

/** Does the terminal speak UTF-8? As the C library decides it. */
export const speaksUnicode = (): boolean => {
  const { LC_ALL: all, LC_CTYPE: type, LANG: language } = process.env
  return /utf-?8/i.test([all, type, language].find((value) => value !== undefined && value !== '') ?? '')
}

const ended = { start: 'started', stop: 'stopped', restart: 'restarted' } as const

/** Resolves when the user has had enough; rejects with what nothing can be done about. The terminal is as it was then. */
export async function runTop(client: Client, selected: string | undefined): Promise<void> {
  let model: Model = { ...emptyModel(client.at), selected }
  let over = false
  let timer: NodeJS.Timeout | undefined
  let drawnAt = -Infinity
  const unicode = speaksUnicode()

  const draw = (): void => {
    timer = undefined
    if (over) return
    drawnAt = performance.now()
    const size = sizeNow()
    const look = { paint: out.look().paint, unicode, now: Date.now() }
    // A terminal that was halted gets the newest picture once it goes on.
    if (!terminal.display.draw(frameOf(model, size, look), size.columns)) soon()
  }
  const soon = (): void => {
    timer ??= setTimeout(draw, Math.max(0, frameTime - (performance.now() - drawnAt)))
  }
  const become = (next: Model): void => {
    if (next === model) return
    model = next
    soon()
  }
  const take = (heard: Heard): void => become(hear(model, heard))

  async function explain(of: string): Promise<void> {
    try {
      const explanation = await client.call('service.explain', { service: of }, queryTime)
      take({ type: 'explained', explanation })
    } catch (error) {
      take({ type: 'told', text: messageOf(error), style: 'red' })
    }
  }
  async function call({ action, services }: Extract<Effect, { type: 'call' }>): Promise<void> {
    take({ type: 'asked', action, services })
    const [first = '', ...others] = services
    const whom = others.length === 0 ? first : `${services.length} services`
    try {
      const { results } = await client.call(`service.${action}`, { services: [...services] })
      const pid = results.length === 1 && results[0]?.pid != null ? `, pid ${results[0].pid}` : ''
      take({ type: 'answered', services, text: `${ended[action]} ${whom}${pid}`, style: 'green' })
    } catch (error) {
      const code = error instanceof HyphaeError ? ` (${error.code})` : ''
      take({ type: 'answered', services, text: `${action} ${whom}: ${messageOf(error)}${code}`, style: 'red' })
    }
    link.refresh()
  }
  const logs = logPane(client, take)
  const link = keepLink({
    client,
    hear: take,
    linked() {
      logs.linked()
      if (model.view.type === 'explain') void explain(model.view.of)
    },
    changed(address) {
      const { view } = model
      if (view.type === 'explain' && parseAddress(address).key === view.of) void explain(view.of)
    },
  })

  let quit: () => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const enough = new Promise<void>((resolve, reject) => {
    quit = resolve
    fail = reject
  })
  const carryOut = (effect: Effect): void => {
    switch (effect.type) {
      case 'call':
        return void call(effect)
      case 'logs':
        return logs.show(effect.of)
      case 'explain':
        return void explain(effect.of)
      case 'quit':
        return quit()
      case 'suspend':
        return terminal.suspend()
      case 'redraw':
        terminal.display.forget()
        return soon()
    }
  }
  const terminal = takeTerminal({
    output: out,
    most: limits.topTyped,
    typed(typed) {
      try {
        const { model: next, effects } = press(model, typed, sizeNow())
        become(next)
        for (const effect of effects) carryOut(effect)
      } catch (error) {
        fail(error)
      }
    },
    changed: soon,
    end: quit,
  })
  try {
    soon()
    await Promise.race([enough, link.over])
  } finally {
    over = true
    clearTimeout(timer)
    link.close()
    logs.show(null)
    await terminal.release()
  }
}
