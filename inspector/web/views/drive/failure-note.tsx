import type { Failure } from './failure.ts'

/** What was refused, and what to do about it. */
export function FailureNote({ failure }: { readonly failure: Failure }) {
  return (
    <div class="failure-note" role="alert">
      <p>{failure.message}</p>
      {failure.next === null ? null : <p>{failure.next}</p>}
    </div>
  )
}
