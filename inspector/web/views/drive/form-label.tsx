import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import type { Draft } from './form-draft.ts'
import type { Field } from './form-fields.ts'

/** A field of a form with its label, what is said of it, and what is wrong with it. */

export interface PartProps {
  readonly field: Field
  readonly label: string
  readonly path: string
  readonly required: boolean
  readonly draft: Draft
  /** By path. */
  readonly errors: ReadonlyMap<string, string>
  onChange(draft: Draft): void
}

export const under = (path: string, name: string | number): string => (path === '' ? String(name) : `${path}.${name}`)
export const words = (name: string): string => name.replaceAll('_', ' ')

function hintOf(field: Field): string {
  const parts = [field.description]
  if (field.kind === 'number') {
    const { least, most } = field
    if (least !== null && most !== null) parts.push(`${least} to ${most}`)
    else if (least !== null) parts.push(`at least ${least}`)
    else if (most !== null) parts.push(`at most ${most}`)
  }
  if (field.kind === 'text' && field.format !== null) parts.push(field.format)
  if (field.kind === 'json') parts.push('JSON')
  return parts.filter((part) => part !== '').join('; ')
}

interface Marks {
  readonly id: string
  readonly 'aria-invalid': boolean
  readonly 'aria-describedby': string | undefined
}

interface LabelledProps {
  readonly part: PartProps
  /** Beside its label, in place of below it. */
  readonly beside?: boolean
  readonly children: (marks: Marks) => ComponentChildren
}

export function Labelled({ part, beside = false, children }: LabelledProps) {
  const id = useId()
  const error = part.errors.get(part.path)
  const hint = hintOf(part.field)
  const about = [hint === '' ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`].filter((one) => one !== '').join(' ')
  const control = children({ id, 'aria-invalid': error !== undefined, 'aria-describedby': about === '' ? undefined : about })
  return (
    <div class="form-field">
      {beside ? (
        <span class="form-check">
          {control}
          <label for={id}>{words(part.label)}</label>
        </span>
      ) : (
        <>
          <label for={id}>
            {words(part.label)}
            {part.required ? null : <span class="form-optional"> (optional)</span>}
          </label>
          {control}
        </>
      )}
      {hint === '' ? null : (
        <p class="form-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error === undefined ? null : (
        <p class="form-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  )
}
