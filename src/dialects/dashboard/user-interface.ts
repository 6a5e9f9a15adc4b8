/** What the original's page shows: flags, sections and indicators, each by the feature of the mode that it belongs to. */

/** Where an item needs a feature, it is there and not visible without it. */
interface Item {
  readonly id: string
  readonly name: string
  readonly path: string
  readonly icon: string
  readonly needs?: string
}

interface Section {
  readonly id: string
  readonly name: string
  readonly icon: string
  readonly items: readonly Item[]
}

const management = 'system_management'

const sections: readonly Section[] = [
  {
    id: 'main',
    name: 'Main',
    icon: 'home',
    items: [
      { id: 'dashboard', name: 'Dashboard', path: '/', icon: 'dashboard' },
      { id: 'tools', name: 'Tools', path: '/tools', icon: 'build' },
      { id: 'resources', name: 'Resources', path: '/resources', icon: 'folder', needs: 'resource_management' },
      { id: 'prompts', name: 'Prompts', path: '/prompts', icon: 'chat', needs: 'prompt_management' },
    ],
  },
  {
    id: 'security',
    name: 'Security',
    icon: 'security',
    items: [
      { id: 'security-overview', name: 'Security Overview', path: '/security', icon: 'shield', needs: management },
      { id: 'rbac', name: 'RBAC', path: '/security/rbac', icon: 'people', needs: management },
      { id: 'audit-logs', name: 'Audit Logs', path: '/security/audit', icon: 'history', needs: management },
    ],
  },
  {
    id: 'mcp-services',
    name: 'MCP Services',
    icon: 'link',
    items: [{ id: 'services', name: 'External MCP', path: '/services', icon: 'link', needs: 'external_mcp' }],
  },
  {
    id: 'administration',
    name: 'Administration',
    icon: 'settings',
    items: [
      { id: 'config', name: 'Configuration', path: '/config', icon: 'settings' },
      { id: 'logs', name: 'Logs', path: '/logs', icon: 'document' },
      { id: 'monitoring', name: 'Monitoring', path: '/monitoring', icon: 'analytics', needs: 'analytics' },
    ],
  },
]

interface Indicator {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly needs?: string
}

const indicators: readonly Indicator[] = [
  { id: 'mcp-server', name: 'MCP Server', type: 'service' },
  { id: 'registry', name: 'Registry', type: 'service' },
  { id: 'security', name: 'Security', type: 'security', needs: management },
  { id: 'authentication', name: 'Authentication', type: 'auth', needs: management },
]

const shownItem = ({ id, name, path, icon, needs }: Item, visible: boolean) => ({
  id,
  name,
  path,
  icon,
  visible,
  requires_advanced: needs !== undefined,
})

/** `ui_config` of a mode with these features. */
export function userInterface(features: readonly string[]): Readonly<Record<string, unknown>> {
  const has = (feature: string | undefined): boolean => feature === undefined || features.includes(feature)
  return {
    show_security_ui: has(management),
    show_auth_settings: has(management),
    show_analytics: has('analytics'),
    show_audit_logs: has(management),
    show_external_mcp: has('external_mcp'),
    show_rbac_management: has(management),
    navigation_sections: sections.map(({ id, name, icon, items }) => ({
      id,
      name,
      icon,
      visible: items.some(({ needs }) => has(needs)),
      items: items.map((item) => shownItem(item, has(item.needs))),
    })),
    status_indicators: indicators.flatMap(({ id, name, type, needs }) =>
      has(needs) ? [{ id, name, indicator_type: type, visible: true }] : [],
    ),
  }
}
