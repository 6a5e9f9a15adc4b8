import { type Draft, draftOf, isDrafts, listOf, pairOf } from './form-draft.ts'
import type { Field, NamedField } from './form-fields.ts'
import { Labelled, type PartProps, under, words } from './form-label.tsx'
import './drive.css'

/** A form made from a schema. */

function Part(part: PartProps) {
  const { field, draft, required, onChange } = part
  const text = typeof draft === 'string' ? draft : ''
  switch (field.kind) {
    case 'constant':
      return null
    case 'yes-no':
      if (required || field.usual !== undefined) {
        return (
          <Labelled part={part} beside>
            {(marks) => (
              <input
                {...marks}
                type="checkbox"
                checked={draft === true}
                onChange={(event) => onChange(event.currentTarget.checked)}
              />
            )}
          </Labelled>
        )
      }
      return (
        <Labelled part={part}>
          {(marks) => (
            <select
              {...marks}
              class="control-input"
              value={typeof draft === 'boolean' ? String(draft) : ''}
              onChange={({ currentTarget: { value } }) => onChange(value === '' ? null : value === 'true')}
            >
              <option value="">not set</option>
              <option value="true">yes</option>
              <option value="false">no</option>
            </select>
          )}
        </Labelled>
      )
    case 'choice':
      return (
        <Labelled part={part}>
          {(marks) => (
            <select {...marks} class="control-input" value={text} onChange={(event) => onChange(event.currentTarget.value)}>
              {required ? null : <option value="">not set</option>}
              {field.options.map((option) => (
                <option key={JSON.stringify(option)} value={JSON.stringify(option)}>
                  {String(option)}
                </option>
              ))}
            </select>
          )}
        </Labelled>
      )
    case 'json':
      return (
        <Labelled part={part}>
          {(marks) => (
            <textarea
              {...marks}
              class="control-input"
              rows={3}
              spellcheck={false}
              value={text}
              onInput={(event) => onChange(event.currentTarget.value)}
            />
          )}
        </Labelled>
      )
    case 'number':
    case 'text':
      return (
        <Labelled part={part}>
          {(marks) => (
            <input
              {...marks}
              class="control-input"
              type="text"
              inputMode={field.kind === 'number' ? (field.whole ? 'numeric' : 'decimal') : 'text'}
              autocomplete="off"
              spellcheck={false}
              required={required && field.kind === 'number'}
              value={text}
              onInput={(event) => onChange(event.currentTarget.value)}
            />
          )}
        </Labelled>
      )
    case 'list':
    case 'map':
      return <ListPart {...part} field={field} />
    case 'object':
      return (
        <fieldset class="form-group">
          <legend>
            {words(part.label)}
            {required ? null : <span class="form-optional"> (optional)</span>}
          </legend>
          <Folded {...part} fields={field.fields} />
        </fieldset>
      )
  }
}

/** A list, or a map: a list of names with values. */
function ListPart({
  field,
  label,
  path,
  draft,
  errors,
  required,
  onChange,
}: PartProps & { readonly field: Extract<Field, { kind: 'list' | 'map' }> }) {
  const items = listOf(draft)
  const error = errors.get(path)
  const replace = (index: number, item: Draft): void => onChange(items.map((one, at) => (at === index ? item : one)))
  const remove = (index: number): void => onChange(items.filter((_, at) => at !== index))
  const fresh: Draft = field.kind === 'list' ? draftOf(field.item) : { name: '', value: draftOf(field.value) }
  const one = words(label).replace(/s$/, '')
  return (
    <fieldset class="form-group">
      <legend>
        {words(label)}
        {required ? null : <span class="form-optional"> (optional)</span>}
      </legend>
      {field.description === '' ? null : <p class="form-hint">{field.description}</p>}
      {items.map((item, index) => (
        <div class="form-item" key={index}>
          <div class="form-item-body">
            {field.kind === 'list' ? (
              <Part
                field={field.item}
                label={`${one} ${index + 1}`}
                path={under(path, index)}
                required
                draft={item}
                errors={errors}
                onChange={(changed) => replace(index, changed)}
              />
            ) : (
              <Pair
                field={field.value}
                index={index}
                one={one}
                path={path}
                draft={item}
                errors={errors}
                onChange={(changed) => replace(index, changed)}
              />
            )}
          </div>
          <button type="button" class="control-button" onClick={() => remove(index)} aria-label={`Remove ${one} ${index + 1}`}>
            Remove
          </button>
        </div>
      ))}
      <button
        type="button"
        class="control-button"
        disabled={field.kind === 'list' && field.most !== null && items.length >= field.most}
        onClick={() => onChange([...items, fresh])}
      >
        Add {one}
      </button>
      {error === undefined ? null : <p class="form-error">{error}</p>}
    </fieldset>
  )
}

function Pair({
  field,
  one,
  index,
  path,
  draft,
  errors,
  onChange,
}: Pick<PartProps, 'field' | 'path' | 'draft' | 'errors' | 'onChange'> & { readonly one: string; readonly index: number }) {
  const { name, value } = pairOf(draft)
  const nameField: Field = {
    kind: 'text',
    shortest: 1,
    longest: null,
    pattern: null,
    format: null,
    description: '',
    usual: undefined,
  }
  return (
    <div class="form-pair">
      <Part
        field={nameField}
        label={`${one} ${index + 1} name`}
        path={under(path, index)}
        required
        draft={name}
        errors={errors}
        onChange={(changed) => onChange({ name: changed, value })}
      />
      <Part
        field={field}
        label={`${one} ${index + 1} value`}
        path={under(path, name)}
        required
        draft={value}
        errors={errors}
        onChange={(changed) => onChange({ name, value: changed })}
      />
    </div>
  )
}

interface FieldsProps {
  readonly fields: readonly NamedField[]
  readonly path: string
  readonly draft: Draft
  readonly errors: ReadonlyMap<string, string>
  onChange(draft: Draft): void
}

/** The fields of an object, each below the other. */
export function Fields({ fields, path, draft, errors, onChange }: FieldsProps) {
  const drafts = isDrafts(draft) ? draft : {}
  return (
    <>
      {fields.map(({ name, field, required }) => (
        <Part
          key={name}
          field={field}
          label={name}
          path={under(path, name)}
          required={required}
          draft={drafts[name] ?? null}
          errors={errors}
          onChange={(changed) => onChange({ ...drafts, [name]: changed })}
        />
      ))}
    </>
  )
}

/** Many optional fields stand behind a fold, unless one of them is wrong. */
function Folded(props: FieldsProps) {
  const first = props.fields.filter(({ required, field }) => required || (field.kind === 'list' && field.item.kind === 'text'))
  const others = props.fields.filter((one) => !first.includes(one) && one.field.kind !== 'constant')
  if (first.length === 0 || others.length < 3) return <Fields {...props} />
  const isWrong = others.some(({ name }) => [...props.errors.keys()].some((path) => path.startsWith(under(props.path, name))))
  return (
    <>
      <Fields {...props} fields={first} />
      <details class="form-fold" open={isWrong}>
        <summary>
          {others.length} more: {others.map(({ name }) => words(name)).join(', ')}
        </summary>
        <Fields {...props} fields={others} />
      </details>
    </>
  )
}

/** Errors that stand at no field of this form, to be shown above it. */
export function placeOf(field: Field, path: string): string | null {
  if (field.kind !== 'object') return path === '' ? null : path
  const [first = '', ...rest] = path.split('.')
  const found = field.fields.find(({ name }) => name === first)
  if (found === undefined || found.field.kind === 'constant') return null
  if (rest.length === 0 || found.field.kind !== 'object') return path
  const inner = placeOf(found.field, rest.join('.'))
  return inner === null ? first : `${first}.${inner}`
}
