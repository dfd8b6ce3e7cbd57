/** Names for a message: the first few, and how many more there are. */
export function nameSome(names: readonly (string | number)[], most = 8): string {
  const named = names.slice(0, most).join(', ')
  return names.length > most ? `${named} and ${names.length - most} more` : named
}
