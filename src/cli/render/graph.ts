/** One service of a dependency graph; state and phase are null where nothing runs. */
export interface GraphNode {
  readonly name: string
  readonly state: string | null
  readonly phase: string | null
  readonly depends_on: ReadonlyArray<{ readonly service: string; readonly condition: string }>
}

/** Phases as colours that can be told apart on white and on black, also without colour: by their lines. */
const classes: Readonly<Record<string, string>> = {
  handshake: 'fill:#fff3cd,stroke:#b58900,color:#333,stroke-dasharray:4 2',
  active: 'fill:#d4edda,stroke:#2e7d32,color:#333',
  reaped: 'fill:#eceff1,stroke:#78909c,color:#333,stroke-dasharray:1 3',
}

/** Within quotes mermaid reads HTML entities, with # for &; whatever could end the label, or be taken for markup, is one. */
const label = (text: string): string =>
  `"${Array.from(text, (character) =>
    /[\p{L}\p{N} ._:,/()-]/u.test(character) ? character : `#${character.codePointAt(0) ?? 63};`,
  ).join('')}"`

/** The dependency graph as a mermaid flowchart: an arrow leads from a service to what it needs. */
export function mermaid(nodes: readonly GraphNode[]): string[] {
  const ids = new Map(nodes.map(({ name }, index) => [name, `n${index}`]))
  const used = new Set(nodes.flatMap(({ phase }) => (phase === null ? [] : [phase])))
  return [
    'flowchart LR',
    ...nodes.map(({ name, state, phase }, index) => {
      const text = state === null ? label(name) : `"${label(name).slice(1, -1)}<br/>${label(state).slice(1, -1)}"`
      return `  n${index}[${text}]${phase === null ? '' : `:::${phase}`}`
    }),
    ...nodes.flatMap(({ name, depends_on: needs }) =>
      needs.flatMap(({ service, condition }) => {
        const [from, to] = [ids.get(name), ids.get(service)]
        return from === undefined || to === undefined ? [] : [`  ${from} -->|${label(condition)}| ${to}`]
      }),
    ),
    ...Object.entries(classes).flatMap(([phase, style]) => (used.has(phase) ? [`  classDef ${phase} ${style}`] : [])),
  ]
}
