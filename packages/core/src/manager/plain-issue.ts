const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a string',
  tuple: 'a list',
}

const WORDINGS: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [/^Invalid input: expected .+, received undefined$/, () => 'is missing'],
  [
    /^Invalid input: expected (\w+), received (\w+)$/,
    (_, wanted, given) => `must be ${kind(wanted)}, not ${kind(given)}`,
  ],
  [/^Invalid input: expected (".*")$/, (_, wanted = '') => `must be ${wanted}`],
  [/^Invalid option: expected one of (.*)$/, (_, values = '') => `must be one of ${values.replaceAll('"|"', '", "')}`],
  [/^Unrecognized keys?: (.*)$/, (_, keys = '') => `knows no field ${keys}`],
  [
    /^Too small: expected \w+ to have >=(\d+) (\w+?)s?$/,
    (_, least, part) => `must have at least ${count(least, part)}`,
  ],
  [/^Too big: expected \w+ to have <=(\d+) (\w+?)s?$/, (_, most, part) => `must have at most ${count(most, part)}`],
  [/^Too small: expected \w+ to be >=(\S+)$/, (_, least = '') => `must be ${least} or more`],
  [/^Too big: expected \w+ to be <=(\S+)$/, (_, most = '') => `must be ${most} or less`],
  [/^Invalid IPv4 address$/, () => 'must be an IPv4 address'],
]

/** What the library that parses says about a value, in words of those who wrote the value; messages of our own stay. */
export function plainIssue(message: string): string {
  for (const [pattern, wording] of WORDINGS) {
    const match = pattern.exec(message)
    if (match !== null) return wording(...match)
  }
  return message
}

function kind(name = ''): string {
  return KINDS[name] ?? name
}

function count(number = '', part = ''): string {
  return `${number} ${part}${number === '1' ? '' : 's'}`
}
