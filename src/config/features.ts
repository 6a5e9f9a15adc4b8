/** The features that user interfaces show and hide by mode. They are names; Hyphae itself does nothing by them. */

export interface Features {
  readonly available: readonly string[]
  readonly hidden: readonly string[]
}

interface Written {
  readonly features?: readonly string[] | undefined
  readonly hidden_features?: readonly string[] | undefined
}

/** MagicTunnel's own. */
const usual: ReadonlyMap<string, Features> = new Map([
  [
    'proxy',
    {
      available: ['basic_tools', 'system_status'],
      hidden: ['external_mcp', 'analytics', 'resource_management', 'prompt_management'],
    },
  ],
  [
    'advanced',
    {
      available: [
        'tool_discovery',
        'external_mcp',
        'smart_discovery',
        'resource_management',
        'prompt_management',
        'analytics',
        'system_management',
      ],
      hidden: [],
    },
  ],
])

/** What each of these modes shows and hides. What one hides is, unless it says so, what others show and it does not. */
export function featuresOf(modes: ReadonlyMap<string, Written>): ReadonlyMap<string, Features> {
  const shown = new Map(
    Array.from(modes, ([name, { features, hidden_features: hidden }]) => {
      const available = features ?? usual.get(name)?.available ?? []
      return [name, available.filter((feature) => hidden?.includes(feature) !== true)] as const
    }),
  )
  const all = new Set([...shown.values()].flat())
  return new Map(
    Array.from(modes, ([name, { features, hidden_features: written }]): [string, Features] => {
      const available = shown.get(name) ?? []
      const silent = features === undefined ? (usual.get(name)?.hidden ?? []) : [...all]
      return [name, { available, hidden: written ?? silent.filter((feature) => !available.includes(feature)) }]
    }),
  )
}
