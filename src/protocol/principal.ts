/** What a command may need. A role is a set of them; nothing is permitted by default. */
export const permissions = ['fleet.read', 'logs.read', 'service.control', 'actor.send', 'program.run', 'system.control'] as const
export type Permission = (typeof permissions)[number]

export const roles = {
  viewer: ['fleet.read', 'logs.read'],
  operator: ['fleet.read', 'logs.read', 'service.control', 'actor.send', 'program.run'],
  admin: permissions,
} as const satisfies Readonly<Record<string, readonly Permission[]>>
export type Role = keyof typeof roles

/** Who asks, as the transport proved it. */
export interface Principal {
  /** Shown in facts and logs: `local:root`, `token:ci`, `peer:ab12…`. */
  readonly name: string
  readonly via: string
  /** Over the network: the address that he comes from, with its port. */
  readonly peer?: string
  readonly role: Role
  /** Only these commands, whatever the role permits (`security.allowed_commands`). */
  readonly only?: readonly string[]
}

export const mayUse = (principal: Principal, permission: Permission): boolean =>
  (roles[principal.role] as readonly Permission[]).includes(permission)

/** Does a role permit nothing that the other does not? */
export const isWithin = (role: Role, other: Role): boolean =>
  roles[role].every((permission) => (roles[other] as readonly Permission[]).includes(permission))

/** By which way he came, for what is written down of what he does. */
export interface Origin {
  readonly via: string
  readonly peer?: string
}

export const originOf = ({ via, peer }: Principal): Origin => (peer === undefined ? { via } : { via, peer })
