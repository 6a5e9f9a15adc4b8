/** The text format of Prometheus, version 0.0.4: families of samples, as text. */

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  /** Of histograms: which of their series it is. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
  readonly labels?: Labels
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: Iterable<Sample>
}

const inHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
/** Hardly any needs it, and of thousands each is looked at. */
const inLabel = (text: string): string => (/[\\\n"]/.test(text) ? inHelp(text).replaceAll('"', '\\"') : text)

/** The keys of an object that we wrote ourselves are sound names already. */
function written(labels: Labels): string {
  let text = ''
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${inLabel(labels[name] ?? '')}"`
  return text === '' ? '' : `{${text}}`
}

const number = (value: number): string => (value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value))

/** A family without samples is left out: its name would promise what is not there. */
export function exposition(families: Iterable<Family>): string {
  let text = ''
  for (const { name, help, type, samples } of families) {
    let lines = ''
    for (const { suffix = '', labels = {}, value } of samples) lines += `${name}${suffix}${written(labels)} ${number(value)}\n`
    if (lines !== '') text += `# HELP ${name} ${inHelp(help)}\n# TYPE ${name} ${type}\n${lines}`
  }
  return text
}
