import type { PageModel } from '../model/page-model.ts'

/** What the page has to say. */
export function Messages({ model }: { readonly model: PageModel }) {
  return (
    <div class="messages" role="log" aria-live="polite" aria-label="Messages">
      {model.messages.value.map(({ id, text, kind }) => (
        <p key={id} class={`message message-${kind}`}>
          {text}
        </p>
      ))}
    </div>
  )
}
