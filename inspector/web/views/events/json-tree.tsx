/** A value that came as JSON, to be opened part by part. */

/** Parts of one value that are shown; more would only slow the page down. */
const most = 200

interface JsonTreeProps {
  readonly value: unknown
  readonly name?: string
  /** How many levels are open at first. */
  readonly open?: number
}

const short = (value: object): string =>
  Array.isArray(value)
    ? `${value.length} ${value.length === 1 ? 'item' : 'items'}`
    : `{${Object.keys(value).slice(0, 4).join(', ')}${Object.keys(value).length > 4 ? ', …' : ''}}`

export function JsonTree({ value, name, open = 1 }: JsonTreeProps) {
  const label = name === undefined ? null : <span class="json-name">{name}: </span>
  if (typeof value !== 'object' || value === null)
    return (
      <div class="json-leaf">
        {label}
        <span class={`json-${value === null ? 'null' : typeof value}`}>
          {value === undefined ? 'nothing' : JSON.stringify(value)}
        </span>
      </div>
    )
  const parts = Object.entries(value)
  return (
    <details class="json" open={open > 0}>
      <summary>
        {label}
        <span class="json-short">{short(value)}</span>
      </summary>
      {parts.slice(0, most).map(([key, part]) => (
        <JsonTree key={key} name={key} value={part} open={open - 1} />
      ))}
      {parts.length > most && <div class="json-leaf">… and {parts.length - most} more</div>}
    </details>
  )
}
