/** What the keeper of the logs tells its statechart. */
export type RotationFact =
  /** What an earlier run left half done is done, or undone. */
  | { readonly type: 'rotation.opened' }
  | { readonly type: 'rotation.began'; readonly service: string }
  /** `archives`: how many were made; `blocked`: why other logs are not rotated now, null: there is none. */
  | { readonly type: 'rotation.ended'; readonly service: string; readonly archives: number; readonly blocked: string | null }
  | { readonly type: 'rotation.failed'; readonly service: string; readonly blocked: string }
