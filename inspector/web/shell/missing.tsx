import type { PageModel } from '../model/page-model.ts'

/** The address bar names somebody who is not there. */
export function Missing({
  model,
  name,
  near,
}: {
  readonly model: PageModel
  readonly name: string
  readonly near: string | null
}) {
  return (
    <div class="empty wide">
      <h2>There is no {name}</h2>
      <p>
        {near === null ? (
          'Nobody has a name like it.'
        ) : (
          <>
            Did you mean <a href={`#/${near}`}>{near}</a>?
          </>
        )}
      </p>
      <button type="button" onClick={() => model.select(null)}>
        To the overview
      </button>
    </div>
  )
}
