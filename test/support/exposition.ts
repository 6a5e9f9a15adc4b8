/** Reads the text format of Prometheus as strictly as its own parser does, and knows what `promtool check metrics` finds fault with. */

export interface Read {
  readonly help: string
  readonly type: string
  readonly samples: ReadonlyArray<{
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
  }>
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/
const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/** Throws on the first thing that is not in the format. */
export function readExposition(text: string): Map<string, Read> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, { help: string; type: string; samples: Array<Read['samples'][number]> }>()
  const seen = new Set<string>()
  let help: { readonly name: string; readonly text: string } | undefined
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (word === 'HELP') {
      if (families.has(about)) throw new Error(`a second HELP of ${about}`)
      help = { name: about, text: rest }
    } else if (word === 'TYPE') {
      if (help?.name !== about) throw new Error(`TYPE without its HELP: ${line}`)
      if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest)) throw new Error(`no such type: ${line}`)
      families.set(about, { help: help.text, type: rest, samples: [] })
      current = about
    } else {
      const [, name = '', written = '', number = ''] = sampleLine.exec(line) ?? []
      const family = families.get(current)
      if (name === '' || family === undefined) throw new Error(`no sample: ${line}`)
      if (!(suffixes[family.type] ?? ['']).some((suffix) => name === current + suffix))
        throw new Error(`${name} stands below ${current}`)
      const value = number === '+Inf' ? Infinity : number === '-Inf' ? -Infinity : Number(number)
      if (Number.isNaN(value) && number !== 'NaN') throw new Error(`no number: ${line}`)
      const labels = Object.fromEntries(
        Array.from(written.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g), ([, key = '', raw = '']) => [
          key,
          raw.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
        ]),
      )
      const series = `${name} ${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`
      if (seen.has(series)) throw new Error(`a second time: ${line}`)
      seen.add(series)
      family.samples.push({ name, labels, value })
    }
  }
  return families
}

const units = 'amperes|bits|bytes|candela|celsius|grams|joules|kelvin|meters|moles|percent|ratio|seconds|volts'
const prefixed = new RegExp(`_(?:milli|micro|nano|kilo|mega|giga|tera|kibi|mebi|gibi)(?:${units})(?:_|$)`)
const otherUnits = /_(?:minutes?|hours?|days?|weeks?|milliseconds?|kilobytes?|percent|celsius_degrees)(?:_|$)/
const abbreviated = /_(?:s|ms|us|ns|sec|b|kb|mb|gb|tb|pb|m|h|d)(?:_total)?$/

/** What promtool's linter says, rule by rule (prometheus/client_golang, testutil/promlint). */
export function lint(families: ReadonlyMap<string, Read>): string[] {
  const found: string[] = []
  for (const [name, { help, type, samples }] of families) {
    const fault = (text: string): void => void found.push(`${name} ${text}`)
    if (help === '') fault('no help text')
    if (type === 'counter' && !name.endsWith('_total')) fault('counter metrics should have "_total" suffix')
    if (type !== 'counter' && name.endsWith('_total')) fault('non-counter metrics should not have "_total" suffix')
    if (type !== 'histogram' && name.endsWith('_bucket')) fault('non-histogram metrics should not have "_bucket" suffix')
    if (!['histogram', 'summary'].includes(type) && /_(?:count|sum)$/.test(name))
      fault('should not have "_count" or "_sum" suffix')
    if (/(?:^|_)(?:counter|gauge|histogram|summary|untyped|metric)(?:_|$)/.test(name))
      fault('metric name should not include its type')
    if (name.includes(':')) fault('metric names should not contain ":"')
    if (/[a-z][A-Z]/.test(name)) fault('metric names should be written in snake_case')
    if (prefixed.test(name) || otherUnits.test(name)) fault('use base units')
    if (abbreviated.test(name)) fault('metric names should not contain abbreviated units')
    for (const { labels } of samples) {
      if (type !== 'histogram' && 'le' in labels) fault('non-histogram metrics should not have "le" label')
      if (type !== 'summary' && 'quantile' in labels) fault('non-summary metrics should not have "quantile" label')
      for (const label of Object.keys(labels)) if (/[a-z][A-Z]/.test(label)) fault('label names should be written in snake_case')
    }
  }
  return [...new Set(found)]
}
