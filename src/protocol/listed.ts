/** So many names at most, as one reads them: "a, b, c, …". */
export const listed = (names: readonly string[], most: number): string =>
  names.length > most ? `${names.slice(0, most).join(', ')}, …` : names.join(', ')
