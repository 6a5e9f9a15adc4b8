import { useSignal } from '@preact/signals'
import type { PageModel } from '../model/page-model.ts'

/** Asks for a token. It is kept for this tab alone. */
export function Login({ model, why }: { readonly model: PageModel; readonly why: string | null }) {
  const token = useSignal('')
  return (
    <main class="login" id="main">
      <form
        onSubmit={(event: SubmitEvent) => {
          event.preventDefault()
          if (token.value.trim() !== '') model.login(token.value.trim())
        }}
      >
        <h2>Sign in</h2>
        <p>
          {location.host} wants to know who you are. Give one of the tokens of its config (<code>security.authentication</code>),
          or open the link that <code>hyphae inspect</code> prints.
        </p>
        {why === null ? null : (
          <p class="refused" role="alert">
            {why}
          </p>
        )}
        <label>
          Token
          <input
            type="password"
            name="token"
            autocomplete="off"
            spellcheck={false}
            autofocus
            value={token.value}
            onInput={({ currentTarget }) => (token.value = currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Sign in
        </button>
        <p class="dim">It is kept while this tab is open, and nowhere else. A recording can be opened without signing in.</p>
      </form>
    </main>
  )
}
