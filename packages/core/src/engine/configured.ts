import { VmunitError } from '../errors/index.ts'
import { nameSome } from '../internal/name-some.ts'

/**
 * What `createManager` was given under a name.
 *
 * @throws {@link VmunitError} `ERR_NOT_CONFIGURED`, with the names that it was given.
 */
export function configured<T>(known: ReadonlyMap<string, T>, what: string, name: string): T {
  const value = known.get(name)
  if (value !== undefined) return value
  throw new VmunitError(
    'ERR_NOT_CONFIGURED',
    `No ${what} "${name}" was passed to createManager. It was given ${known.size === 0 ? 'none' : nameSome([...known.keys()])}.`,
    {
      details: { [what]: name, known: [...known.keys()] },
    },
  )
}
