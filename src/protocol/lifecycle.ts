/** The three phases that every actor has, whatever its kind. Each state of each machine carries exactly one as a tag. */
export const phases = ['handshake', 'active', 'reaped'] as const

/** handshake: wanted, not confirmed · active: a live resource, also while it ends · reaped: none, and none wanted. */
export type Phase = (typeof phases)[number]
