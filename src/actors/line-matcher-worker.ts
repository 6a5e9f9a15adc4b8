import { parentPort } from 'node:worker_threads'
import { limits } from '../protocol/limits.ts'
import type { MatchJob } from './line-matcher.ts'

/** Tells which lines of a text match. In a thread of its own: a pattern may take for ever. */

/** What it says first: loading it may take longer than any search. */
parentPort?.postMessage('ready', [])

let known: { readonly key: string; readonly expression: RegExp } | undefined

parentPort?.on('message', ({ pattern, flags, text }: MatchJob) => {
  const key = `${flags}/${pattern}`
  if (known?.key !== key) known = { key, expression: new RegExp(pattern, flags) }
  const { expression } = known
  const matches: number[] = []
  for (const [index, line] of text.split('\n').entries())
    if (expression.test(line.slice(0, limits.logLineBytes).replace(/\r$/, ''))) matches.push(index)
  parentPort?.postMessage(matches, [])
})
