/** The base, with what the other says instead where it says anything. Other keys of it are left out. */
export function overlay<Base extends object>(
  base: Base,
  own: { readonly [Key in keyof Base]?: Base[Key] | undefined } | undefined,
): Base {
  const result = { ...base }
  for (const key of Object.keys(base) as Array<keyof Base>) {
    const value = own?.[key]
    if (value !== undefined) result[key] = value
  }
  return result
}
