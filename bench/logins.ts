import { request } from 'node:http'
import { hostAndPort } from '../src/protocol/endpoint.ts'
import { most, type Row } from './measure.ts'
import { start } from './running.ts'

/** Wrong tokens in a row, and what they cost somebody with a right one who comes from the same address. */

const token = 'the-right-one-of-the-bench'
const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'system.status', params: { services: [] } })

/** One request on a connection of its own; answers its status. */
const ask = (at: string, given: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${given}`, 'content-type': 'application/json' }
    const asked = request({ ...hostAndPort(`http:${at}`), path: '/rpc', method: 'POST', agent: false, headers }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode ?? 0))
    })
    asked.once('error', reject)
    asked.end(body)
  })

export async function logins(): Promise<Row[]> {
  const security = { authentication: { enabled: true, token } }
  const fleet = await start({ web: { command: 'sleep', args: ['1000'] } }, { security })
  try {
    const { listeners } = await fleet.client.call('system.status')
    const at = listeners.find(({ name }) => name === 'http')?.address ?? ''
    for (let i = 0; i < 50; i++) await ask(at, token)
    let quick = 0
    const state = { over: false }
    const guess = async (): Promise<void> => {
      for (let i = 0; i < 300; i++) {
        const since = performance.now()
        const status = await ask(at, `wrong-${i}`)
        if (status !== 429 && performance.now() - since < 1_000) quick++
      }
      state.over = true
    }
    const guessing = guess()
    const taken: number[] = []
    let refused = 0
    while (!state.over) {
      const since = performance.now()
      if ((await ask(at, token)) !== 200) refused++
      taken.push(performance.now() - since)
    }
    await guessing
    const p99 = taken.toSorted((a, b) => a - b)[Math.floor(taken.length * 0.99)] ?? Number.NaN
    return [
      most('wrong tokens of 300 with neither 429 nor 1 s', quick, 8, 'of 300'),
      most(`right token meanwhile, p99 of ${taken.length}`, p99, 100, 'ms'),
      most('right tokens refused meanwhile', refused, 0, `of ${taken.length}`),
    ]
  } finally {
    await fleet.end()
  }
}
