import { useEffect, useState } from 'preact/hooks'
import type { Inspector } from '../../model/inspector.ts'
import { commandField } from './command-form.ts'
import { type Failure, failureOf } from './failure.ts'
import type { Field } from './form-fields.ts'

export type Asked = { readonly field: Field | null; readonly failure: Failure | null }

/** What a command takes, once it is known. */
export function useField(inspector: Inspector, command: string, known: readonly string[] = []): Asked {
  const [asked, setAsked] = useState<Asked>({ field: null, failure: null })
  useEffect(() => {
    let over = false
    commandField(inspector, command, known).then(
      (field) => !over && setAsked({ field, failure: null }),
      (error: unknown) => !over && setAsked({ field: null, failure: failureOf(error) }),
    )
    return () => {
      over = true
    }
  }, [inspector, command])
  return asked
}
